"""What is fuzzed: each target takes bytes, does with them what the product would, and raises when it does not hold.

``Finding`` or any other exception is a fault of the product. ``tests/fuzz/test_fuzz.py`` runs the corpus and hypothesis
through them, ``make fuzz`` a coverage-guided fuzzer.
"""

import asyncio
import re
import tempfile
from collections.abc import Callable, Coroutine, Generator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from zlib import crc32

from aiohttp import web

import bot.turns
import bot.webhook
from booking.detail_reading import read_details
from booking.id_numbers import check_id_number
from booking.mobiles import check_mobile
from booking.models import Catalogue
from booking.names import check_name
from booking.patient_search import read_clues
from booking.refusals import InvalidDetail
from booking.staff_refusals import CatalogueError
from bot.catalogue_file import read_catalogue_file
from bot.webhook import Webhook
from bot.wechat import BadDelivery, Codec, Mode
from bot.wechat.crypto import AesKey
from bot.wechat.xml import read_xml
from handlers import words
from handlers.reading import read_names
from handlers.understanding.engine import Understanding
from tests.support.clinic import CLINIC, DEPARTMENTS, DOCTORS
from tests.support.memory_chats import MemoryChats
from tests.support.scripted import CountedMetrics, ScriptedDialogue, ScriptedSender
from tests.support.understood import sample_understanding
from tests.support.wechat_side import sign

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
STAMP = str(int(NOW.timestamp()))
NONCE = "1514711492"
APPID, TOKEN = "wxFuzzedAppid00001", "FuzzedTokenQ7Zx"
AES_KEY = "FuzzedEncodingAESKey0123456789abcdefghijklm"
PLANTED = (APPID, TOKEN, AES_KEY)
"""What no answer may hold."""
FORGET_AFTER = 500
"""Messages after which the webhook's memory is a new one: what a store of chats keeps is no leak of the webhook's."""
_NAMES = re.compile(rb"<(ToUserName|FromUserName|CreateTime|MsgType|MsgId)>")
Target = Callable[[bytes], None]


class Finding(AssertionError):
    """Raised for what must not happen."""


class Alarm:
    """In the place of the webhook's logs: what they call a failure of ours is a finding."""

    def info(self, *_: object, **__: object) -> None:
        """A turn was taken."""

    def warning(self, *_: object, **__: object) -> None:
        """A delivery was refused, as it should be."""

    def exception(self, event: str, **_: object) -> None:
        """Raised inside the handler's last resort, whose cause is on its way with it."""
        raise Finding(event)


@contextmanager
def _alarmed() -> Generator[None]:
    kept = bot.webhook.log, bot.turns.log
    bot.webhook.log = bot.turns.log = Alarm()
    try:
        yield
    finally:
        bot.webhook.log, bot.turns.log = kept


def codec(data: bytes) -> None:
    """Whatever the signed or unsigned body holds, in whatever mode: a delivery or ``BadDelivery``."""
    for mode in ("secure", "compatible", "plain"):
        _read(mode, *_letter(data[:1], data[1:]))
    try:
        fields = read_xml(data)
    except BadDelivery:
        return
    if any(not isinstance(value, str) for value in fields.values()):
        raise Finding("a field that is no text")


def _read(mode: Mode, query: dict[str, str], body: bytes) -> None:
    try:
        delivery = _codec(mode).read(query, body, now=NOW)
    except BadDelivery as bad:
        if not 400 <= bad.status < 500:  # the statuses of a client's mistake
            raise Finding(f"status {bad.status}") from bad
        return
    reply = _codec(mode).write(delivery, delivery.incoming.text, now=NOW)
    if delivery.key is None:
        again = read_xml(reply)
        if again["ToUserName"] != delivery.incoming.openid.strip():
            raise Finding("the reply is for somebody else")


def webhook(data: bytes) -> None:
    """Whatever is posted, signed or not: a status below 500, an answer that tells nothing, and no failure of ours."""
    world = _world()
    query, body = _letter(data[:1], data[1:])
    with _alarmed():
        response = world.run(world.handle(query, body))
    told = response.text if response.body is not None else ""
    if response.status >= 500:  # what must never be answered
        raise Finding(f"status {response.status}")
    if response.status != 200 and told != "refused":  # taken
        raise Finding(f"a refusal says {told!r}")
    if any(secret in (told or "") for secret in PLANTED):
        raise Finding("a secret in an answer")


def sentence(data: bytes) -> None:
    """Whatever is typed: every reader of free words returns, and what it returns is sound."""
    text = data.decode("utf-8", "replace")
    found = read_details(text)
    for value, check in ((found.name, check_name), (found.id_number, check_id_number), (found.mobile, check_mobile)):
        if value is not None:
            if not value.strip():
                raise Finding("an empty detail")
            with suppress(InvalidDetail):
                check(value)
    read_clues(text)
    read_names(text, _catalogue())
    for read in (words.clean, words.command, words.wish, words.page_turn, words.acknowledges):
        read(text)
    number = words.number(text)
    if number is not None and number < 0:
        raise Finding("a negative choice")


