"""Moments keep their place in time, whatever the database keeps of their zone."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.dialects import postgresql, sqlite

from storage.columns import Instant

NINE_IN_SHANGHAI = datetime(2026, 11, 23, 9, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
KEPT = {"sqlite": sqlite.dialect(), "postgresql": postgresql.dialect()}


@pytest.mark.parametrize("kind", KEPT)
def test_a_moment_comes_back_in_utc(kind: str) -> None:
    written = Instant().process_bind_param(NINE_IN_SHANGHAI, KEPT[kind])
    read = Instant().process_result_value(written, KEPT[kind])
    assert read is not None
    assert read == NINE_IN_SHANGHAI
    assert read.utcoffset() == timedelta(0)


def test_sqlite_keeps_utc_so_that_text_sorts_by_time() -> None:
    assert Instant().process_bind_param(NINE_IN_SHANGHAI, KEPT["sqlite"]) == datetime(2026, 11, 23, 1, 0)  # noqa: DTZ001  # as SQLite keeps it


def test_a_moment_read_in_another_zone_is_brought_to_utc() -> None:
    read = Instant().process_result_value(NINE_IN_SHANGHAI, KEPT["postgresql"])
    assert read is not None
    assert read.tzinfo is UTC


@pytest.mark.parametrize("kind", KEPT)
def test_nothing_stays_nothing(kind: str) -> None:
    assert Instant().process_bind_param(None, KEPT[kind]) is None
    assert Instant().process_result_value(None, KEPT[kind]) is None


def test_a_moment_without_a_zone_is_refused_rather_than_guessed() -> None:
    with pytest.raises(ValueError, match="time zone"):
        Instant().process_bind_param(datetime(2026, 11, 23, 9, 0), KEPT["sqlite"])  # noqa: DTZ001  # that is the mistake
