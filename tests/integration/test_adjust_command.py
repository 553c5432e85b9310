"""``zhenyue adjust`` and ``zhenyue load --preview`` as staff use them (R-A8)."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import pytest
from sqlalchemy import update

from booking.models import Claim, ClaimKind, ClaimState
from booking.ports import SlotFilter
from booking.staff_refusals import AdjustmentProblem
from bot import texts_adjust
from storage.database import SqlDatabase
from storage.sealing import Sealer
from storage.staff_tables import audit
from storage.tables import clinic_session
from tests.support.clinic import add_patient
from tests.support.command_line import CommandLine
from tests.support.inserts import insert

ROSTER = '{doctor: wang, weekdays: [mon, tue, wed, thu, fri, sat, sun], start: "08:30", end: "09:30", slot_minutes: 30'
CLINIC = f"""\
clinic: {{code: demo, name: 示范门诊部, phone: "010-1"}}
policy: {{advance_days: 3}}
departments:
  - {{code: dental, name: 口腔科}}
doctors:
  - {{code: wang, name: 王芳, department: dental, fee: 50}}
  - {{code: li, name: 李强, department: dental, fee: 30}}
rosters:
  - {ROSTER}, capacity: 2, room: "203"}}
"""


class Desk:
    """The command line, and a database in which somebody has booked the last published session of doctor wang."""

    def __init__(self, zhenyue: CommandLine, url: str, sealer: Sealer) -> None:
        self.zhenyue = zhenyue
        self._url, self._sealer = url, sealer
        zhenyue("load", zhenyue.write(CLINIC))
        zhenyue("publish")
        self.session = asyncio.run(self._book())

    async def _book(self) -> str:
        database = SqlDatabase.open(self._url, self._sealer)
        now = datetime.now(UTC)
        patient = await add_patient(database, "张三", openid="o1", now=now)
        async with database.begin() as unit:
            slot = (await unit.sessions.slots(SlotFilter(doctor="wang")))[-1]
            await insert(
                unit,
                Claim(
                    id="c1",
                    session=slot.session.id,
                    slot=slot.slot.id,
                    position=slot.slot.position,
                    seat=1,
                    patient=patient.id,
                    openid="o1",
                    kind=ClaimKind.MAIN,
                    state=ClaimState.BOOKED,
                    gen=slot.session.gen,
                    seq=None,
                    request_id="m1",
                    number="2611240001",
                    channel="wechat",
                    date=slot.session.date,
                    starts_at=slot.slot.starts_at,
                    ends_at=slot.slot.ends_at,
                    ordinal=1,
                    expires_at=None,
                    created_at=now,
                    updated_at=now,
                    first_booked_at=now,
                ),
            )
        await database.close()
        return slot.session.id

    def mark(self, **values: object) -> None:
        """Write what only time or other commands would."""

        async def write() -> None:
            database = SqlDatabase.open(self._url, self._sealer)
            async with database.begin() as unit:
                change = update(clinic_session).where(clinic_session.c.id == self.session)
                await unit.connection.execute(change.values(values))
            await database.close()

        asyncio.run(write())

    def actors(self) -> list[str]:
        """Return through what the audited changes came."""

        async def read() -> list[str]:
            database = SqlDatabase.open(self._url, self._sealer)
            async with database.read() as unit:
                rows = (await unit.connection.execute(audit.select().order_by(audit.c.id))).mappings()
                found = [f"{row['actor_kind']} {row['channel']} {row['action']}" for row in rows]
            await database.close()
            return found

        return asyncio.run(read())

    def rows(self) -> list[dict[str, object]]:
        """Return the slots of the session as they are listed."""
        return [row for row in self.zhenyue("slots", "--json").rows if row["session"] == self.session]


@pytest.fixture
def desk(
    tmp_path: Path,
    database_url: str,
    sealer: Sealer,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> Desk:
    return Desk(CommandLine(tmp_path, database_url, monkeypatch, capfd), database_url, sealer)


def test_adjust_tells_what_changed_and_whom_it_reaches(desk: Desk) -> None:
    shown = desk.zhenyue("adjust", desk.session, "--room", "301", "--start", "10:00", "--preview")
    assert shown.status == 0
    assert "仅预览，尚未改动" in shown.out
    assert "  诊室：203 → 301\n  时间：08:30-09:30 → 10:00-11:00\n  通知 1 个预约（可通知 1 个）" in shown.out
    assert {row["start"] for row in desk.rows()} == {"08:30", "09:00"}

    done = desk.zhenyue("adjust", desk.session, "--room", "301", "--start", "10:00", "--reason", "检修", "--json")
    [row] = done.rows
    assert (row["start"], row["room"], row["changes"], row["appointments"]) == ("10:00", "301", "room time", 1)
    assert "Redis 没有运行" in done.err
    assert {row["start"] for row in desk.rows()} == {"10:00", "10:30"}
    assert desk.actors()[-2:] == ["cli cli adjusted", "cli cli session_changed"]

    again = desk.zhenyue("adjust", desk.session, "--room", "301")
    assert (again.status, again.out) == (0, f"门诊 {desk.session} 已是如此，没有改动\n")


def test_adjust_says_how_many_slots_are_overbooked_and_goes_back_to_the_roster(desk: Desk) -> None:
    done = desk.zhenyue("adjust", desk.session, "--doctor", "li", "--capacity", "1")
    assert "  医生：wang → li\n  每段号数：2 → 1\n" in done.out
    back = desk.zhenyue("adjust", desk.session, "--to-roster")
    assert "  医生：li → wang\n  每段号数：1 → 2\n" in back.out


def test_a_changed_roster_shows_its_effect_first_and_each_session_is_decided_on(desk: Desk) -> None:
    changed = desk.zhenyue.write(CLINIC.replace('end: "09:30"', 'end: "10:30"').replace('room: "203"', 'room: "301"'))
    shown = desk.zhenyue("load", changed, "--preview")
    assert shown.status == 0
    assert "尚未载入" in shown.out
    assert "将有 4 个与新资料不一致" in shown.out or "将有 3 个与新资料不一致" in shown.out  # today's may be over
    assert "其中 1 个门诊中有 1 人" in shown.out
    assert "zhenyue adjust 门诊 --to-roster" in shown.out
    assert "zhenyue publish" not in shown.out
    assert {row["result"] for row in desk.zhenyue("publish", "--json").rows} == {"existing"}

    done = desk.zhenyue("load", changed)
    assert "其中 1 个门诊中有 1 人" in done.out
    assert "zhenyue adjust" in desk.zhenyue("publish").err
    partly = desk.zhenyue("adjust", desk.session, "--to-roster")
    assert "  诊室：203 → 301\n" in partly.out
    assert (
        f"与现有排班仍有差别（时段划分、号数），调整做不到；如需改变，请用 zhenyue stop session {desk.session}"
        in partly.err
    )
    refused = desk.zhenyue("adjust", desk.session, "--to-roster")
    assert (refused.status, refused.out) == (1, "")
    assert "时段划分、号数" in refused.err


def test_a_preview_that_could_not_be_loaded_says_why(desk: Desk) -> None:
    without = CLINIC.replace("  - {code: wang, name: 王芳, department: dental, fee: 50}\n", "").split("rosters:")[0]
    refused = desk.zhenyue("load", desk.zhenyue.write(without), "--preview")
    assert refused.status == 1
    assert "医生 wang（王芳）还有 1 个预约或锁号" in refused.err
    assert "这份资料不能载入" in refused.err
    without_li = desk.zhenyue.write(CLINIC.replace("  - {code: li, name: 李强, department: dental, fee: 30}\n", ""))
    shown = desk.zhenyue("load", without_li, "--preview")
    assert "  - 医生 li 李强（停用）" in shown.out
    assert "李强" in desk.zhenyue("load", without_li).out  # it was still there


def test_the_first_catalogue_can_be_previewed_too(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    zhenyue = CommandLine(tmp_path, database_url, monkeypatch, capfd)
    assert "尚未载入" in zhenyue("load", zhenyue.write(CLINIC), "--preview").out
    refused = zhenyue("adjust", "x", "--room", "1")
    assert (refused.status, refused.err) == (1, "还没有门诊资料；请先运行 zhenyue load 文件\n")


def test_every_problem_has_its_words() -> None:
    assert set(texts_adjust.PROBLEMS) == set(get_args(AdjustmentProblem))


def test_wrong_usage_is_one_line_and_refusals_say_what_to_do(desk: Desk) -> None:
    for options, status, words in (
        ([], 2, "没有说要改什么"),
        (["--to-roster", "--room", "1"], 2, "不能与"),
        (["--start", "25:00"], 2, "不是时间"),
        (["--start", "9点"], 2, "不是时间"),
        (["--capacity", "5000"], 2, "--capacity 应在 1 到 1000 之间"),
        (["--capacity", "-3"], 2, "--capacity 应在 1 到 1000 之间"),
        (["--room", ""], 2, "--room 的值是空的"),
        (["--room", " ", "--capacity", "2"], 2, "--room 的值是空的"),
        (["--capacity", "0"], 1, "号数至少为 1"),
        (["--doctor", "nobody"], 1, "没有代码为“nobody”的在岗医生；医生代码见 zhenyue slots"),
        (["--start", "23:30"], 1, "超出了当天"),
    ):
        refused = desk.zhenyue("adjust", desk.session, *options)
        assert (refused.status, refused.out) == (status, "")
        assert words in refused.err
        assert refused.err.count("\n") == 1
    assert "没有门诊“x”" in desk.zhenyue("adjust", "x", "--room", "1").err
    desk.mark(state="stopped")
    assert "zhenyue lift" in desk.zhenyue("adjust", desk.session, "--room", "1").err
