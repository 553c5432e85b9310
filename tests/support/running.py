"""Fixtures: the whole system on embedded defaults, a published sample clinic, WeChat beside it."""

import shutil
import subprocess
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from redis.asyncio import Redis

from emulator.client import EmulatorClient
from emulator.config import EmulatorConfig
from emulator.server import running
from tests.support.servers import create_database, drop_database
from tests.support.system import AES_KEY, APP_SECRET, APPID, SAMPLE, TOKEN, ZHENYUE, System, settings


@pytest.fixture
async def emulator() -> AsyncGenerator[tuple[EmulatorClient, str]]:
    """WeChat on this machine, not yet told where the bot is."""
    config = EmulatorConfig(
        webhook_url="http://127.0.0.1:9/wechat", token=TOKEN, aes_key=AES_KEY, appid=APPID, secret=APP_SECRET, port=0
    )
    async with running(config) as address, EmulatorClient(address) as client:
        yield client, address


@pytest.fixture
async def empty_system(tmp_path: Path, emulator: tuple[EmulatorClient, str]) -> AsyncGenerator[System]:
    """A data folder with nothing in it, and nothing running on it."""
    client, address = emulator
    system = System(tmp_path / "data", client, address)
    system.folder.mkdir()
    yield system
    await system.close()


@pytest.fixture
async def system_on_servers(
    empty_system: System, postgres_server: str, valkey: Redis, valkey_url: str
) -> AsyncGenerator[System]:
    """A data folder with nothing in it, on a PostgreSQL and a Valkey of their own; nothing running yet."""
    url = await create_database(postgres_server, "zhenyue_system", "template1")
    empty_system.env |= {"DATABASE_URL": url, "REDIS_URL": valkey_url}
    yield empty_system
    await empty_system.close()
    await drop_database(url)


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the sample clinic published, to copy."""
    folder = tmp_path_factory.mktemp("published")
    for words in (["migrate"], ["load", str(SAMPLE)], ["publish"]):
        subprocess.run([ZHENYUE, *words], check=True, env=settings(folder), cwd=folder, capture_output=True)
    return folder


@pytest.fixture
async def system(empty_system: System, published: Path) -> System:
    """Serving on embedded defaults, with the sample clinic published."""
    shutil.copytree(published, empty_system.folder, dirs_exist_ok=True)
    await empty_system.start()
    return empty_system
