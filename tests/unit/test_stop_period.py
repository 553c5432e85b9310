"""When something is stopped, as staff say it."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.staff.period import read_period

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
"""Monday, 23 November 2026, 09:00 in the clinic."""


def read(text: str) -> str:
    period = read_period(text, now=NOW, zone=ZONE)
    return f"{period.from_at:%m-%d %H:%M} {period.to_at:%m-%d %H:%M}" if period else ""


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("今天", "11-23 00:00 11-24 00:00"),
        ("明天", "11-24 00:00 11-25 00:00"),
        ("明天下午", "11-24 12:00 11-25 00:00"),
        ("明天上午", "11-24 00:00 11-24 12:00"),
        ("明天上午停诊", "11-24 00:00 11-24 12:00"),
        ("12月1日", "12-01 00:00 12-02 00:00"),
        ("12月1日全天", "12-01 00:00 12-02 00:00"),
        ("2026-12-01", "12-01 00:00 12-02 00:00"),
        ("12-1", "12-01 00:00 12-02 00:00"),
        ("12月1日到12月3日", "12-01 00:00 12-04 00:00"),
        ("12月1日-3日", "12-01 00:00 12-04 00:00"),
        ("从12月1日至12月3日", "12-01 00:00 12-04 00:00"),
        ("2026年12月30日到2027年1月2日", "12-30 00:00 01-03 00:00"),
        ("12月30日到1月2日", "12-30 00:00 01-03 00:00"),
        ("25号", "11-25 00:00 11-26 00:00"),
        ("3号", "12-03 00:00 12-04 00:00"),
        ("今天到后天", "11-23 00:00 11-26 00:00"),
        ("10:00起", "11-23 10:00 11-24 00:00"),
        ("今天10点起", "11-23 10:00 11-24 00:00"),
        ("今天上午10点半以后", "11-23 10:30 11-24 00:00"),
        ("今天下午3点到5点", "11-23 15:00 11-23 05:00"),
        ("今天下午3点到下午5点", "11-23 15:00 11-23 17:00"),
        ("明天14:00-16:30", "11-24 14:00 11-24 16:30"),
        ("明天14:00到24:00", "11-24 14:00 11-25 00:00"),
        ("12月1日14:00到12月2日12:00", "12-01 14:00 12-02 12:00"),
        ("明天上午到下午", "11-24 00:00 11-25 00:00"),
        ("12月3日到12月1日", "12-03 00:00 12-02 00:00"),
        ("昨天", ""),
        ("", ""),
        ("停诊", ""),
        ("13月1日", ""),
        ("2月30日", ""),
        ("31号到", ""),
        ("25:00起", ""),
        ("明天吧也许", ""),
    ],
)
def test_what_is_said_is_what_is_meant(said: str, meant: str) -> None:
    assert read(said) == meant


def test_a_time_without_a_day_is_the_sessions() -> None:
    period = read_period("10:00起", now=NOW, zone=ZONE, day=datetime(2026, 12, 1).date())  # noqa: DTZ001  # a day
    assert period is not None
    assert f"{period.from_at:%m-%d %H:%M}" == "12-01 10:00"


@given(st.text(alphabet="今明后天上下午晚到至-起以后从0123456789月日号年:：点半时 停诊全", max_size=24))
def test_whatever_is_said_is_read_or_not_and_never_breaks(said: str) -> None:
    period = read_period(said, now=NOW, zone=ZONE)
    assert period is None or period.from_at.tzinfo is not None
