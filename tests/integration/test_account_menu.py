"""The account's menu within WeChat's limits."""

from collections.abc import AsyncGenerator
from datetime import datetime

import orjson
import pytest
from redis.asyncio import Redis

from bot.menu import BUTTONS, account_menu, click
from storage.sealing import Sealer
from tests.support.fake_wechat import FakeWeChat, Line, connect


@pytest.fixture
async def line(valkey: Redis, sealer: Sealer, now: datetime) -> AsyncGenerator[Line]:
    async with connect(FakeWeChat(), valkey, sealer, [now]) as line:
        yield line


def test_the_account_menu_is_within_wechats_limits() -> None:
    menu = account_menu()
    assert len(BUTTONS) == 3
    assert orjson.loads(orjson.dumps(menu)) == menu


@pytest.mark.parametrize(
    "buttons",
    [
        [],
        [click("一", "1")] * 4,
        [click("六个汉字太长", "1")],
        [click("好", "键" * 43)],
        [click("好", "")],
        [{"name": "更多", "sub_button": []}],
        [{"name": "更多", "sub_button": [click("一", "1")] * 6}],
        [{"name": "更多", "sub_button": [click("长" * 21, "1")]}],
    ],
)
def test_a_menu_over_the_limits_is_not_sent(buttons: list[object]) -> None:
    with pytest.raises(ValueError, match="WeChat takes"):
        account_menu(buttons)  # type: ignore[arg-type]  # what a test may pass
