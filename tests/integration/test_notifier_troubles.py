"""Every error of WeChat's table, silence, HTML, quotas: what becomes of a notice, and of the others in its batch."""

from collections.abc import AsyncGenerator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from booking.notices import NoticeKind, NoticeState
from booking.relaying import IDEMPOTENT, MOST_TRIES, NoticeChannel
from bot.sending_limits import next_midnight
from bot.wechat_http import aiohttp as http
from storage.database import SqlDatabase
from storage.sealing import Sealer
from tests.support.clinic import add_patient
from tests.support.relay import TEMPLATE, Relay, reader, received, relaying

PENDING, SENT = NoticeState.PENDING, NoticeState.SENT
PATIENCE = 1.5
"""Seconds: short of WeChat's silence in these tests, long for an answer on a busy machine."""


@pytest.fixture
def database_kind() -> str:
    """What is judged here is not SQL's; ``test_notifier`` runs on both."""
    return "sqlite"


@pytest.fixture
async def relay(
    database: SqlDatabase, valkey: Redis, sealer: Sealer, tmp_path: Path, now: datetime
) -> AsyncGenerator[Relay]:
    async with relaying(database, valkey, sealer, tmp_path, now) as relay:
        await relay.templates(booked=TEMPLATE)
        yield relay


@pytest.mark.parametrize("errcode", [-1, 45011])
async def test_busy_wechat_is_asked_again_later_and_later(relay: Relay, errcode: int) -> None:
    ming = await reader(relay.wechat, "小明")
    await relay.wechat.fault("api_error", path="template/send", errcode=errcode, times=2)
    notice = await relay.write(ming)
    worker = relay.worker()
    await worker.relay()
    first = await relay.read(notice)
    assert (first.state, first.channel, first.first_tried_at) == (PENDING, "template", None)
    assert await worker.relay() == 0
    relay.later(seconds=6)
    await worker.relay()
    second = await relay.read(notice)
    assert second.due_at - relay.clock[0] > first.due_at - first.updated_at
    relay.later(seconds=11)
    await worker.relay()
    assert (await relay.read(notice)).state in {SENT, NoticeState.DELIVERED}
    assert await received(ming) == ["template"]


async def test_a_channel_that_stays_busy_gives_way_to_the_next(relay: Relay) -> None:
    ming = await reader(relay.wechat, "小明")
    await relay.wechat.fault("api_error", path="template/send", errcode=-1, times=None)
    notice = await relay.write(ming)
    for _ in range(MOST_TRIES):
        await relay.worker().relay()
        relay.later(minutes=6)
    assert ((await relay.read(notice)).state, (await relay.read(notice)).channel) == (SENT, "custom")


@pytest.mark.parametrize("errcode", [40001, 40014, 42001])
async def test_a_refused_token_is_fetched_anew_once(relay: Relay, errcode: int) -> None:
    ming = await reader(relay.wechat, "小明")
    await relay.wechat.fault("api_error", path="template/send", errcode=errcode)
    notice = await relay.write(ming)
    await relay.worker().relay()
    assert (await relay.read(notice)).channel == "template"
    assert relay.metrics.calls["template_send", "ok"] == 1
    await relay.wechat.fault("api_error", path="template/send", errcode=errcode, times=None)
    other = await relay.write(ming)
    await relay.worker().relay()
    assert (await relay.read(other)).state == PENDING
    assert relay.metrics.calls["template_send", "token_invalid"] == 3


@pytest.mark.parametrize(("errcode", "word"), [(40003, "permanent"), (40037, "permanent"), (47003, "permanent")])
async def test_a_wrong_argument_fails_its_channel_for_good(relay: Relay, errcode: int, word: str) -> None:
    ming = await reader(relay.wechat, "小明")
    await relay.wechat.fault("api_error", path="template/send", errcode=errcode)
    notice = await relay.write(ming)
    await relay.worker().relay()
    read = await relay.read(notice)
    assert (read.state, read.channel, read.reason) == (SENT, "custom", f"template {word} {errcode}")


async def test_what_wechat_refuses_for_good_on_every_channel_has_failed(relay: Relay) -> None:
    notice = await relay.write("oNobody")
    await relay.worker().relay()
    read = await relay.read(notice)
    assert (read.state, read.reason) == (
        NoticeState.FAILED,
        "template permanent 40003; custom permanent 40003",
    )


@pytest.mark.parametrize("errcode", [43004, 43019, 43101, 48002])
async def test_whoever_refuses_or_left_is_unreachable_by_wechat(relay: Relay, errcode: int) -> None:
    ming = await reader(relay.wechat, "小明")
    await relay.wechat.fault("api_error", path="/send", errcode=errcode, times=None)
    notice = await relay.write(ming)
    await relay.worker(sms=False).relay()
    read = await relay.read(notice)
    assert read.state == NoticeState.UNREACHABLE
    assert read.reason == f"template unreachable {errcode}; custom unreachable {errcode}"


@pytest.mark.parametrize("errcode", [45015, 45047])
async def test_outside_the_window_the_next_channel_is_taken(relay: Relay, errcode: int) -> None:
    ming = await reader(relay.wechat, "小明")
    await relay.wechat.fault("api_error", path="custom/send", errcode=errcode)
    patient = await add_patient(relay.database, "张三", openid=ming.openid, now=relay.clock[0])
    notice = await relay.write(ming, NoticeKind.CANCELLED, patient=patient.id)
    await relay.worker().relay()
    assert (await relay.read(notice)).channel == "sms"


