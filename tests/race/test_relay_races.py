"""Two relays at once, and relays that die between sending and recording, on SQLite and PostgreSQL; with controls."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from booking.models import ClaimState
from booking.notices import Notice, NoticeKind, NoticeState
from booking.relaying import IDEMPOTENT, LEASE, Try
from bot.notice_channels import Channels
from bot.notifier import WAVE
from storage.database import SqlDatabase
from storage.relay_rows import SqlRelayRows
from storage.sealing import Sealer
from tests.contract.test_notice_answers import book
from tests.support.notices import notice
from tests.support.relay import TEMPLATE, Relay, reader, received, relaying

MANY = 60


class Killed(BaseException):
    """A process that ends here."""


@pytest.fixture
async def relay(
    database: SqlDatabase, valkey: Redis, sealer: Sealer, tmp_path: Path, now: datetime
) -> AsyncGenerator[Relay]:
    async with relaying(database, valkey, sealer, tmp_path, now) as relay:
        yield relay


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Counts what is sent, by notice, instead of sending it."""
    counted: Counter[str] = Counter()

    async def count(_channels: Channels, notice: Notice, *_: object, **__: object) -> Try:
        counted[notice.id] += 1
        await asyncio.sleep(0.005)
        return Try("sent")  # type: ignore[arg-type]  # a verdict's value

    monkeypatch.setattr(Channels, "send", count)
    return counted


async def both_relay(relay: Relay) -> None:
    async with relay.database.begin() as unit:
        await unit.notices.add(
            [notice(NoticeKind.BOOKED, now=relay.clock[0], dedupe_key=f"booked:{n}") for n in range(MANY)]
        )
    await asyncio.gather(relay.worker().relay(), relay.worker().relay())


async def test_two_relays_send_each_notice_once(relay: Relay, sent: Counter[str]) -> None:
    await both_relay(relay)
    assert (len(sent), set(sent.values())) == (MANY, {1})
    async with relay.database.read() as unit:
        assert await unit.notices.counts() == {NoticeState.SENT: MANY}


