"""A sentence of which no reading is sure is asked about; here none is sure, so that nothing hangs on the weights."""

import pytest

from handlers.understanding import wishes
from storage.database import SqlDatabase
from tests.support.talk import Talk

ASKED = "请问您是想"


@pytest.fixture
def unsure(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> Talk:
    """An account that is asked what any sentence means."""
    monkeypatch.setattr(wishes, "SURE", 1.01)
    monkeypatch.setattr(wishes, "POSSIBLE", 0.0)
    return talk


async def test_what_is_chosen_is_done(unsure: Talk) -> None:
    (await unsure.says("明天的王芳我去不了啦")).shows(ASKED, "取消预约", "都不是")
    (await unsure.says("取消预约")).hides(ASKED)


async def test_the_sentence_is_read_as_what_was_chosen(unsure: Talk) -> None:
    (await unsure.says("后天十点王芳我要去一趟")).shows(ASKED, "预约挂号", "都不是")
    (await unsure.says("预约挂号")).shows("请确认预约信息", "11月25日 周三", "时间：10:00")


async def test_none_of_them_is_told_to_staff_as_not_understood(unsure: Talk, database: SqlDatabase) -> None:
    (await unsure.says("想问问那个王芳的事")).shows(ASKED)
    (await unsure.says("都不是")).shows("没有看懂").offers("预约挂号", "我的预约", "就诊人", "帮助")
    async with database.read() as unit:
        assert [one.said for one in await unit.misunderstood.all()] == ["想问问那个王芳的事"]


async def test_a_command_does_what_it_always_does(unsure: Talk) -> None:
    (await unsure.says("想问问那个王芳的事")).shows(ASKED)
    (await unsure.says("我的预约")).hides(ASKED)


async def test_in_a_dialogue_the_likeliest_is_taken_and_said(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    await talk.says("王芳", "1")
    monkeypatch.setattr(wishes, "SURE", 1.01)
    (await talk.says("还是改成后天吧")).shows("11月25日 周三").hides(ASKED)
