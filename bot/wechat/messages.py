"""From WeChat's fields to the values the dialogue understands."""

from functools import cache
from hashlib import blake2b

from bot.wechat.crypto import AesKey
from bot.wechat.delivery import BadDelivery, Delivery
from handlers.chat import Incoming, Kind

_KINDS: dict[str, Kind] = {
    "text": "text",
    "voice": "voice",
    "image": "image",
    "video": "video",
    "shortvideo": "video",
    "location": "location",
    "link": "link",
}
# Letters only, so that no filter takes a part of it for somebody's telephone number.
_LETTERS = str.maketrans("0123456789", "ghijklmnop")
_CONSENTS = {
    "subscribe_msg_popup_event": "SubscribeMsgPopupEvent",
    "subscribe_msg_change_event": "SubscribeMsgChangeEvent",
}
_MAX_NAME = 128
_MAX_DIGITS = 20
_MOMENT = 10
"""Digits of a moment in seconds, until the year 2286."""


def to_delivery(fields: dict[str, str], key: AesKey | None) -> Delivery:
    """Raises BadDelivery when a field that every message carries is missing or not what it must be."""
    openid = _name(fields, "FromUserName")
    account = _name(fields, "ToUserName")
    created = _number(fields, "CreateTime")
    kind = _name(fields, "MsgType").lower()
    if kind == "event":
        return Delivery(_event(fields, openid, created), account, key)
    return Delivery(_message(fields, openid, created, kind), account, key)


@cache
def _vocabulary() -> frozenset[str]:
    """Return all kinds of messages. Asked for the rare ones only: to import wechatpy takes 13 MB and 75 ms."""
    from wechatpy.messages import MESSAGE_TYPES

    return frozenset(MESSAGE_TYPES)


def _message(fields: dict[str, str], openid: str, created: str, kind: str) -> Incoming:
    if kind in _KINDS or kind in _vocabulary():
        identity = request_id(_number(fields, "MsgId"), openid, created)
    else:
        identity = request_id(fields.get("MsgId", ""), openid, created, kind)
    text = ""
    if kind == "text":
        text = fields.get("Content", "")
    elif kind == "voice":
        text = fields.get("Recognition", "")
    return Incoming(
        openid=openid,
        kind=_KINDS.get(kind, "other"),
        request_id=identity,
        text=text,
        tapped=fields.get("bizmsgmenuid") or None,
        sent=_moment(created),
    )


def _event(fields: dict[str, str], openid: str, created: str) -> Incoming:
    event = _name(fields, "Event").lower()
    key = fields.get("EventKey", "")
    if event.endswith("jobfinish"):
        # The result of a send: which message it was, and how it ended (模板消息 → 事件推送).
        number = fields.get("MsgID") or _number(fields, "MsgId")
        identity = request_id(number, openid, event)
        return Incoming(
            openid=openid,
            kind="event",
            request_id=identity,
            text=fields.get("Status", ""),
            event=event,
            key=number,
        )
    text = ""
    if event in _CONSENTS:
        # Lines that belong together: which templates, and what was said to each.
        key = fields.get(f"{_CONSENTS[event]}/TemplateId", "")
        text = fields.get(f"{_CONSENTS[event]}/SubscribeStatusString", "")
    return Incoming(
        openid=openid,
        kind="event",
        request_id=request_id(openid, created, event, key),
        text=text,
        event=event,
        key=key.removeprefix("qrscene_") or None,
        sent=_moment(created),
    )


def request_id(*identity: str) -> str:
    """A short name of a message's identity, the same for each of its deliveries."""
    return blake2b("\0".join(identity).encode("utf-8", "replace"), digest_size=12).hexdigest().translate(_LETTERS)


def _moment(created: str) -> int:
    """Return when a message was sent, in seconds; 0 for a number that is no moment."""
    return int(created) if len(created) <= _MOMENT else 0


def _name(fields: dict[str, str], field: str) -> str:
    value = fields.get(field, "")
    if not value or len(value) > _MAX_NAME:
        raise BadDelivery(f"{field} is missing or too long")
    return value


def _number(fields: dict[str, str], field: str) -> str:
    value = fields.get(field, "")
    if not (value.isascii() and value.isdigit() and len(value) <= _MAX_DIGITS):
        raise BadDelivery(f"{field} is not a number")
    return value
