"""``zhenyue check`` has one line for each thing, and the wrong ones say how to mend them."""

import base64
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from pydantic import SecretStr
from redis.asyncio import Redis

from bot.check import check_everything
from bot.connections import migrate_database, open_database
from bot.settings import Settings
from emulator.config import DEFAULT_APPID, EmulatorConfig
from emulator.server import running
from tests.conftest import NOW
from tests.support.clinic import add_patient

APP_SECRET = "0123456789abcdef0123456789abcdef"


@pytest.fixture
async def wechat() -> AsyncGenerator[str]:
    """WeChat's address, which knows one account."""
    config = EmulatorConfig(
        webhook_url="http://127.0.0.1:9/wechat", token="token123", aes_key="A" * 43, secret=APP_SECRET, port=0
    )
    async with running(config) as address:
        yield address


@pytest.fixture
def settings(valkey_url: str, wechat: str, tmp_path: Path) -> Settings:
    return Settings(
        _env_file=None,
        data_dir=tmp_path,
        redis_url=valkey_url,
        secret_key=SecretStr(base64.b64encode(b"k" * 32).decode()),
        wechat_appid=DEFAULT_APPID,
        wechat_secret=SecretStr(APP_SECRET),
        wechat_token=SecretStr("token123"),
        wechat_aes_key=SecretStr("A" * 43),
        wechat_api_base=wechat,
    )


@pytest.fixture
async def redis(valkey: Redis) -> AsyncGenerator[Redis]:
    """A Redis set up as production should be, and put back afterwards."""
    before = await valkey.config_get("appendonly", "maxmemory-policy")
    await valkey.config_set("appendonly", "yes")
    yield valkey
    for name, value in before.items():
        await valkey.config_set(name, value)


async def look(settings: Settings, **changes: object) -> tuple[int, dict[str, str]]:
    """The exit status, and each line by its subject."""
    lines: list[str] = []
    status = await check_everything(settings.model_copy(update=changes), lines.append)
    found = {line[2:].partition("：")[0]: line for line in lines}
    assert len(found) == len(lines), "one line each"
    assert status == int(any(line.startswith("✗") for line in lines))
    return status, found


@pytest.mark.usefixtures("redis")
async def test_a_sound_installation_is_told_so(settings: Settings) -> None:
    await migrate_database(settings)
    status, found = await look(settings)
    assert status == 0
    assert list(found) == ["设置", "数据库", "密钥", "Redis", "时钟", "微信"]
    assert all(line.startswith("✓") for line in found.values())


@pytest.mark.usefixtures("redis")
async def test_a_database_without_tables_is_sent_to_migrate(settings: Settings) -> None:
    status, found = await look(settings)
    assert status == 1
    assert "zhenyue migrate" in found["数据库"]


@pytest.mark.usefixtures("redis")
async def test_another_secret_key_than_the_patients_were_sealed_with_is_found(settings: Settings) -> None:
    await migrate_database(settings)
    async with open_database(settings) as database:
        await add_patient(database, "张三", openid="o1", now=NOW)
    assert (await look(settings))[1]["密钥"].startswith("✓")
    other = SecretStr(base64.b64encode(b"x" * 32).decode())
    status, found = await look(settings, secret_key=other)
    assert status == 1
    assert found["密钥"].startswith("✗")
    assert "ZHENYUE_SECRET_KEY_PREVIOUS" in found["密钥"]
    rotating = {"secret_key": other, "secret_key_previous": settings.secret_key}
    status, found = await look(settings, **rotating)
    assert status == 0
    assert "请保留 ZHENYUE_SECRET_KEY_PREVIOUS" in found["密钥"]
    async with open_database(settings.model_copy(update=rotating)) as database, database.begin() as unit:
        while await unit.patients.reseal(limit=10):
            pass
    assert "可以去掉 ZHENYUE_SECRET_KEY_PREVIOUS" in (await look(settings, **rotating))[1]["密钥"]


async def test_a_redis_that_evicts_or_forgets_is_found(settings: Settings, redis: Redis) -> None:
    await redis.config_set("maxmemory-policy", "allkeys-lru")
    assert "请改为 noeviction" in (await look(settings))[1]["Redis"]
    await redis.config_set("maxmemory-policy", "noeviction")
    await redis.config_set("appendonly", "no")
    assert "appendonly yes" in (await look(settings))[1]["Redis"]


async def test_everything_is_looked_at_though_the_first_things_are_broken(settings: Settings) -> None:
    status, found = await look(
        settings,
        database_url="postgresql+asyncpg://u:geheim@127.0.0.1:9/z",
        redis_url="redis://:geheim@127.0.0.1:9/0",
        wechat_api_base="http://127.0.0.1:9",
    )
    assert status == 1
    assert {subject for subject, line in found.items() if line.startswith("✗")} == {"数据库", "Redis", "微信"}
    assert not any("geheim" in line for line in found.values())
    assert "ZHENYUE_WECHAT_API_BASE" in found["微信"]


@pytest.mark.usefixtures("redis")
@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"wechat_secret": SecretStr("f" * 32)}, "ZHENYUE_WECHAT_SECRET"),
        ({"wechat_appid": "wx0000000000000000"}, "ZHENYUE_WECHAT_APPID"),
    ],
)
async def test_wrong_credentials_are_named_by_their_variable(
    settings: Settings, changes: dict[str, object], names: str
) -> None:
    status, found = await look(settings, **changes)
    assert status == 1
    assert found["微信"].startswith("✗")
    assert names in found["微信"]


async def test_an_embedded_redis_that_sleeps_is_no_fault(settings: Settings) -> None:
    await migrate_database(settings)
    status, found = await look(settings, redis_url="")
    assert status == 0
    assert "未运行" in found["Redis"]
