"""Which way a notice takes to a person, against an emulated WeChat, on SQLite and PostgreSQL."""

import stat
from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from redis.asyncio import Redis
from sqlalchemy import update

from booking.models import Template
from booking.notices import NoticeKind, NoticeState
from booking.relaying import LEASE
from storage.database import SqlDatabase
from storage.patient_tables import patient as patient_table
from storage.sealing import Sealer
from tests.support.clinic import add_patient
from tests.support.notices import payload
from tests.support.relay import TEMPLATE, Relay, reader, received, relaying

BOOKED, STOPPED = NoticeKind.BOOKED, NoticeKind.STOPPED


@pytest.fixture
async def relay(
    database: SqlDatabase, valkey: Redis, sealer: Sealer, tmp_path: Path, now: datetime
) -> AsyncGenerator[Relay]:
    async with relaying(database, valkey, sealer, tmp_path, now) as relay:
        yield relay


async def test_without_a_template_a_customer_service_message_brings_the_notice(relay: Relay) -> None:
    ming = await reader(relay.wechat, "小明")
    notice = await relay.write(ming)
    assert await relay.worker().relay() == 1
    assert "预约成功" in await ming.next_message()
    read = await relay.read(notice)
    assert (read.state, read.channel, read.sent_at) == (NoticeState.SENT, "custom", relay.clock[0])
    assert relay.metrics.reached == {("booked", "sent"): 1}
    assert await relay.worker().relay() == 0


async def test_a_template_goes_first_and_its_delivery_is_noted(relay: Relay) -> None:
    await relay.templates(booked=TEMPLATE)
    ming = await reader(relay.wechat, "小明")
    notice = await relay.write(ming)
    await relay.worker().relay()
    card = await ming.next_message()
    assert card.kind == "card"
    assert "王芳" in card
    assert "2026年11月24日 09:00" in card
    await relay.wechat.deliveries(what="TEMPLATESENDJOBFINISH", wait=5)
    assert await relay.worker().settle() == 1
    read = await relay.read(notice)
    assert (read.state, read.channel) == (NoticeState.DELIVERED, "template")
    assert read.msgid
    assert await received(ming) == ["template"]


async def test_a_template_that_asks_is_followed_by_its_choices(relay: Relay) -> None:
    await relay.templates(stopped=TEMPLATE)
    ming = await reader(relay.wechat, "小明")
    notice = await relay.write(ming, STOPPED)
    await relay.worker().relay()
    assert (await ming.next_message()).kind == "card"
    choices = (await ming.next_message()).choices
    assert [choice.number for choice in choices] == ["1", "2", "0"]
    read = await relay.read(notice)
    assert (read.state, read.channel, read.shown) == (NoticeState.SENT, "template", True)


async def test_choices_that_could_not_be_sent_are_not_shown(relay: Relay) -> None:
    await relay.templates(stopped=TEMPLATE)
    ming = await reader(relay.wechat, "小明")
    await relay.silence()
    notice = await relay.write(ming, STOPPED)
    await relay.worker().relay()
    read = await relay.read(notice)
    assert (read.state, read.channel, read.shown) == (NoticeState.SENT, "template", False)


async def test_outside_the_48_hours_an_sms_brings_it(relay: Relay) -> None:
    ming = await reader(relay.wechat, "小明")
    await relay.silence()
    patient = await add_patient(relay.database, "张三", openid=ming.openid, now=relay.clock[0])
    notice = await relay.write(ming, patient=patient.id)
    await relay.worker().relay()
    read = await relay.read(notice)
    assert (read.state, read.channel) == (NoticeState.SENT, "sms")
    assert read.reason == "custom outside_window 45015"
    (sms,) = relay.texts()
    assert sms["mobile"] == "13800138000"
    assert sms["text"].startswith("【示范门诊部】预约成功")
    assert "\n" not in sms["text"]
    assert stat.S_IMODE(relay.sms_file.stat().st_mode) == 0o600


async def test_without_sms_it_is_unreachable(relay: Relay) -> None:
    ming = await reader(relay.wechat, "小明")
    await relay.silence()
    patient = await add_patient(relay.database, "张三", openid=ming.openid, now=relay.clock[0])
    notice = await relay.write(ming, patient=patient.id)
    await relay.worker(sms=False).relay()
    read = await relay.read(notice)
    assert (read.state, read.reason) == (NoticeState.UNREACHABLE, "custom outside_window 45015")
    assert relay.texts() == []


async def test_whoever_has_no_account_gets_an_sms_at_the_desks_number_or_is_telephoned(
    relay: Relay, sealer: Sealer
) -> None:
    await add_patient(relay.database, "李四", openid="o-other", now=relay.clock[0])
    notice = await relay.write(None, NoticeKind.STOPPED, patient="p-李四")
    confirmed = await relay.write(None, NoticeKind.BOOKED, patient="p-李四")
    await relay.worker().relay()
    read = await relay.read(notice)
    assert (read.state, read.reason) == (NoticeState.UNREACHABLE, "sms no number")
    assert (await relay.read(confirmed)).state == NoticeState.VOID  # staff told the caller on the telephone
    sealed = sealer.seal(b"13900139000", bound_to="patient:p-李四:mobile")
    async with relay.database.begin() as unit:
        await unit.connection.execute(update(patient_table).values(mobile=sealed))
    await relay.write(None, patient="p-李四")
    await relay.worker().relay()
    assert [sms["mobile"] for sms in relay.texts()] == ["13900139000"]


