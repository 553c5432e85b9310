"""Sending: customer-service messages, template messages, subscription notices."""

from dataclasses import dataclass, field

from emulator.calls import OK, ApiError, Call, Operation, recipient
from emulator.choices import Part, stripped
from emulator.fields import broken_rule
from emulator.shapes import Json, record, records, text
from emulator.stage import Stage
from emulator.state import Template, User
from emulator.world import listed, parted_body, text_body

MOST_TEXT_BYTES = 2048
IDEMPOTENT_SECONDS = 600
_REMEMBERED = 10_000


def send_custom(stage: Stage, call: Call) -> Json:
    """`message/custom/send`: text, news and choices, within the user's allowance."""
    user = recipient(stage, call.body)
    kind = text(call.body, "msgtype")
    shown, body = _custom_body(kind, record(call.body, kind))
    if user.refuses:
        raise ApiError(48002, "user refuse to accept the msg")
    if not user.followed:
        raise ApiError(45015, "response out of time limit or subscription is canceled")
    if refusal := user.allowance.spend(now=stage.world.clock.now()):
        raise ApiError(*refusal)
    stage.world.add_message(user, "account", shown, "custom", body)
    return OK


def _custom_body(kind: str, content: Json) -> tuple[str, Json]:
    if kind == "text":
        return "text", _custom_text(content)
    if kind == "news":
        return "news", _custom_news(content)
    if kind == "msgmenu":
        return "text", _custom_choices(content)
    if kind in {"image", "voice", "video", "mpnews", "music", "wxcard", "miniprogrampage", "mpnewsarticle"}:
        raise ApiError(40007, "invalid media_id: the emulator keeps no media")
    raise ApiError(40008, "invalid message type")


def _custom_text(content: Json) -> Json:
    words = text(content, "content")
    if not words:
        raise ApiError(44004, "empty content")
    if len(words.encode()) > MOST_TEXT_BYTES:
        raise ApiError(45002, "content size out of limit")
    return text_body(words)


def _custom_news(content: Json) -> Json:
    articles = records(content, "articles")
    if not articles:
        raise ApiError(44003, "empty news data")
    if len(articles) > 1:
        raise ApiError(45008, "article size out of limit")
    article = articles[0]
    shown: Json = {name: text(article, name) for name in ("title", "description", "url")}
    return {"articles": [shown | {"picture": text(article, "picurl")}]}


def _custom_choices(content: Json) -> Json:
    items = [(text(item, "id"), text(item, "content")) for item in records(content, "list")]
    if not items or not all(number and words for number, words in items):
        raise ApiError(47001, "data format error: msgmenu.list needs items with id and content")
    parts = [Part("plain", text(content, "head_content") + "\n")]
    for number, words in items:
        parts += [Part("choice", words, content=words, id=number), Part("plain", "\n")]
    parts.append(Part("plain", text(content, "tail_content")))
    return parted_body(stripped(parts), parts)


def show_typing(stage: Stage, call: Call) -> Json:
    """`message/custom/typing`: shows or hides that the account is writing."""
    user = recipient(stage, call.body)
    command = text(call.body, "command")
    if command not in {"Typing", "CancelTyping"}:
        raise ApiError(45072, "invalid command")
    stage.world.feed.publish("typing", {"openid": user.openid, "on": command == "Typing"})
    return OK


@dataclass
class SentOnce:
    """The template messages of the last ten minutes by openid and `client_msg_id`."""

    _sent: dict[tuple[str, str], tuple[int, float]] = field(default_factory=dict)

    def find(self, openid: str, number: str, *, now: float) -> int | None:
        """The msgid of the first sending, while the platform remembers it."""
        found = self._sent.get((openid, number))
        return found[0] if found and now - found[1] < IDEMPOTENT_SECONDS else None

    def keep(self, openid: str, number: str, msgid: int, *, now: float) -> None:
        """Remember a sending."""
        self._sent.pop((openid, number), None)
        self._sent[openid, number] = (msgid, now)
        while len(self._sent) > _REMEMBERED:
            del self._sent[next(iter(self._sent))]


