"""Reading requests of the control interface and answering them."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

from aiohttp import web
from pydantic import ValidationError

from emulator.actions import NotPossible
from emulator.calls import ApiError
from emulator.control_inputs import Input
from emulator.feed import Feed, Topic
from emulator.shapes import Json
from emulator.world import UnknownUser

LONGEST_WAIT = 120.0
Read = TypeVar("Read", bound=Input)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def answered(body: Json, *, status: int = 200) -> web.Response:
    """A JSON answer."""
    return web.json_response(body, status=status, dumps=lambda value: json.dumps(value, ensure_ascii=False))


async def read_input(request: web.Request, kind: type[Read]) -> Read:
    """The request's JSON as the input it must be; raise ValidationError or ValueError."""
    raw = await request.read()
    return kind.model_validate_json(raw or b"{}")


def number_in(request: web.Request, name: str, default: float) -> float:
    """A number in the query; raise ValueError when it is none."""
    value = request.query.get(name)
    if value is None:
        return default
    try:
        return float(value)
    except ValueError:
        raise ValueError(f"{name} must be a number, not {value!r}") from None


async def wait_until(
    request: web.Request, feed: Feed, topic: Topic, find: Callable[[], list[Json]], *, openid: str = ""
) -> list[Json]:
    """What `find` finds, at once or as soon as the feed tells of something within the query's `wait` seconds.

    It looks again only after events of the topic (and of the user, when one is named): thousands may wait at once.
    """
    seconds = min(number_in(request, "wait", 0), LONGEST_WAIT)
    with feed.watch(topic, openid) as watcher:
        found = find()
        if seconds > 0:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    while not found:
                        await watcher.next()
                        found = find()
    return found


@web.middleware
async def explain(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn refusals into JSON that says what is wrong: 400 input, 404 unknown, 409 not possible now."""
    if not request.path.startswith("/emulator/"):
        return await handler(request)
    try:
        return await handler(request)
    except UnknownUser as error:
        return answered({"error": str(error.args[0])}, status=404)
    except NotPossible as error:
        return answered({"error": str(error)}, status=409)
    except ValidationError as error:
        return answered({"error": "; ".join(_sentences(error))}, status=400)
    except (ValueError, ApiError) as error:
        return answered({"error": str(error)}, status=400)


def _sentences(error: ValidationError) -> list[str]:
    return [
        f"{'.'.join(str(step) for step in problem['loc']) or 'body'}: {problem['msg']}"
        for problem in error.errors(include_url=False, include_context=False)
    ]
