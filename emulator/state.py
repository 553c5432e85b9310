"""Who and what the emulator knows: users, conversations, templates, QR codes, the account's menu."""

import base64
import hashlib
from collections import deque
from dataclasses import dataclass, field
from typing import Literal

from emulator.quotas import Allowance
from emulator.shapes import Json, JsonValue

CONVERSATION_LENGTH = 500

Side = Literal["user", "account", "system"]


def openid_for(appid: str, name: str) -> str:
    """The openid of a name under an account: the same after every restart, as a bot's database expects."""
    digest = hashlib.sha256(f"{appid}\n{name}".encode()).digest()
    return "o" + base64.urlsafe_b64encode(digest).decode()[:27]


@dataclass(frozen=True)
class Message:
    """One line of a conversation as the telephone shows it.

    `kind` says how to show it (`text`, `news`, `template`, …), `source` how it came (`passive`, `custom`,
    `template`, `subscription`, `user`, `system`), `reply_to` the message it answers, when it answers one.
    """

    id: int
    at: float
    openid: str
    side: Side
    kind: str
    source: str
    body: Json
    reply_to: int | None = None

    def as_json(self) -> Json:
        """The message as the control interface and the page read it."""
        return {
            "id": self.id,
            "at": self.at,
            "openid": self.openid,
            "side": self.side,
            "kind": self.kind,
            "source": self.source,
            "body": self.body,
            "reply_to": self.reply_to,
        }


@dataclass
class User:
    """One person with a telephone.

    `refuses`: has switched off messages from the account (拒收); `failing`: template messages to this user
    end as `failed: system failed`; `blacklisted`: the account has banned the user; `consents`: how many
    subscription notices are left, by template id.
    """

    openid: str
    name: str
    followed: bool = False
    refuses: bool = False
    failing: bool = False
    blacklisted: bool = False
    subscribed_at: int = 0
    scene: str = ""
    consents: dict[str, int] = field(default_factory=dict)
    allowance: Allowance = field(default_factory=Allowance)
    messages: deque[Message] = field(default_factory=lambda: deque(maxlen=CONVERSATION_LENGTH))

    def as_json(self) -> Json:
        """The user without the conversation."""
        consents: dict[str, JsonValue] = dict(self.consents)
        return {
            "openid": self.openid,
            "name": self.name,
            "followed": self.followed,
            "refuses": self.refuses,
            "failing": self.failing,
            "blacklisted": self.blacklisted,
            "subscribed_at": self.subscribed_at,
            "scene": self.scene,
            "consents": consents,
        }


@dataclass(frozen=True)
class Template:
    """A template that the account may send: its keys, their labels, and the values of enumerated keys."""

    id: str
    title: str
    fields: dict[str, str]
    options: dict[str, list[str]]

    def as_json(self) -> Json:
        """The template as the control interface shows it."""
        options: dict[str, JsonValue] = {key: list(values) for key, values in self.options.items()}
        return {"id": self.id, "title": self.title, "fields": dict(self.fields), "options": options}

    @property
    def content(self) -> str:
        """The template in the platform's own notation."""
        return "\n".join(f"{label}：{{{{{key}.DATA}}}}" for key, label in self.fields.items())


@dataclass(frozen=True)
class QrCode:
    """A QR code of the account. `expires_at` is None for permanent ones."""

    ticket: str
    url: str
    scene: str
    expires_at: float | None

    def as_json(self) -> Json:
        """The code as the control interface shows it."""
        return {"ticket": self.ticket, "url": self.url, "scene": self.scene, "expires_at": self.expires_at}