async def test_control_without_taking_them_they_would_be_sent_twice(
    relay: Relay, sent: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def take_nothing(*_: object) -> None:
        """Leave the notices as they are."""

    monkeypatch.setattr(SqlRelayRows, "take", take_nothing)
    monkeypatch.setattr("bot.notifier.BATCHES_AT_ONCE", 1)
    async with relay.database.begin() as unit:
        await unit.notices.add([notice(NoticeKind.BOOKED, now=relay.clock[0], dedupe_key="booked:1")])
    await asyncio.gather(relay.worker().batch(), relay.worker().batch())
    await relay.worker().batch()
    assert max(sent.values()) > 1


async def die_after_sending(relay: Relay, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a relay end between sending and recording."""

    record = SqlRelayRows.record

    async def die(rows: SqlRelayRows, before: list[Notice], after: list[Notice]) -> None:
        if any(notice.state != NoticeState.SENDING for notice in after):
            raise Killed
        await record(rows, before, after)

    with monkeypatch.context() as dying:
        dying.setattr(SqlRelayRows, "record", die)
        with pytest.raises(Killed):
            await relay.worker().batch()


async def test_a_template_sent_by_a_relay_that_died_arrives_once(relay: Relay, monkeypatch: pytest.MonkeyPatch) -> None:
    await relay.templates(booked=TEMPLATE)
    ming = await reader(relay.wechat, "小明")
    written = await relay.write(ming)
    await die_after_sending(relay, monkeypatch)
    assert (await relay.read(written)).state == NoticeState.SENDING
    assert await relay.worker().relay() == 0, "its lease still holds"
    relay.later(seconds=LEASE.total_seconds() + 1)
    await relay.worker().relay()
    read = await relay.read(written)
    assert read.state in {NoticeState.SENT, NoticeState.DELIVERED}
    assert read.msgid
    assert await received(ming) == ["template"]


async def test_control_without_client_msg_id_it_arrives_twice(relay: Relay, monkeypatch: pytest.MonkeyPatch) -> None:
    send = relay.client.template_send

    async def nameless(openid: str, template: str, data: dict[str, str], **_: Any) -> int:
        return await send(openid, template, data)

    monkeypatch.setattr(relay.client, "template_send", nameless)
    await relay.templates(booked=TEMPLATE)
    ming = await reader(relay.wechat, "小明")
    await relay.write(ming)
    await die_after_sending(relay, monkeypatch)
    relay.later(seconds=LEASE.total_seconds() + 1)
    await relay.worker().relay()
    assert await received(ming) == ["template", "template"]


async def test_a_template_of_a_relay_that_died_long_ago_is_unknown(
    relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    await relay.templates(booked=TEMPLATE)
    ming = await reader(relay.wechat, "小明")
    written = await relay.write(ming)
    await die_after_sending(relay, monkeypatch)
    relay.later(seconds=IDEMPOTENT.total_seconds())
    await relay.worker().relay()
    assert (await relay.read(written)).state == NoticeState.UNKNOWN
    assert await received(ming) == ["template"]


async def test_a_customer_service_message_of_a_relay_that_died_is_unknown(
    relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    ming = await reader(relay.wechat, "小明")
    written = await relay.write(ming)
    await die_after_sending(relay, monkeypatch)
    relay.later(seconds=LEASE.total_seconds() + 1)
    await relay.worker().relay()
    read = await relay.read(written)
    assert (read.state, read.channel) == (NoticeState.UNKNOWN, "custom")
    assert await received(ming) == ["custom"]


async def test_what_a_relay_that_died_had_not_begun_is_sent(relay: Relay, monkeypatch: pytest.MonkeyPatch) -> None:
    people = [await reader(relay.wechat, f"患者{n}") for n in range(WAVE + 3)]
    written = [await relay.write(person) for person in people]
    sent: Counter[str] = Counter()
    send = relay.client.custom_send

    async def die_after_some(openid: str, text: str) -> None:
        await send(openid, text)
        sent[openid] += 1
        if sent.total() == 3:
            raise Killed

    with monkeypatch.context() as dying:
        dying.setattr(relay.client, "custom_send", die_after_some)
        with pytest.raises(Killed):
            await relay.worker().batch()
    relay.later(seconds=LEASE.total_seconds() + 1)
    await relay.worker().relay()
    states = Counter([(await relay.read(notice)).state for notice in written])
    assert states[NoticeState.UNKNOWN] == WAVE
    assert states[NoticeState.SENT] == 3
    assert {len(await received(person)) for person in people} <= {0, 1}


async def test_a_relay_that_is_told_to_stop_gives_back_what_it_has_not_begun(relay: Relay, sent: Counter[str]) -> None:
    async with relay.database.begin() as unit:
        await unit.notices.add(
            [notice(NoticeKind.BOOKED, now=relay.clock[0], dedupe_key=f"booked:{n}") for n in range(MANY)]
        )
    await relay.worker().relay(go_on=lambda: len(sent) < WAVE)
    assert 0 < len(sent) < MANY
    async with relay.database.read() as unit:
        counts = await unit.notices.counts()
    assert counts == {NoticeState.SENT: len(sent), NoticeState.PENDING: MANY - len(sent)}
    relay.later(seconds=6)
    await relay.worker().relay()
    assert (len(sent), set(sent.values())) == (MANY, {1})


async def record_late(relay: Relay) -> tuple[str, Notice]:
    """One relay is so slow that its lease ends and another takes the notice; then the slow one records its failure."""
    written = await relay.write("o-zhang")
    async with relay.database.begin() as unit:
        (due,) = await unit.relay.due(limit=1, now=relay.clock[0])
        slow = replace(due.notice, state=NoticeState.SENDING, leased_until=relay.clock[0] + LEASE)
        await unit.relay.take([slow])
    relay.later(minutes=4)
    async with relay.database.begin() as unit:
        (again,) = await unit.relay.due(limit=1, now=relay.clock[0])
        quick = replace(again.notice, leased_until=relay.clock[0] + LEASE)
        await unit.relay.take([quick])
        await unit.relay.record([slow], [replace(slow, state=NoticeState.FAILED)])
    return written, quick


def record_blindly(patch: pytest.MonkeyPatch) -> None:
    """The control: what was sent is recorded whoever has the notice by now."""

    async def record(self: SqlRelayRows, _: Sequence[Notice], after: Sequence[Notice]) -> None:
        await self.take(after)

    patch.setattr(SqlRelayRows, "record", record)


async def test_whoever_lost_the_lease_records_nothing(relay: Relay) -> None:
    written, quick = await record_late(relay)
    assert (await relay.read(written)).state == NoticeState.SENDING
    async with relay.database.begin() as unit:
        await unit.relay.record([quick], [replace(quick, state=NoticeState.SENT, leased_until=None)])
    assert (await relay.read(written)).state == NoticeState.SENT


async def test_control_without_the_lease_in_the_condition_the_late_one_spoils_it(
    relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    record_blindly(monkeypatch)
    written, _ = await record_late(relay)
    assert (await relay.read(written)).state == NoticeState.FAILED


async def answer_while_it_is_sent(relay: Relay) -> NoticeState:
    """A notice is answered before its relay records that it was sent."""
    written = await relay.write("o-zhang", NoticeKind.STOPPED)
    async with relay.database.begin() as unit:
        (due,) = await unit.relay.due(limit=1, now=relay.clock[0])
        going = replace(due.notice, state=NoticeState.SENDING, leased_until=relay.clock[0] + LEASE)
        await unit.relay.take([going])
        assert await unit.notices.answered(written, "1", now=relay.clock[0])
        await unit.relay.record([going], [replace(going, state=NoticeState.SENT)])
    return (await relay.read(written)).state


async def test_an_answer_that_came_while_it_was_sent_stays(relay: Relay) -> None:
    assert await answer_while_it_is_sent(relay) == NoticeState.ANSWERED


async def test_control_without_the_condition_an_answer_that_came_meanwhile_is_lost(
    relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    record_blindly(monkeypatch)
    assert await answer_while_it_is_sent(relay) == NoticeState.SENT


@pytest.mark.parametrize("state", [ClaimState.CANCELLED, ClaimState.MOVED, ClaimState.STOPPED])
async def test_a_reminder_of_what_is_undone_is_void(
    relay: Relay, sent: Counter[str], state: ClaimState, now: datetime
) -> None:
    claim = await book(relay.database, now)
    fine = await relay.write("o-zhang", NoticeKind.BOOKED, claim=claim.id, patient=claim.patient)
    await relay.worker().relay()
    reminder = await relay.write("o-zhang", NoticeKind.REMINDER_DAY, claim=claim.id, visit_at=claim.starts_at)
    async with relay.database.begin() as unit:
        assert await unit.claims.end(claim.id, was=[ClaimState.BOOKED], to=state, now=now)
    await relay.worker().relay()
    read = await relay.read(reminder)
    assert (read.state, read.reason) == (NoticeState.VOID, f"the appointment is {state}")
    assert set(sent) == {fine}


async def test_a_notice_that_comes_too_late_is_void(relay: Relay, sent: Counter[str]) -> None:
    late = await relay.write("o-zhang", void_after=relay.clock[0] + timedelta(minutes=1))
    relay.later(minutes=2)
    await relay.worker().relay()
    assert (await relay.read(late)).state == NoticeState.VOID
    assert not sent


async def test_the_backlog_and_its_age_are_shown(relay: Relay) -> None:
    await relay.write("o-zhang")
    await relay.write("o-zhang", due_at=relay.clock[0] + timedelta(days=1))
    relay.later(seconds=30)
    await relay.worker().measure()
    assert relay.metrics.backlog == (1, 0, 30.0)
