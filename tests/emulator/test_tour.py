"""A tour plays a conversation in the page and in the terminal."""

import io
import json

import pytest
from rich.console import Console

from emulator.client import EmulatorClient
from emulator.tour import TOURS, Script, Step, TourFailed, play

MENU = '请选择科室：\n1. <a href="weixin://bizmsgmenu?msgmenucontent=1&msgmenuid=a">口腔科</a>\n2. 儿科'


@pytest.fixture
def clinic(bot):
    """A bot that books in two steps."""

    async def answer(message) -> str:
        content = getattr(message, "content", "")
        return {"预约": MENU, "1": "预约成功", "2": "儿科已满"}.get(content, "您好")

    bot.answer = answer


def script(*steps: dict) -> Script:
    return Script("演示", [Step.read({"user": "小明"} | step) for step in steps])


@pytest.mark.usefixtures("clinic")
async def test_a_tour_books_and_the_terminal_shows_the_conversation(wechat: EmulatorClient):
    shown = io.StringIO()
    tour = script({"follow": True}, {"say": "预约", "note": "他想预约"}, {"tap": "口腔", "expect": "预约成功"})
    last = await play(wechat, tour, pace=0, echo=Console(file=shown, width=80))
    assert last["小明"].text == "预约成功"
    for words in ("演示", "他想预约", "请选择科室", "口腔科", "预约成功"):
        assert words in shown.getvalue()


@pytest.mark.usefixtures("clinic")
async def test_a_step_is_skipped_when_its_condition_does_not_hold(wechat: EmulatorClient, bot):
    tour = script(
        {"follow": True}, {"say": "身份证", "only_if": "请输入身份证号"}, {"say": "预约"}, {"tap": "眼科", "any": True}
    )
    await play(wechat, tour, pace=0, echo=Console(file=io.StringIO()))
    assert [message.content for message in bot.seen if message.type == "text"] == ["预约", "1"]


@pytest.mark.usefixtures("clinic")
async def test_letters_appear_in_the_page_as_they_are_typed(wechat: EmulatorClient):
    await play(wechat, script({"follow": True}, {"say": "预约"}), pace=1000, echo=Console(file=io.StringIO()))


@pytest.mark.usefixtures("clinic")
async def test_a_tour_stops_when_the_answer_is_not_as_expected(wechat: EmulatorClient):
    tour = script({"follow": True}, {"say": "你好", "expect": "预约成功"})
    with pytest.raises(TourFailed, match="预约成功"):
        await play(wechat, tour, pace=0, echo=Console(file=io.StringIO()))


@pytest.mark.parametrize(
    "step",
    [{"user": "小明"}, {"say": "x"}, {"user": "小明", "say": "x", "tap": "y"}, {"user": "a", "say": "b", "x": 1}],
)
def test_a_step_that_makes_no_sense_is_refused(step: dict):
    with pytest.raises(ValueError, match="a step needs"):
        Step.read(step)


@pytest.mark.parametrize("path", sorted(TOURS.glob("*.json")), ids=lambda path: path.stem)
def test_every_tour_of_the_package_can_be_read(path):
    tour = Script.load(path)
    assert tour.steps
    assert json.loads(path.read_text(encoding="utf-8"))["title"] == tour.title
