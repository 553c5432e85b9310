"""A peer: wechatpy on Flask, as its documentation begins. Echoes a text in secure mode and keeps nothing."""

from flask import Flask, request
from wechatpy import create_reply, parse_message
from wechatpy.crypto import WeChatCrypto

from bench.deliveries import AES_KEY, APPID, TOKEN

app = Flask(__name__)
crypto = WeChatCrypto(TOKEN, AES_KEY, APPID)


@app.post("/wechat")
def wechat() -> str:
    """Verify, decrypt, echo, encrypt."""
    asked = request.args
    body = crypto.decrypt_message(request.data, asked["msg_signature"], asked["timestamp"], asked["nonce"])
    message = parse_message(body)
    echoed = create_reply(message.content, message).render()
    encrypted: str = crypto.encrypt_message(echoed, asked["nonce"], asked["timestamp"])
    return encrypted
