"""No log record tells who somebody is, whichever way it came; and each is one line that a machine can read."""

import asyncio
import io
import logging
import threading
import warnings
from collections.abc import Iterator

import orjson
import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from bot.logs import LineWriter, configure_logs
from bot.redaction import redact_text

IDENTITY = "11010119900307123X"
MOBILE = "13812341234"
OPENID = "oABCDEFGHIJKLMNOPQRSTUVWXYZ1"


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    logging.captureWarnings(capture=False)
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


@pytest.fixture
def stream() -> io.BytesIO:
    stream = io.BytesIO()
    configure_logs("json", stream=stream)
    return stream


def records(stream: io.BytesIO) -> list[dict[str, str]]:
    return [orjson.loads(line) for line in stream.getvalue().splitlines()]


def only(stream: io.BytesIO) -> dict[str, str]:
    (record,) = records(stream)
    return record


def test_a_record_is_one_line_with_time_level_event_and_request(stream: io.BytesIO) -> None:
    with structlog.contextvars.bound_contextvars(request_id="r-1"):
        structlog.get_logger().info("turn", flow="booking", milliseconds=12.5)
    record = only(stream)
    assert record.pop("time").endswith("+00:00")
    assert record == {
        "level": "info",
        "event": "turn",
        "flow": "booking",
        "milliseconds": 12.5,
        "request_id": "r-1",
    }


def test_values_under_personal_keys_are_masked(stream: io.BytesIO) -> None:
    structlog.get_logger().info(
        "registered",
        patient="张三丰",
        mobile=MOBILE,
        id_number=IDENTITY,
        openid=OPENID,
        content="我叫张三丰",
        token="abc",
        Name="李四",
    )
    record = only(stream)
    assert record["patient"] == "张*"
    assert record["Name"] == "李*"
    assert record["mobile"] == "138****1234"
    assert record["id_number"] == "110***********123X"
    assert record["openid"] == "oABC…XYZ1"
    assert record["content"] == "[5 characters]"
    assert record["token"] == "***"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"张三{IDENTITY}", "张三110***********123X"),
        ("身份证110101199003071234，手机13812341234", "身份证110***********1234，手机138****1234"),
        ("110101199003071234 13812341234", "110***********1234 138****1234"),
        ("110101 1990 0307 1234", "110***********1234"),
        ("11010119900307123x", "110***********123x"),
        ("138-1234-1234", "138****1234"),
        ("138 1234 1234", "138****1234"),
        ("１３８１２３４１２３４", "１３８****１２３４"),
        (f"key chat:{OPENID}:lock", "key chat:oABC…XYZ1:lock"),
        (f"GET /wechat?openid={OPENID}&nonce=1", "GET /wechat?openid=oABC…XYZ1&nonce=1"),
        ("https://api/cgi-bin/x?access_token=AbC-123&a=1", "https://api/cgi-bin/x?access_token=***&a=1"),
        ("redis://:geheim@host/0", "redis://:***@host/0"),
        ("postgresql+asyncpg://u:geheim@db/z", "postgresql+asyncpg://u:***@db/z"),
        ("Patient(name='张三丰', mobile='x')", "Patient(name='张*', mobile='x*')"),
        ("[SQL: INSERT …]\n[parameters: ('张三', 1)]", "[SQL: INSERT …]\n[hidden]"),
        ("DETAIL:  Key (name)=(张三) already exists.", "[hidden]"),
    ],
)
def test_personal_data_inside_a_text_is_masked_where_it_stands(text: str, shown: str) -> None:
    assert redact_text(text) == shown


@pytest.mark.parametrize(
    "text",
    ["2026-11-22T02:40:00.123456+00:00", "s:wang:20261122:0830", "预约号 A20261122-0007", "1714036504", "号源 12/30"],
)
def test_what_is_not_personal_stays_readable(text: str) -> None:
    assert redact_text(text) == text


@given(st.from_regex(r"[1-9]\d{16}[\dX]", fullmatch=True), st.text(), st.text())
def test_no_identity_number_survives_whatever_surrounds_it(number: str, before: str, after: str) -> None:
    assert number not in redact_text(f"{before}{number}{after}")


