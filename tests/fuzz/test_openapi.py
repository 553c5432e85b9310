"""The HTTP interface keeps to its description, whatever is asked of it (docs/openapi.yaml)."""

import asyncio
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest
import schemathesis
from aiohttp import web
from hypothesis import settings
from redis.asyncio import Redis
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.openapi.checks import UndefinedStatusCode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from bot.health import add_health_routes
from bot.metrics import Metrics
from bot.webhook import Webhook, add_routes
from bot.wechat import Codec
from storage.database import SqlDatabase
from storage.sealing import Sealer
from tests.conftest import NOW, SECRET
from tests.support.memory_chats import MemoryChats
from tests.support.scripted import CountedMetrics, ScriptedDialogue, ScriptedSender
from tests.support.wechat_side import AES_KEY, APPID, TOKEN

DESCRIPTION = Path("docs/openapi.yaml")
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    unsupported_method,
]
schema = schemathesis.openapi.from_path(DESCRIPTION)


@pytest.fixture(scope="module")
def address(sqlite_template: Path, valkey_url: str) -> Generator[str]:
    """The four addresses on a real socket, on a loop of their own."""
    with _serving(_opened(sqlite_template, valkey_url)) as port:
        yield f"http://127.0.0.1:{port}"


@schema.parametrize()
@settings(max_examples=12)
def test_every_answer_is_one_that_the_description_knows(case: schemathesis.Case, address: str) -> None:
    case.call_and_validate(base_url=address, checks=CHECKS)


def test_every_address_is_described_and_no_other() -> None:
    app = web.Application()
    database = SqlDatabase.open("sqlite+aiosqlite:////nowhere/none.db", Sealer(SECRET))
    add_health_routes(app, database=database, redis=Redis(), metrics=Metrics())
    asyncio.run(_add_webhook(app))
    served = {(route.method.lower(), str(route.resource.canonical)) for route in app.router.routes() if route.resource}
    described = {(operation.ok().method, operation.ok().path) for operation in schema.get_all_operations()}
    assert {route for route in served if route[0] != "head"} == described


def test_control_an_answer_that_the_description_does_not_know_is_found(address: str) -> None:
    strict = schemathesis.openapi.from_dict(
        {**schema.raw_schema, "paths": {"/healthz": {"get": {"responses": {"204": {"description": "nothing"}}}}}}
    )
    case = strict["/healthz"]["GET"].Case()
    with pytest.raises(FailureGroup) as found:
        case.call_and_validate(base_url=address, checks=CHECKS)
    assert [type(each) for each in found.value.exceptions] == [UndefinedStatusCode]


async def _add_webhook(app: web.Application) -> None:
    webhook = Webhook(
        Codec(appid=APPID, token=TOKEN, aes_keys=(AES_KEY,), mode="secure"),
        chats=MemoryChats(),
        dialogue=ScriptedDialogue(),
        client=ScriptedSender(),
        now=lambda: NOW,
        metrics=CountedMetrics(),
    )
    add_routes(app.router, webhook)


async def _opened(file: Path, valkey_url: str) -> web.AppRunner:
    app = web.Application()
    database, redis = SqlDatabase.open(f"sqlite+aiosqlite:///{file}", Sealer(SECRET)), Redis.from_url(valkey_url)
    add_health_routes(app, database=database, redis=redis, metrics=Metrics())
    await _add_webhook(app)

    async def close(_: web.Application) -> None:
        await database.close()
        await redis.aclose()

    app.on_cleanup.append(close)
    return web.AppRunner(app)


@contextmanager
def _serving(opening: "asyncio.Future[web.AppRunner] | object") -> Generator[int]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    async def start() -> tuple[web.AppRunner, int]:
        runner: web.AppRunner = await opening  # type: ignore[misc]  # a coroutine
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return runner, runner.addresses[0][1]

    runner, port = asyncio.run_coroutine_threadsafe(start(), loop).result(30)
    try:
        yield port
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(30)
        loop.close()