def understanding(data: bytes) -> None:
    """Whatever is said at whatever moment: a reading of what the clinic has, in order, and nothing of the past."""
    now = NOW + timedelta(hours=7 * data[0] if data else 0)
    text = data[1:].decode("utf-8", "replace")
    reading = _understanding().read(text, now)
    row = reading.as_row(text)
    if not row["intent"] or any(not 0 <= start < end <= len(text) for start, end, _ in reading.spans):
        raise Finding("a span outside the text")
    today = now.astimezone(CLINIC.zone).date()
    for wish in (reading, reading.old):
        if wish is None:
            continue
        if wish.date is not None and (wish.date < today or (wish.until is not None and wish.until < wish.date)):
            raise Finding(f"the days {wish.date} to {wish.until}")
        if wish.patient is not None and not wish.patient.strip():
            raise Finding("a patient without a name")


def catalogue(data: bytes) -> None:
    """Whatever a catalogue file holds, YAML or a workbook: values, or mistakes in words."""
    suffix = ".xlsx" if data[:2] == b"PK" else ".yaml"
    file = _folder() / f"clinic{suffix}"
    file.write_bytes(data)
    try:
        read_catalogue_file(file, default_timezone="Asia/Shanghai")
    except CatalogueError as error:
        if not str(error).strip():
            raise Finding("a mistake without words") from error


TARGETS: dict[str, Target] = {
    "webhook": webhook,
    "codec": codec,
    "sentence": sentence,
    "understanding": understanding,
    "catalogue": catalogue,
}


def _letter(how: bytes, content: bytes) -> tuple[dict[str, str], bytes]:
    """A delivery of a content: as it came, signed, encrypted and signed, or as the words of a message of either."""
    choice = how[0] % 5 if how else 0
    if choice == 0:
        text = content.decode("utf-8", "replace")
        return {
            "timestamp": STAMP,
            "nonce": text[:8],
            "msg_signature": text[8:48],
            "encrypt_type": text[48:51],
        }, content
    if choice in {3, 4}:
        content = _message(content)
    query = {"timestamp": STAMP, "nonce": NONCE, "signature": sign(TOKEN, STAMP, NONCE)}
    if choice in {1, 3}:
        return query, content
    sealed = _key().encrypt(content, b"0123456789abcdef")
    query |= {"encrypt_type": "aes", "msg_signature": sign(TOKEN, STAMP, NONCE, sealed)}
    return query, f"<xml><ToUserName>gh</ToUserName><Encrypt>{sealed}</Encrypt></xml>".encode()


def _message(words_of: bytes) -> bytes:
    """A whole message with these words, or with these elements where they look like some."""
    inner = words_of if words_of[:1] == b"<" else b"<Content><![CDATA[" + words_of + b"]]></Content>"
    number = str(crc32(words_of)).encode()
    ours = (
        b"<ToUserName>gh</ToUserName><CreateTime>1795395600</CreateTime><FromUserName>o" + number + b"</FromUserName>"
    )
    known = b"" if _NAMES.search(inner) else ours + b"<MsgType>text</MsgType><MsgId>" + number + b"</MsgId>"
    return b"<xml>" + known + inner + b"</xml>"


class Posted:
    """A request as the webhook reads one; aiohttp's own stand-in takes three milliseconds to make."""

    method = "POST"

    def __init__(self, query: dict[str, str], body: bytes) -> None:
        self.query, self._body = query, body
        self.content, self.content_length = self, len(body)

    def is_eof(self) -> bool:
        """All of it is there."""
        return True

    async def read(self) -> bytes:
        """The body."""
        return self._body


class _World:
    """A webhook without sockets, on one event loop for all inputs."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._count = 0
        self._webhook: Webhook | None = None
        self.metrics = CountedMetrics()

    def run(self, work: Coroutine[None, None, web.Response]) -> web.Response:
        return self._loop.run_until_complete(work)

    async def handle(self, query: dict[str, str], body: bytes) -> web.Response:
        if self._webhook is None or self._count % FORGET_AFTER == 0:
            await self._renew()
        assert self._webhook is not None
        self._count += 1
        response = await self._webhook.handle(Posted(query, body))  # type: ignore[arg-type]  # what it needs of one
        await asyncio.sleep(0)
        if any(outcome != "ok" for _, outcome in self.metrics.turns):
            raise Finding(f"turns ended as {dict(self.metrics.turns)}")
        return response

    def close(self) -> None:
        """Let running turns end."""
        if self._webhook is not None:
            self._loop.run_until_complete(self._webhook.close())
        self._loop.close()

    async def _renew(self) -> None:
        if self._webhook is not None:
            await self._webhook.close()
        codec_of = Codec(appid=APPID, token=TOKEN, aes_keys=(AES_KEY,), mode="compatible")
        self._webhook = Webhook(
            codec_of,
            chats=MemoryChats(),
            dialogue=ScriptedDialogue(),
            client=ScriptedSender(),
            now=lambda: NOW,
            metrics=self.metrics,
        )


@cache
def _world() -> _World:
    return _World()


def close() -> None:
    """Give back what the targets have opened."""
    if _world.cache_info().currsize:
        _world().close()
        _world.cache_clear()


@cache
def _codec(mode: Mode) -> Codec:
    return Codec(appid=APPID, token=TOKEN, aes_keys=() if mode == "plain" else (AES_KEY,), mode=mode)


@cache
def _key() -> AesKey:
    return AesKey(AES_KEY, APPID)


@cache
def _catalogue() -> Catalogue:
    departments = {each.code: each for each in DEPARTMENTS}
    return Catalogue(CLINIC, departments, {each.code: each for each in DOCTORS}, 1)


@cache
def _understanding() -> Understanding:
    return sample_understanding()


@cache
def _folder() -> Path:
    return Path(tempfile.mkdtemp(prefix="zy-fuzz-"))