@given(
    st.from_regex(r"1[3-9]\d{9}", fullmatch=True),
    st.text(alphabet="年 ,，号x\n:='\""),
    st.text(alphabet="年 ,，y\n:='\""),
)
def test_no_mobile_number_survives_whatever_words_surround_it(number: str, before: str, after: str) -> None:
    assert number not in redact_text(f"{before}{number}{after}")


def test_personal_data_is_masked_at_any_depth_and_in_any_type(stream: io.BytesIO) -> None:
    structlog.get_logger().info(
        "odd",
        deep={"patients": [{"name": "张三", MOBILE: 1}], "raw": MOBILE.encode()},
        number=int(MOBILE),
        thing=ValueError(IDENTITY),
        names=("张三",),
    )
    text = stream.getvalue().decode()
    assert MOBILE not in text
    assert IDENTITY not in text
    assert only(stream)["deep"]["patients"][0]["name"] == "张*"  # type: ignore[index]  # nested on purpose


def test_the_standard_librarys_loggers_pass_the_same_filter(stream: io.BytesIO) -> None:
    logging.getLogger("aiohttp.server").error("failed for %s", MOBILE, exc_info=ValueError(IDENTITY))
    record = only(stream)
    assert record["logger"] == "aiohttp.server"
    assert record["event"] == "failed for 138****1234"
    assert "110***********123X" in record["exception"]


def test_an_exception_is_told_without_what_it_knows_about_somebody(stream: io.BytesIO) -> None:
    def fail() -> None:
        raise ValueError(f"no patient {IDENTITY}")

    try:
        fail()
    except ValueError:
        structlog.get_logger().exception("turn_failed")
    record = only(stream)
    assert "in fail" in record["exception"]
    assert IDENTITY not in record["exception"]
    assert record["level"] == "error"


def test_warnings_are_logged_and_not_printed(stream: io.BytesIO) -> None:
    warnings.showwarning(f"deprecated {MOBILE}", UserWarning, "x.py", 1)
    assert "138****1234" in only(stream)["event"]


def test_an_exception_in_a_thread_is_logged(stream: io.BytesIO) -> None:
    def fail() -> None:
        raise ValueError(MOBILE)

    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    assert only(stream)["event"] == "uncaught_exception"
    assert MOBILE not in only(stream)["exception"]


def test_a_record_that_cannot_be_formatted_stops_nobody(stream: io.BytesIO) -> None:
    ours = next(handler for handler in logging.getLogger().handlers if handler.__module__ == "bot.logs")
    ours.handle(logging.LogRecord("lib", logging.ERROR, "lib.py", 1, "%d patients", ("many",), None))
    assert only(stream)["event"] == "log_record_unreadable"


def test_text_for_people_passes_the_filter_too() -> None:
    stream = io.BytesIO()
    configure_logs("text", stream=stream)
    structlog.get_logger().warning("registered", patient="张三丰", mobile=MOBILE)
    assert "registered  patient=张* mobile=138****1234" in stream.getvalue().decode()


async def test_in_the_loop_lines_of_no_urgency_are_written_together_and_a_warning_at_once() -> None:
    stream = io.BytesIO()
    writer = configure_logs("json", stream=stream)
    log = structlog.get_logger()
    log.info("one")
    log.info("two")
    assert stream.getvalue() == b""
    log.warning("three")
    assert [record["event"] for record in records(stream)] == ["one", "two", "three"]
    log.info("four")
    writer.flush()
    assert len(records(stream)) == 4


async def test_a_quiet_bot_still_writes_its_last_lines() -> None:
    written = asyncio.Event()

    class Stream(io.BytesIO):
        def flush(self) -> None:
            written.set()

    writer = LineWriter(Stream())
    writer.write(b"{}", urgent=False)
    await asyncio.wait_for(written.wait(), 10)


def test_a_closed_stream_stops_nobody() -> None:
    stream = io.BytesIO()
    configure_logs("json", stream=stream)
    stream.close()
    structlog.get_logger().error("unheard")