async def test_wechat_is_not_asked_for_whoever_left(relay: Relay) -> None:
    ming = await reader(relay.wechat, "小明")
    async with relay.database.begin() as unit:
        await unit.patients.follow(ming.openid, following=False, now=relay.clock[0])
    notice = await relay.write(ming)
    await relay.worker().relay()
    read = await relay.read(notice)
    assert (read.state, read.reason) == (NoticeState.UNREACHABLE, "not following")
    assert relay.metrics.calls == {}


async def test_a_template_to_a_person_who_blocked_goes_on_to_sms(relay: Relay) -> None:
    await relay.templates(booked=TEMPLATE)
    ming = await reader(relay.wechat, "小明")
    await ming.change(refuses=True)
    patient = await add_patient(relay.database, "张三", openid=ming.openid, now=relay.clock[0])
    notice = await relay.write(ming, patient=patient.id)
    await relay.worker().relay()
    await relay.wechat.deliveries(what="TEMPLATESENDJOBFINISH", wait=5)
    await relay.worker().settle()
    read = await relay.read(notice)
    assert (read.state, read.channel) == (NoticeState.PENDING, "custom")
    await relay.worker().relay()
    read = await relay.read(notice)
    assert (read.state, read.channel) == (NoticeState.SENT, "sms")
    assert read.reason == "template failed:user block; custom unreachable 48002"


@pytest.mark.parametrize("status", ["success", "failed: system failed"])
async def test_an_end_that_is_told_before_its_number_is_recorded_is_not_lost(relay: Relay, status: str) -> None:
    async with relay.database.begin() as unit:
        await unit.relay.keep_outcome(2**62, status, now=relay.clock[0])
        await unit.relay.keep_outcome(2**62, status, now=relay.clock[0])
    notice = await relay.write("o-zhang")
    assert await relay.worker().settle() == 0
    async with relay.database.begin() as unit:
        (due,) = await unit.relay.due(limit=1, now=relay.clock[0])
        going = replace(due.notice, state=NoticeState.SENDING, channel="template", leased_until=relay.clock[0] + LEASE)
        await unit.relay.take([going])
        await unit.relay.record([going], [replace(going, state=NoticeState.SENT, msgid=2**62)])
    assert await relay.worker().settle() == 1
    state = NoticeState.DELIVERED if status == "success" else NoticeState.PENDING
    assert (await relay.read(notice)).state == state
    assert await relay.worker().settle() == 0


async def test_an_end_that_belongs_to_no_notice_is_forgotten_after_a_day(relay: Relay) -> None:
    async with relay.database.begin() as unit:
        await unit.relay.keep_outcome(7, "success", now=relay.clock[0])
    notice = await relay.write("o-zhang")
    relay.later(days=2)
    async with relay.database.begin() as unit:
        await unit.relay.forget_outcomes(before=relay.clock[0] - timedelta(days=1))
        (due,) = await unit.relay.due(limit=1, now=relay.clock[0])
        going = replace(due.notice, state=NoticeState.SENDING, leased_until=relay.clock[0])
        await unit.relay.take([going])
        await unit.relay.record([going], [replace(going, state=NoticeState.SENT, msgid=7)])
    assert await relay.worker().settle() == 0
    assert (await relay.read(notice)).state == NoticeState.SENT


async def test_one_consent_is_one_subscription_notice(relay: Relay) -> None:
    await relay.templates(booked=replace(TEMPLATE, subscription=True))
    ming = await reader(relay.wechat, "小明")
    await ming.consent(TEMPLATE.id)
    first, second = await relay.write(ming), await relay.write(ming)
    await relay.worker().relay()
    channels = sorted([(await relay.read(each)).channel or "" for each in (first, second)])
    assert channels == ["custom", "subscription"]
    assert sorted(await received(ming)) == ["custom", "subscription"]


async def test_a_consent_that_is_delivered_twice_counts_once(relay: Relay) -> None:
    await relay.templates(booked=replace(TEMPLATE, subscription=True))
    ming = await reader(relay.wechat, "小明")
    await relay.wechat.fault("replay", what="subscribe_msg_popup_event")
    await ming.consent(TEMPLATE.id)
    async with relay.database.begin() as unit:
        assert await unit.relay.spend([(ming.openid, TEMPLATE.id)] * 2) == {0}


async def test_a_refused_question_is_no_consent(relay: Relay) -> None:
    await relay.templates(booked=replace(TEMPLATE, subscription=True))
    ming = await reader(relay.wechat, "小明")
    await ming.consent(TEMPLATE.id, "reject")
    async with relay.database.begin() as unit:
        assert await unit.relay.spend([(ming.openid, TEMPLATE.id)]) == set()


async def test_values_are_made_to_fit_their_fields(relay: Relay) -> None:
    fields = {
        "thing1": "reason", "phrase2": "department", "name3": "doctor", "character_string4": "number",
        "amount5": "fee", "time6": "time", "date7": "start", "phone_number8": "phone", "phrase9": "note",
    }  # fmt: skip
    await relay.templates(stopped=Template("T-long", fields))
    ming = await reader(relay.wechat, "小明")
    content = payload(STOPPED) | {"reason": "医生临时\n外出参加急救，" * 5}
    notice = await relay.write(ming, STOPPED, content=content)
    await relay.worker().relay()
    assert (await relay.read(notice)).channel == "template", (await relay.read(notice)).reason
