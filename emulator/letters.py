"""One request to the webhook: address, signatures and body, in the mode of the account."""

import secrets
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from emulator import codec
from emulator.markup import Fields, render
from emulator.world import World


@dataclass(frozen=True)
class Letter:
    """A request ready to post; `plain` is for the log."""

    url: str
    body: str
    plain: str


def sealed_letter(world: World, fields: Fields, openid: str) -> Letter:
    """Write and sign a message: every delivery has its own time, nonce and encryption."""
    wiring = world.wiring
    stamp, number = str(int(world.clock.now())), codec.nonce()
    query = {
        "signature": codec.signature(wiring.token, stamp, number),
        "timestamp": stamp,
        "nonce": number,
        "openid": openid,
    }
    plain = render(fields)
    body = plain
    if wiring.mode != "plain":
        cipher = world.codec
        encrypted = cipher.encrypt(plain)
        query |= {"encrypt_type": "aes", "msg_signature": cipher.message_signature(stamp, number, encrypted)}
        envelope: Fields = {"ToUserName": world.config.account_id, "Encrypt": encrypted}
        body = render(envelope if wiring.mode == "secure" else fields | {"Encrypt": encrypted})
    return Letter(_with_query(wiring.webhook_url, query), body, plain)


def forged(letter: Letter) -> Letter:
    """The same request as somebody without the token would send it."""
    parts = urlsplit(letter.url)
    query = dict(parse_qsl(parts.query))
    query |= {name: secrets.token_hex(20) for name in ("signature", "msg_signature") if name in query}
    return replace(letter, url=urlunsplit(parts._replace(query=urlencode(query))))


def verification(world: World) -> tuple[str, str]:
    """The address of a verification request and the echostr it expects back."""
    stamp, number, echo = str(int(world.clock.now())), codec.nonce(), str(world.next_number())
    query = {
        "signature": codec.signature(world.wiring.token, stamp, number),
        "echostr": echo,
        "timestamp": stamp,
        "nonce": number,
    }
    return _with_query(world.wiring.webhook_url, query), echo


def _with_query(url: str, query: dict[str, str]) -> str:
    parts = urlsplit(url)
    joined = parts.query + "&" if parts.query else ""
    return urlunsplit(parts._replace(query=joined + urlencode(query), fragment=""))
