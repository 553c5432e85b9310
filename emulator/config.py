"""What an emulator is started with; wrong values raise ValueError naming the option and a remedy."""

import hashlib
import ipaddress
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args
from urllib.parse import urlsplit

from emulator import texts
from emulator.codec import KEY_CHARACTERS

Mode = Literal["secure", "compatible", "plain"]
DEFAULT_APPID = "wx0e6d756c61746f72"
DEFAULT_PORT = 8081
MAX_PORT = 65535


@dataclass(frozen=True, kw_only=True)
class TemplateSpec:
    """A template of the account: `fields` maps its keys (`thing1`) to their labels on the card.

    `options` lists the values that an enumerated field (`const1`) may take.
    """

    id: str
    title: str
    fields: Mapping[str, str]
    options: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class EmulatorConfig:
    """Settings of one emulated account and of the server that plays WeChat.

    `answer_seconds` is how long WeChat waits for an answer, `attempts` how often it delivers one message,
    `event_seconds` how long after an API call its result follows as an event.
    Missing credentials are made up: the appid is always the same, so that openids outlive a restart.
    """

    webhook_url: str
    token: str
    aes_key: str = ""
    mode: Mode = "secure"
    appid: str = ""
    secret: str = ""
    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    account_name: str = texts.DEFAULT_ACCOUNT_NAME
    users: Sequence[str] = texts.DEFAULT_USERS
    templates: Sequence[TemplateSpec] = ()
    answer_seconds: float = 5.0
    event_seconds: float = 0.2
    attempts: int = 3

    def __post_init__(self) -> None:
        """Fill in what was not given, then check everything."""
        object.__setattr__(self, "appid", self.appid or DEFAULT_APPID)
        object.__setattr__(self, "secret", self.secret or secrets.token_hex(16))
        check_webhook(self.webhook_url)
        check_keys(self.token, self.aes_key, self.mode)
        check_host(self.host)
        if not 0 <= self.port <= MAX_PORT:
            raise ValueError(f"port {self.port} is no TCP port: use 0 (any free one) to {MAX_PORT}")
        if not re.fullmatch(r"wx[0-9a-zA-Z]{16}", self.appid):
            raise ValueError(f"appid {self.appid!r} must be wx and 16 letters or digits, for example {DEFAULT_APPID}")
        if self.answer_seconds <= 0 or self.attempts < 1:
            raise ValueError("answer_seconds must be positive and attempts at least 1")

    @property
    def account_id(self) -> str:
        """The account's original id (`gh_…`), the ToUserName of every delivery."""
        return "gh_" + hashlib.sha256(self.appid.encode()).hexdigest()[:12]


def check_webhook(url: str) -> None:
    """Raise ValueError unless the address can be posted to."""
    try:
        parts = urlsplit(url)
        complete = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        complete = False
    if not complete:
        raise ValueError(f"webhook {url!r} is no web address: use for example http://127.0.0.1:8080/wechat")


def check_keys(token: str, aes_key: str, mode: str) -> None:
    """Raise ValueError unless token and key are what WeChat's console would accept for that mode."""
    if mode not in get_args(Mode):
        raise ValueError(f"mode {mode!r} is unknown: use secure, compatible or plain")
    if not re.fullmatch(r"[0-9A-Za-z]{3,32}", token):
        raise ValueError("token must be 3 to 32 letters or digits, as in WeChat's console")
    if mode == "plain" and not aes_key:
        return
    if not re.fullmatch(rf"[0-9A-Za-z]{{{KEY_CHARACTERS}}}", aes_key):
        raise ValueError(
            f"aes_key must be {KEY_CHARACTERS} letters or digits (it has {len(aes_key)}); "
            "mode plain is the one that needs none"
        )


def check_host(host: str) -> None:
    """Raise ValueError for any address that other machines could reach."""
    if is_loopback(host):
        return
    raise ValueError(
        f"host {host!r} could be reached from other machines; the emulator has no passwords "
        "and binds to loopback only: use 127.0.0.1, ::1 or localhost"
    )


def is_loopback(host: str) -> bool:
    """Whether a host name or address means this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
