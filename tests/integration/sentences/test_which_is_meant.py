"""A sentence of which no reading is sure is asked about; here none is sure, so that nothing hangs on the weights."""

import pytest

from handlers.understanding import wishes
from storage.database import SqlDatabase
from tests.support.talk import Talk

ASKED, NEITHER = "请问您是想", "其他意思"
WISH = "后天十点王芳我要去一趟"


@pytest.fixture
async def unsure(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> Talk:
    """An account with an appointment tomorrow that is asked what any sentence means."""
    (await talk.says("明天的预约", "菜单")).offers("预约挂号", "我的预约", "就诊人", "帮助")
    monkeypatch.setattr(wishes, "SURE", 1.01)
    monkeypatch.setattr(wishes, "POSSIBLE", 0.0)
    return talk


@pytest.fixture
def doubtful(unsure: Talk, monkeypatch: pytest.MonkeyPatch) -> Talk:
    """The same, asked about one reading only."""
    monkeypatch.setattr(wishes, "POSSIBLE", 1.0)
    return unsure


async def test_what_is_chosen_is_done_with_what_the_sentence_says(unsure: Talk) -> None:
    (await unsure.says(WISH)).shows(ASKED, "预约挂号", NEITHER)
    (await unsure.says("预约挂号")).shows("请确认预约信息", "11月25日 周三", "时间：10:00")


@pytest.mark.parametrize("yes", ["1", "是", "是的", "对", "预约", "我要挂号"])
async def test_a_digit_a_yes_and_the_command_of_a_choice_choose_it(doubtful: Talk, yes: str) -> None:
    (await doubtful.says(WISH)).offers("预约挂号", NEITHER)
    (await doubtful.says(yes)).shows("请确认预约信息", "时间：10:00")


@pytest.mark.parametrize("no", ["2", "不是", "没有", "都不是", "其他意思"])
async def test_none_of_them_is_told_to_staff_masked(doubtful: Talk, database: SqlDatabase, no: str) -> None:
    (await doubtful.says("帮赵铁柱约一个吧")).shows(ASKED)
    (await doubtful.says(no)).shows("没有看懂").offers("预约挂号", "我的预约", "就诊人", "帮助")
    async with database.read() as unit:
        assert [one.said for one in await unit.misunderstood.all()] == ["帮赵*约一个吧"]


async def test_after_two_in_a_row_a_human_way_out_is_offered(doubtful: Talk) -> None:
    await doubtful.says(WISH, NEITHER, WISH)
    (await doubtful.says(NEITHER)).shows("人工")


async def test_a_tap_of_an_older_question_answers_none_about_another_sentence(doubtful: Talk) -> None:
    first = await doubtful.says(WISH)
    (await doubtful.says("大后天九点李强我要去一趟")).shows(ASKED)
    (await doubtful.taps(first, "预约挂号")).shows("之前消息里的选项", ASKED)


async def test_a_step_back_leads_to_the_menu(doubtful: Talk) -> None:
    await doubtful.says(WISH)
    (await doubtful.says("返回")).hides(ASKED).offers("预约挂号", "我的预约", "就诊人", "帮助")


async def test_below_a_red_flag_it_is_asked_again(doubtful: Talk) -> None:
    await doubtful.says(WISH)
    (await doubtful.says("我胸口疼得出冷汗")).shows("120", ASKED)


async def test_a_command_does_what_it_always_does(doubtful: Talk) -> None:
    (await doubtful.says(WISH)).shows(ASKED)
    (await doubtful.says("我的预约")).hides(ASKED)


async def test_in_a_dialogue_the_likeliest_is_taken_and_said(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    await talk.says("王芳", "1")
    monkeypatch.setattr(wishes, "SURE", 1.01)
    (await talk.says("还是改成后天吧")).shows("11月25日 周三").hides(ASKED)


@pytest.mark.parametrize(
    "text", ["我不是要退号,你别乱点", "先别给我取消啊", "我又没取消,你急什么", "航班取消了,正在机场骂人呢"]
)
async def test_a_mere_word_cancels_nothing(talk: Talk, text: str) -> None:
    (await talk.says("明天九点王芳", "1")).shows("预约成功")
    (await talk.says(text)).hides("请确认取消")
