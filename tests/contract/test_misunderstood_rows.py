"""What was not understood, on SQLite and PostgreSQL: counted, the most frequent first, few and not for long."""

from datetime import datetime, timedelta

from booking.sayings import KEPT, LONGEST, MOST, Sayings
from storage.database import SqlDatabase

MINUTE = timedelta(minutes=1)


async def said(database: SqlDatabase) -> list[tuple[str, str, int]]:
    """What is kept."""
    async with database.read() as unit:
        return [(one.said, one.asked, one.times) for one in await unit.misunderstood.all()]


async def test_the_same_saying_is_counted_and_the_most_frequent_comes_first(
    database: SqlDatabase, now: datetime
) -> None:
    sayings = Sayings(database)
    for n, text in enumerate(("云是白的", "那个啥", "云是白的", "天书")):
        await sayings.keep(text, "", (), now=now + n * MINUTE)
    await sayings.keep("云是白的", "day", (), now=now)
    assert await said(database) == [("云是白的", "", 2), ("天书", "", 1), ("那个啥", "", 1), ("云是白的", "day", 1)]
    async with database.read() as unit:
        first = (await unit.misunderstood.all())[0]
    assert (first.first_at, first.last_at) == (now, now + 2 * MINUTE)


async def test_it_is_kept_masked_short_and_only_where_there_is_something(database: SqlDatabase, now: datetime) -> None:
    sayings = Sayings(database)
    await sayings.keep("张三的电话是138 1234 5678", "", ("张三",), now=now)
    await sayings.keep("啊" * 300, "", (), now=now)
    await sayings.keep("  ", "", (), now=now)
    assert sorted(await said(database)) == [("啊" * LONGEST, "", 1), ("张*的电话是*************", "", 1)]


async def test_what_was_said_long_ago_is_forgotten(database: SqlDatabase, now: datetime) -> None:
    sayings = Sayings(database)
    await sayings.keep("云是白的", "", (), now=now)
    await sayings.keep("天书", "", (), now=now + MINUTE)
    assert await sayings.forget(now=now + KEPT) == 0
    assert await sayings.forget(now=now + KEPT + MINUTE) == 1
    assert await said(database) == [("天书", "", 1)]


async def test_the_oldest_give_way(database: SqlDatabase, now: datetime) -> None:
    async with database.begin() as unit:
        for n in range(MOST):
            await unit.misunderstood.add(f"第{n}句", "", now=now + n * timedelta(seconds=1))
    await Sayings(database).keep("又一句", "", (), now=now + timedelta(days=1))
    kept = {text for text, _, _ in await said(database)}
    assert len(kept) == MOST
    assert "第0句" not in kept
    assert {"第1句", "又一句"} <= kept
