"""Everything one emulator holds in memory, and the few changes that all its parts make to it."""

import itertools
import time
from collections.abc import Iterable
from dataclasses import dataclass

from emulator.choices import Part, choices_of, parts_of, stripped
from emulator.clock import Clock
from emulator.codec import Codec
from emulator.config import EmulatorConfig, Mode, TemplateSpec, check_keys, check_webhook
from emulator.faults import Faults
from emulator.feed import Feed
from emulator.journal import Journal
from emulator.quotas import DailyQuotas
from emulator.shapes import Json, JsonValue
from emulator.state import Message, QrCode, Side, Template, User, openid_for
from emulator.tokens import Tokens

MOST_USERS = 50_000
MOST_QRCODES = 1000


class UnknownUser(LookupError):
    """Raised when neither a name nor an openid matches."""


@dataclass(frozen=True)
class Wiring:
    """How the emulator reaches the bot; may change while it runs, as an account's settings do."""

    webhook_url: str
    token: str
    aes_key: str
    mode: Mode

    def check(self) -> None:
        """Raise ValueError when the values do not fit together."""
        check_webhook(self.webhook_url)
        check_keys(self.token, self.aes_key, self.mode)


class World:
    """The emulated platform with one account and its users."""

    def __init__(self, config: EmulatorConfig) -> None:
        """Start with the configured users (not following yet) and templates."""
        self.config = config
        self.wiring = Wiring(config.webhook_url, config.token, config.aes_key, config.mode)
        self.clock = Clock()
        self.feed = Feed()
        self.faults = Faults()
        self.tokens = Tokens()
        self.quotas = DailyQuotas(self.clock)
        self.deliveries = Journal("delivery", self.feed)
        self.calls = Journal("call", self.feed)
        self.users: dict[str, User] = {}
        self._openids: dict[str, str] = {}
        self.templates: dict[str, Template] = {}
        self.qrcodes: dict[str, QrCode] = {}
        self.menu: Json | None = None
        self.verified: bool | None = None
        self.base_url = ""
        self._message_numbers = itertools.count(1)
        # Above 2**53 as the platform's, so that clients that read them as floating point show it.
        self._wechat_numbers = itertools.count(int(time.time() * 1000) << 20)
        for name in config.users:
            self.create_user(name)
        for spec in config.templates:
            self.register_template(spec)

    @property
    def codec(self) -> Codec:
        """The codec for the current wiring; raise ValueError in plain mode without a key."""
        return Codec(token=self.wiring.token, aes_key=self.wiring.aes_key, appid=self.config.appid)

    def next_number(self) -> int:
        """A message number as WeChat gives them: 64 bits, never twice, larger after a restart."""
        return next(self._wechat_numbers)

    def create_user(self, name: str, openid: str = "") -> User:
        """The user of that name, made when there is none yet; raise ValueError at the limit."""
        wanted = openid or openid_for(self.config.appid, name)
        known = self.users.get(wanted)
        if known is not None:
            return known
        if len(self.users) >= MOST_USERS:
            raise ValueError(f"the emulator holds at most {MOST_USERS} users")
        user = self.users[wanted] = User(wanted, name)
        self._openids.setdefault(name, wanted)
        self.feed.publish("users", user.as_json())
        return user

    def user(self, name_or_openid: str) -> User:
        """A user by openid or by name; raise UnknownUser."""
        found = self.users.get(self._openids.get(name_or_openid, name_or_openid))
        if found is None:
            raise UnknownUser(f"no user {name_or_openid!r}; create one with POST /emulator/users")
        return found

    def register_template(self, spec: TemplateSpec) -> Template:
        """Add or replace a template."""
        options = {key: list(values) for key, values in spec.options.items()}
        template = self.templates[spec.id] = Template(spec.id, spec.title, dict(spec.fields), options)
        self.account_changed()
        return template

    def add_qrcode(self, code: QrCode) -> None:
        """Keep a QR code, forgetting the oldest when there are too many."""
        self.qrcodes[code.ticket] = code
        while len(self.qrcodes) > MOST_QRCODES:
            del self.qrcodes[next(iter(self.qrcodes))]
        self.account_changed()

    def add_message(
        self, user: User, side: Side, kind: str, source: str, body: Json, *, reply_to: int | None = None
    ) -> Message:
        """Put a line into a conversation and show it everywhere."""
        number = next(self._message_numbers)
        message = Message(number, self.clock.now(), user.openid, side, kind, source, body, reply_to)
        user.messages.append(message)
        self.feed.publish("message", message.as_json())
        return message

    def add_notice(self, user: User, line: str, *, reply_to: int | None = None) -> Message:
        """Put a grey line of the platform itself into a conversation."""
        return self.add_message(user, "system", "notice", "system", text_body(line), reply_to=reply_to)

    def user_changed(self, user: User) -> None:
        """Tell the watchers of a user's new state."""
        self.feed.publish("users", user.as_json())

    def account_changed(self) -> None:
        """Tell the watchers of the account's new menu, templates, codes or wiring."""
        self.feed.publish("account", self.account())

    def faults_changed(self) -> None:
        """Tell the watchers which faults are on order."""
        self.feed.publish("faults", {"faults": listed(fault.as_json() for fault in self.faults)})

    def account(self) -> Json:
        """The account as the page shows it: no secret, no key."""
        return {
            "name": self.config.account_name,
            "appid": self.config.appid,
            "account_id": self.config.account_id,
            "webhook_url": self.wiring.webhook_url,
            "mode": self.wiring.mode,
            "verified": self.verified,
            "clock_shift": self.clock.shift,
            "menu": self.menu,
            "templates": listed(template.as_json() for template in self.templates.values()),
            "qrcodes": listed(code.as_json() for code in self.qrcodes.values()),
        }

    def forget_traffic(self) -> None:
        """Empty conversations, logs and faults; users, menu, templates and tokens stay."""
        for user in self.users.values():
            user.messages.clear()
        self.deliveries.clear()
        self.calls.clear()
        self.faults.clear()
        self.quotas.clear()
        self.feed.publish("cleared", {})


def listed(items: Iterable[Json]) -> list[JsonValue]:
    """Records as one JSON list."""
    return list(items)


def text_body(raw: str) -> Json:
    """The body of a text line: as it came, as a person reads it, its parts, and the choices in it."""
    return parted_body(raw, parts_of(raw))


def parted_body(raw: str, parts: list[Part]) -> Json:
    """The body of a text line whose parts are known."""
    return {
        "content": raw,
        "text": stripped(parts),
        "parts": listed(part.as_json() for part in parts),
        "choices": listed(choice.as_json() for choice in choices_of(parts)),
    }
