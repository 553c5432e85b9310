"""What is not understood: asked again, with a human way out, and kept for staff without telling whose it is."""

from datetime import timedelta

import pytest

from booking.errors import Unavailable
from booking.sayings import Sayings
from storage.database import SqlDatabase
from tests.support.talk import Talk
from tests.support.talking import ID_NUMBER, MENU, known

WAY_OUT = "或回复“人工”"


@pytest.fixture
async def talk(database: SqlDatabase, new: Talk) -> Talk:
    """An account with one patient at the small clinic."""
    await known(database, new, "张三丰")
    return new


async def kept(database: SqlDatabase) -> dict[str, str]:
    """What is kept, with the question it was said to."""
    async with database.read() as unit:
        return {one.said: one.asked for one in await unit.misunderstood.all()}


async def test_after_two_in_a_row_a_human_way_out_is_offered(talk: Talk) -> None:
    (await talk.says("云是白的")).shows("没有看懂").hides(WAY_OUT).offers(*MENU)
    (await talk.says("云还是白的")).shows("没有看懂", "010-00000000", WAY_OUT).offers(*MENU)
    (await talk.says("预约")).hides(WAY_OUT)
    (await talk.says("云是白的")).hides(WAY_OUT)
    (await talk.says("9")).shows("没有选项", WAY_OUT)
    (await talk.says("王芳", "云是白的")).hides(WAY_OUT)


async def test_after_half_an_hour_nothing_is_in_a_row_any_more(talk: Talk) -> None:
    await talk.says("云是白的")
    talk.now += timedelta(minutes=31)
    (await talk.says("云还是白的")).hides(WAY_OUT)


async def test_what_was_not_understood_is_kept_with_the_question(talk: Talk, database: SqlDatabase) -> None:
    await talk.says("云是白的呀", "预约", "云还是白的呀", "王芳", "天书奇谭了啊")
    assert await kept(database) == {"云是白的呀": "", "云还是白的呀": "way", "天书奇谭了啊": "day"}


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("张三丰是我啊你猜", "张*是我啊你猜"),
        ("打我13987654321啊啊", "打我***********啊啊"),
        (f"这是{ID_NUMBER}哟哟", "这是******************哟哟"),
        ("加我wxid_abc12345哟", "加我*************哟"),
        ("一三八一二三四五六七八哟", "***********哟"),
        ("欧阳建国", "欧*"),
    ],
)
async def test_what_is_kept_tells_of_nobody(talk: Talk, database: SqlDatabase, text: str, masked: str) -> None:
    (await talk.says(text)).shows("没有看懂")
    assert list(await kept(database)) == [masked]


async def test_numbers_nods_details_and_words_of_staff_flows_are_not_kept(talk: Talk, database: SqlDatabase) -> None:
    await talk.says("88", "好的", "1")
    stranger = Talk(talk.dialogue, talk.now, openid="o-new")
    await stranger.says("眼科", "同意", "为什么要姓名", "其他证件", "没有那些")
    assert await kept(database) == {}


async def test_a_database_that_does_not_take_it_disturbs_nobody(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_args: object, **_kwargs: object) -> None:
        raise Unavailable

    monkeypatch.setattr(Sayings, "keep", fail)
    (await talk.says("云是白的")).shows("没有看懂").offers(*MENU)