@pytest.mark.parametrize("kind", ["api_html", "api_disconnect", "api_timeout"])
async def test_a_template_in_doubt_is_repeated_and_arrives_once(
    relay: Relay, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.wechat_http.TIMEOUT", http.ClientTimeout(total=PATIENCE))
    ming = await reader(relay.wechat, "小明")
    await relay.wechat.fault(kind, path="template/send", seconds=30, after=True)
    notice = await relay.write(ming)
    await relay.worker().relay()
    doubtful = await relay.read(notice)
    assert (doubtful.state, doubtful.first_tried_at) == (PENDING, relay.clock[0])
    relay.later(seconds=6)
    await relay.worker().relay()
    read = await relay.read(notice)
    assert read.state in {SENT, NoticeState.DELIVERED}
    assert read.msgid
    assert await received(ming) == ["template"]


async def test_control_without_its_number_a_repeated_template_arrives_twice(
    relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    send = relay.client.template_send
    monkeypatch.setattr(
        relay.client, "template_send", lambda openid, template, data, client_msg_id: send(openid, template, data)
    )
    ming = await reader(relay.wechat, "小明")
    await relay.wechat.fault("api_html", path="template/send", after=True)
    await relay.write(ming)
    await relay.worker().relay()
    relay.later(seconds=6)
    await relay.worker().relay()
    assert await received(ming) == ["template", "template"]


async def test_a_template_that_stays_in_doubt_becomes_unknown(relay: Relay) -> None:
    ming = await reader(relay.wechat, "小明")
    await relay.wechat.fault("api_html", path="template/send", times=None)
    notice = await relay.write(ming)
    began = relay.clock[0]
    while relay.clock[0] < began + IDEMPOTENT + timedelta(minutes=6):
        await relay.worker().relay()
        relay.later(seconds=30)
    assert (await relay.read(notice)).state == NoticeState.UNKNOWN
    calls = await relay.wechat.calls(path="template/send")
    assert len(calls) > 3


@pytest.mark.parametrize("kind", ["api_html", "api_disconnect", "api_timeout"])
async def test_a_customer_service_message_in_doubt_is_never_repeated(
    relay: Relay, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.wechat_http.TIMEOUT", http.ClientTimeout(total=PATIENCE))
    ming = await reader(relay.wechat, "小明")
    await relay.wechat.fault(kind, path="custom/send", seconds=30, after=True)
    notice = await relay.write(ming, NoticeKind.CANCELLED)
    await relay.worker().relay()
    read = await relay.read(notice)
    assert (read.state, read.reason) == (NoticeState.UNKNOWN, "custom ambiguous")
    relay.later(minutes=20)
    assert await relay.worker().relay() == 0
    assert relay.metrics.calls["custom_send", "ambiguous"] == 1


async def test_one_person_s_trouble_is_no_other_s(relay: Relay) -> None:
    people = [await reader(relay.wechat, name) for name in ("小明", "小红", "小刚")]
    await people[1].change(blacklisted=True)
    broken = await relay.write(people[0], content={"visit": {}})
    notices = [await relay.write(person) for person in people]
    await relay.worker(sms=False).relay()
    states = [(await relay.read(notice)).state for notice in notices]
    assert [state in {SENT, NoticeState.DELIVERED} for state in states] == [True, False, True]
    assert (await relay.read(broken)).reason == "template not rendered KeyError; custom not rendered KeyError"


async def test_a_used_up_quota_pauses_its_channel_for_all_until_midnight(relay: Relay) -> None:
    ming = await reader(relay.wechat, "小明")
    await relay.wechat.limit("/cgi-bin/message/template/send", 1)
    notices = [await relay.write(ming, dedupe_key=f"n{n}") for n in range(3)]
    await relay.worker().relay()
    channels = sorted([(await relay.read(notice)).channel or "" for notice in notices])
    assert channels == ["custom", "custom", "template"]
    calls = len(await relay.wechat.calls(path="template/send"))
    other = await relay.write(ming)
    await relay.worker().relay()
    assert (await relay.read(other)).channel == "custom"
    assert len(await relay.wechat.calls(path="template/send")) == calls


async def test_who_can_be_reached_only_by_template_waits_for_midnight_and_is_told_then(relay: Relay) -> None:
    ming = await reader(relay.wechat, "小明")
    await relay.silence()
    quota = await relay.wechat.fault("api_error", path="template/send", errcode=45009, times=None)
    notice = await relay.write(ming, visit_at=relay.clock[0] + timedelta(days=3))
    soon = await relay.write(ming, visit_at=relay.clock[0] + timedelta(hours=3))
    worker = relay.worker(sms=False)
    await worker.relay()
    waiting = await relay.read(notice)
    midnight = next_midnight(relay.clock[0])
    assert (waiting.state, waiting.channel, waiting.due_at) == (PENDING, "template", midnight)
    assert midnight.isoformat() == "2026-11-24T00:00:00+08:00"
    assert (await relay.read(soon)).state == NoticeState.UNREACHABLE
    await relay.wechat.request("DELETE", f"faults/{quota}")
    relay.clock[0] = midnight
    await worker.relay()
    assert ((await relay.read(notice)).state, (await relay.read(notice)).channel) == (SENT, "template")


async def test_a_pause_is_kept_without_redis_by_whoever_met_it(relay: Relay) -> None:
    away = Redis(host="127.0.0.1", port=9, retry=Retry(NoBackoff(), 0))
    ming = await reader(relay.wechat, "小明")
    await relay.wechat.limit("/cgi-bin/message/template/send", 0)
    worker = relay.worker(redis=away)
    await relay.write(ming)
    await worker.relay()
    await relay.write(ming)
    await worker.relay()
    assert len(await relay.wechat.calls(path="template/send")) == 1
    assert worker._pauses.holds(NoticeChannel.TEMPLATE)
    await away.aclose()
