"""The official worked examples, and agreement with wechatpy both ways."""

import base64
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from hypothesis import given
from hypothesis import strategies as st
from wechatpy.crypto import PrpCrypto

from bot.wechat import BadDelivery, Codec
from bot.wechat.crypto import AesKey, NotDecrypted, is_signature, signature

TOKEN = "AAAAA"
AES_KEY = "A" * 43
APPID = "wxba5fad812f8e6fb9"
RAW_KEY = base64.b64decode(AES_KEY + "=")
KEY = AesKey(AES_KEY, APPID)
EXAMPLE = "ELGduP2YcVatjqIS+eZbp80MNLoAUWvzzyJxgGzxZO/5sAvd070Bs6qrLARC9nVHm48Y4hyRbtzve1L32tmxSQ=="


def test_the_official_verification_is_answered_with_its_echo() -> None:
    codec = Codec(appid=APPID, token=TOKEN, aes_keys=[AES_KEY], mode="secure")
    query = {
        "signature": "f464b24fc39322e44b38aa78f5edd27bd1441696",
        "echostr": "4375120948345356249",
        "timestamp": "1714036504",
        "nonce": "1514711492",
    }
    assert codec.echo(query, now=datetime.fromtimestamp(1714036504, UTC)) == "4375120948345356249"


def test_the_official_plain_delivery_is_signed_right() -> None:
    claimed = "899cf89e464efb63f54ddac96b0a0a235f53aa78"
    assert is_signature(claimed, TOKEN, "1714037059", "486452656")
    assert not is_signature(claimed, TOKEN, "1714037060", "486452656")


def test_the_official_encrypted_reply_comes_out_byte_by_byte() -> None:
    assert KEY.encrypt(b'{"demo_resp":"good luck"}', b"707722b803182950") == EXAMPLE
    signed = signature(TOKEN, "1713424427", "415670741", EXAMPLE)
    assert signed == "1b9339964ed2e271e7c7b6ff2b0ef902fc94dea1"


def test_the_official_encrypted_reply_is_decrypted() -> None:
    assert KEY.decrypt(EXAMPLE) == b'{"demo_resp":"good luck"}'


@given(st.text(st.characters(codec="utf-8"), max_size=300))
def test_wechatpy_decrypts_what_we_encrypt(text: str) -> None:
    assert PrpCrypto(RAW_KEY).decrypt(KEY.encrypt(text.encode()), APPID) == text


@given(st.text(st.characters(codec="utf-8"), max_size=300))
def test_we_decrypt_what_wechatpy_encrypts(text: str) -> None:
    assert KEY.decrypt(PrpCrypto(RAW_KEY).encrypt(text, APPID).decode()) == text.encode()


@given(st.binary(max_size=200))
def test_noise_is_refused_and_nothing_else_raised(noise: bytes) -> None:
    with pytest.raises(NotDecrypted):
        KEY.decrypt(base64.b64encode(noise).decode())


@pytest.mark.parametrize("text", ["", "not base64!", "A", "AAAA", "é", "\ud800"])
def test_what_is_no_cipher_text_is_refused(text: str) -> None:
    with pytest.raises(NotDecrypted):
        KEY.decrypt(text)


def test_a_message_for_another_appid_is_refused() -> None:
    with pytest.raises(NotDecrypted, match="another appid"):
        KEY.decrypt(AesKey(AES_KEY, "wx0000000000000000").encrypt(b"<xml/>"))


def test_another_key_is_refused() -> None:
    with pytest.raises(NotDecrypted):
        KEY.decrypt(AesKey("B" * 43, APPID).encrypt(b"<xml/>"))


@pytest.mark.parametrize("ending", [b"\x00", b"\x21" * 33, b"\x01\x02", b"\x20" * 31])
def test_wrong_padding_is_refused(ending: bytes) -> None:
    message = b"hello"
    plain = b"r" * 16 + len(message).to_bytes(4, "big") + message + APPID.encode()
    plain += b"\x05" * (-(len(plain) + len(ending)) % 32) + ending
    encryptor = Cipher(AES(RAW_KEY), CBC(RAW_KEY[:16])).encryptor()
    with pytest.raises(NotDecrypted):
        KEY.decrypt(base64.b64encode(encryptor.update(plain) + encryptor.finalize()).decode())


@pytest.mark.parametrize("key", ["", "A" * 42, "A" * 44, "!" * 43, "密" * 43])
def test_what_is_no_aes_key_is_refused_at_the_start(key: str) -> None:
    with pytest.raises(ValueError, match="43"):
        AesKey(key, APPID)


def test_a_mode_with_encryption_needs_a_key() -> None:
    for mode in ("secure", "compatible"):
        with pytest.raises(ValueError, match=mode):
            Codec(appid=APPID, token=TOKEN, aes_keys=[], mode=mode)


def test_a_verification_without_echo_is_refused() -> None:
    codec = Codec(appid=APPID, token=TOKEN, aes_keys=[AES_KEY], mode="secure")
    query = {"timestamp": "1714036504", "nonce": "1", "signature": signature(TOKEN, "1714036504", "1")}
    with pytest.raises(BadDelivery, match="echostr"):
        codec.echo(query, now=datetime.fromtimestamp(1714036504, UTC))