class TemplateSender:
    """`message/template/send` with the platform's rules; the job's end follows as an event."""

    def __init__(self) -> None:
        """Start with nothing sent."""
        self._sent = SentOnce()

    def __call__(self, stage: Stage, call: Call) -> Json:
        """Send one template message, or answer with the first msgid when it was sent before."""
        user = recipient(stage, call.body)
        template = _template(stage, call.body)
        rows = _rows(template, call)
        if not user.followed:
            raise ApiError(43004, "require subscribe")
        client_id, now = text(call.body, "client_msg_id"), stage.world.clock.now()
        if client_id and (earlier := self._sent.find(user.openid, client_id, now=now)):
            call.notes.append("client_msg_id was used within ten minutes: nothing is sent again")
            return OK | {"msgid": earlier}
        msgid = stage.world.next_number()
        if client_id:
            self._sent.keep(user.openid, client_id, msgid, now=now)
        self._finish(stage, user, msgid, _card(template, rows, call.body))
        return OK | {"msgid": msgid}

    @staticmethod
    def _finish(stage: Stage, user: User, msgid: int, card: Json) -> None:
        status = "failed:user block" if user.refuses else "failed: system failed" if user.failing else "success"
        if status == "success":
            stage.world.add_message(user, "account", "card", "template", card)
        stage.send_later(stage.actions.job_finished(user, msgid, status))


def send_subscription(stage: Stage, call: Call) -> Json:
    """`message/subscribe/bizsend`: one notice for each consent the user gave to this template."""
    user = recipient(stage, call.body)
    template = _template(stage, call.body)
    rows = _rows(template, call)
    if user.refuses or not user.consents.get(template.id):
        raise ApiError(43101, "user refuse to accept the msg")
    user.consents[template.id] -= 1
    stage.world.user_changed(user)
    problem = "system failed" if user.failing else ""
    if not problem:
        card = _card(template, rows, call.body)
        stage.world.add_message(user, "account", "card", "subscription", card)
    number = stage.world.next_number()
    stage.send_later(stage.actions.notice_sent(user, template.id, number, problem))
    return OK


def _template(stage: Stage, body: Json) -> Template:
    template = stage.world.templates.get(text(body, "template_id"))
    if template is None:
        raise ApiError(40037, "invalid template_id")
    return template


def _rows(template: Template, call: Call) -> list[Json]:
    data = call.body.get("data")
    if not isinstance(data, dict):
        raise ApiError(47001, "data format error")
    ignored = sorted(set(data) - set(template.fields))
    if ignored:
        call.notes.append(f"the template has no {', '.join(ignored)}: WeChat ignores them")
    rows: list[Json] = []
    for key, label in template.fields.items():
        value = text(record(data, key), "value")
        if rule := broken_rule(key, value, options=template.options.get(key, [])):
            call.notes.append(f"{key} must be {rule}; it is {value!r}")
            raise ApiError(47003, f"argument invalid! data.{key}.value {'invalid' if value else 'is empty'}")
        rows.append({"key": key, "label": label, "value": value})
    return rows


def _card(template: Template, rows: list[Json], body: Json) -> Json:
    return {
        "template_id": template.id,
        "title": template.title,
        "rows": listed(rows),
        "url": text(body, "url") or text(body, "page"),
        "miniprogram": text(record(body, "miniprogram"), "appid"),
    }


def operations() -> dict[str, Operation]:
    """The addresses of this file."""
    return {
        "/cgi-bin/message/custom/send": Operation("POST", send_custom),
        "/cgi-bin/message/custom/typing": Operation("POST", show_typing),
        "/cgi-bin/message/template/send": Operation("POST", TemplateSender()),
        "/cgi-bin/message/subscribe/bizsend": Operation("POST", send_subscription),
    }
