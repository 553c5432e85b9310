"""The emulator wired to a toy bot."""

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest

from emulator.client import EmulatorClient
from emulator.server import running
from tests.support.toybot import BotApi, ToyBot, config_for, serving


@pytest.fixture
async def bot() -> AsyncIterator[ToyBot]:
    """The toy bot, listening."""
    toy = ToyBot()
    async with serving(toy):
        yield toy


@pytest.fixture
async def wechat(bot: ToyBot) -> AsyncIterator[EmulatorClient]:
    """A client of an emulator that is wired to the toy bot."""
    async with running(config_for(bot)) as address, EmulatorClient(address) as client:
        yield client


@pytest.fixture
def gate() -> asyncio.Event:
    """Something a bot's answer can wait for."""
    return asyncio.Event()


@pytest.fixture
async def api(wechat: EmulatorClient) -> AsyncIterator[BotApi]:
    """The API of the emulator that `wechat` controls."""
    async with aiohttp.ClientSession() as session:
        yield BotApi(wechat._base, session)
