"""Commands on the official account itself: menu push."""

import aiohttp

from bot import texts
from bot.app import WECHAT_SECONDS, make_client
from bot.connections import open_database, open_redis
from bot.console import begin, complain, say
from bot.embedded import shared_ground
from bot.loop import run
from bot.menu import push_menu
from bot.metrics import Metrics
from bot.settings import Settings
from bot.wechat_errors import WeChatError
from storage.clock import DatabaseClock

REFUSED = 1


def push() -> int:
    """Publish the account menu."""
    settings = begin(Settings)
    with shared_ground(settings) as ground:
        return run(_push(settings, ground.redis_url))


async def _push(settings: Settings, redis_url: str) -> int:
    async with (
        open_database(settings) as database,
        open_redis(redis_url) as redis,
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=WECHAT_SECONDS)) as session,
    ):
        clock = DatabaseClock(database)
        client = make_client(settings, session, redis, now=clock.now, metrics=Metrics())
        try:
            menu = await push_menu(client)
        except WeChatError as error:
            complain(texts.MENU_REFUSED.format(problem=error))
            return REFUSED
    buttons = menu.get("button")
    say(texts.MENU_PUSHED.format(count=len(buttons) if isinstance(buttons, list) else 0))
    return 0
