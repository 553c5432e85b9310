"""What a person does with the telephone, turned into messages and events for the bot."""

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from emulator import texts
from emulator.deliveries import Envelope
from emulator.markup import Fields
from emulator.shapes import Json, records, text
from emulator.state import Message, QrCode, User
from emulator.world import World

Consent = Literal["accept", "reject"]
_POPUP_SCENE = 2


class NotPossible(Exception):
    """Raised when a person could not do this on a telephone now; the message says why."""


@dataclass(frozen=True)
class Location:
    """A place that a user sends; degrees north and east."""

    latitude: float
    longitude: float
    label: str
    scale: int = 16


class Actions:
    """The actions of users. Each returns the envelope to deliver."""

    def __init__(self, world: World) -> None:
        """Act in a world."""
        self._world = world

    def say(self, user: User, content: str, *, choice: str | None = None) -> Envelope:
        """Send a text; `choice` is the id of a tapped choice (`bizmsgmenuid`), which may be empty."""
        fields: Fields = {"Content": content}
        if choice is not None:
            fields["bizmsgmenuid"] = choice
        return self._message(user, "text", {"content": content, "text": content, "choice": choice}, fields)

    def voice(self, user: User, recognition: str | None) -> Envelope:
        """Send a voice message; `recognition` is what the recogniser heard, None when it is switched off."""
        fields: Fields = {"MediaId": media_id(), "Format": "amr"}
        if recognition is not None:
            fields["Recognition"] = recognition
        return self._message(user, "voice", {"recognition": recognition}, fields)

    def image(self, user: User, url: str) -> Envelope:
        """Send a picture that lies at a URL."""
        return self._message(user, "image", {"url": url}, {"PicUrl": url, "MediaId": media_id()})

    def video(self, user: User) -> Envelope:
        """Send a short film."""
        return self._message(user, "video", {}, {"MediaId": media_id(), "ThumbMediaId": media_id()})

    def link(self, user: User, title: str, description: str, url: str) -> Envelope:
        """Share a page."""
        body: Json = {"title": title, "description": description, "url": url}
        return self._message(user, "link", body, {"Title": title, "Description": description, "Url": url})

    def location(self, user: User, place: Location) -> Envelope:
        """Send a place."""
        body: Json = {"latitude": place.latitude, "longitude": place.longitude, "label": place.label}
        fields: Fields = {
            "Location_X": f"{place.latitude:.6f}",
            "Location_Y": f"{place.longitude:.6f}",
            "Scale": place.scale,
            "Label": place.label,
        }
        return self._message(user, "location", body, fields)

    def report_location(self, user: User, place: Location) -> Envelope:
        """Let the telephone report where it is, as it does when a conversation is opened."""
        _require_follower(user)
        fields: Fields = {
            "Latitude": f"{place.latitude:.6f}",
            "Longitude": f"{place.longitude:.6f}",
            "Precision": "65.000000",
        }
        return self.event(user, "LOCATION", fields, visible=False)

    def follow(self, user: User, code: QrCode | None = None) -> Envelope:
        """Follow the account, by a QR code with a scene or without."""
        if user.followed:
            raise NotPossible(f"{user.name} follows the account already")
        user.followed, user.subscribed_at = True, int(self._world.clock.now())
        user.scene = code.scene if code else ""
        user.allowance.action(now=self._world.clock.now())
        self._world.user_changed(user)
        line = self._world.add_notice(user, texts.FOLLOWED)
        if code is None:
            return self.event(user, "subscribe", {"EventKey": ""}, line)
        return self.event(user, "subscribe", {"EventKey": f"qrscene_{code.scene}", "Ticket": code.ticket}, line)

    def unfollow(self, user: User) -> Envelope:
        """Leave the account: consents and allowances end with it."""
        _require_follower(user)
        user.followed, user.refuses, user.scene = False, False, ""
        user.consents.clear()
        user.allowance.end()
        self._world.user_changed(user)
        line = self._world.add_notice(user, texts.UNFOLLOWED)
        return self.event(user, "unsubscribe", {"EventKey": ""}, line, visible=False)

    def scan(self, user: User, ticket: str) -> Envelope:
        """Scan one of the account's QR codes: a follower's scan, or a subscription by it."""
        code = self._world.qrcodes.get(ticket)
        if code is None:
            raise NotPossible("no QR code has this ticket")
        if code.expires_at is not None and code.expires_at <= self._world.clock.now():
            raise NotPossible("this QR code has expired")
        if not user.followed:
            return self.follow(user, code)
        user.allowance.action(now=self._world.clock.now())
        line = self._world.add_notice(user, texts.SCANNED)
        return self.event(user, "SCAN", {"EventKey": code.scene, "Ticket": code.ticket}, line)

    def click(self, user: User, button: str, *, scanned: str = "") -> Envelope:
        """Tap a button of the account's menu, named by its key or its words."""
        _require_follower(user)
        found = next((item for item in leaves(self._world.menu) if button in _names(item)), None)
        if found is None:
            raise NotPossible(f"the account's menu has no button {button!r}")
        event, fields = _menu_event(found, scanned)
        if event != "VIEW":
            user.allowance.action(now=self._world.clock.now())
        line = self._world.add_notice(user, f"{texts.CLICKED}「{text(found, 'name')}」")
        return self.event(user, event, fields, line, visible=event not in {"VIEW", "view_miniprogram"})

    def consent(self, user: User, answers: Mapping[str, Consent]) -> Envelope:
        """Answer the question whether notices may be sent; each acceptance is worth one notice."""
        _require_follower(user)
        unknown = [template for template in answers if template not in self._world.templates]
        if unknown or not answers:
            raise NotPossible(f"no template {', '.join(unknown)}" if unknown else "no template is named")
        items: list[Fields] = []
        for template, answer in answers.items():
            if answer == "accept":
                user.consents[template] = user.consents.get(template, 0) + 1
            item: Fields = {
                "TemplateId": template,
                "SubscribeStatusString": answer,
                "PopupScene": _POPUP_SCENE,
            }
            items.append(item)
        self._world.user_changed(user)
        accepted = any(answer == "accept" for answer in answers.values())
        line = self._world.add_notice(user, texts.CONSENT_ACCEPTED if accepted else texts.CONSENT_REJECTED)
        return self.event(
            user,
            "subscribe_msg_popup_event",
            {"SubscribeMsgPopupEvent": {"List": items}},
            line,
            visible=False,
        )

    def refuse(self, user: User, *, refuses: bool) -> None:
        """Switch messages from the account off or on; WeChat tells nobody."""
        if user.refuses != refuses:
            user.refuses = refuses
            self._world.add_notice(user, texts.REFUSES if refuses else texts.ACCEPTS)
            self._world.user_changed(user)

    def _message(self, user: User, kind: str, body: Json, fields: Fields) -> Envelope:
        _require_follower(user)
        if user.blacklisted:
            raise NotPossible(f"{user.name} has been banned by the account")
        user.allowance.message(now=self._world.clock.now())
        line = self._world.add_message(user, "user", kind, "user", body)
        head = self._head(user, kind)
        return Envelope(user.openid, head | fields | {"MsgId": self._world.next_number()}, line.id)

    def event(
        self, user: User, event: str, fields: Fields, line: Message | None = None, *, visible: bool = True
    ) -> Envelope:
        head = self._head(user, "event") | {"Event": event}
        return Envelope(user.openid, head | fields, line.id if line else None, visible)

    def job_finished(self, user: User, number: int, status: str) -> Envelope:
        """Tell the bot how sending a template message ended."""
        return self.event(user, "TEMPLATESENDJOBFINISH", {"MsgID": number, "Status": status}, visible=False)

    def notice_sent(self, user: User, template: str, number: int, problem: str) -> Envelope:
        """Tell the bot how sending a subscription notice ended."""
        item: Fields = {
            "TemplateId": template,
            "MsgID": number,
            "ErrorCode": 1 if problem else 0,
            "ErrorStatus": problem or "success",
        }
        fields: Fields = {"SubscribeMsgSentEvent": {"List": [item]}}
        return self.event(user, "subscribe_msg_sent_event", fields, visible=False)

    def _head(self, user: User, kind: str) -> Fields:
        return {
            "ToUserName": self._world.config.account_id,
            "FromUserName": user.openid,
            "CreateTime": int(self._world.clock.now()),
            "MsgType": kind,
        }


def _require_follower(user: User) -> None:
    if not user.followed:
        raise NotPossible(f"{user.name} does not follow the account")


def media_id() -> str:
    """A made-up media id."""
    return secrets.token_urlsafe(48)


def leaves(menu: Json | None) -> Iterator[Json]:
    """The buttons of a menu that do something."""
    for button in records(menu or {}, "button"):
        below = records(button, "sub_button")
        yield from below or [button]


def _names(button: Json) -> set[str]:
    return {text(button, name) for name in ("key", "name", "url")} - {""}


def _menu_event(button: Json, scanned: str) -> tuple[str, Fields]:
    kind = text(button, "type")
    if kind == "click":
        return "CLICK", {"EventKey": text(button, "key")}
    if kind == "view" and urlsplit(text(button, "url")).scheme:
        return "VIEW", {"EventKey": text(button, "url"), "MenuId": 1}
    if kind == "miniprogram":
        return "view_miniprogram", {"EventKey": text(button, "pagepath"), "MenuId": 1}
    if kind in {"scancode_push", "scancode_waitmsg"}:
        seen: Fields = {"ScanType": "qrcode", "ScanResult": scanned}
        return kind, {"EventKey": text(button, "key"), "ScanCodeInfo": seen}
    raise NotPossible(f"the emulator does not play menu buttons of type {kind!r}")
