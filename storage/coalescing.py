"""Scripts that run at the same time share a pipeline: one write, one read, one connection for all of them.

A call of its own costs redis-py about 100 microseconds; in company about a third. Nobody waits for company: a
batch leaves at once, and what arrives while two are under way leaves together when one has returned. Calls with the
same first key keep the order in which they came: none of them leaves while an earlier one is under way, since two
batches travel on two connections and Redis may read the second one first.
"""

import asyncio
from collections.abc import Sequence
from typing import cast

from redis.asyncio import Redis
from redis.commands.core import AsyncScript
from redis.exceptions import NoScriptError, RedisError

from booking.errors import Unavailable

_LARGEST = 100
_AT_ONCE = 2

Argument = str | int | bytes
_Call = tuple[AsyncScript, tuple[Argument, ...], int, "asyncio.Future[object]"]


class Scripts:
    """Runs Lua scripts that may run twice. A caller's cancellation harms no other, and not its own script."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._waiting: list[_Call] = []
        self._under_way: set[asyncio.Task[bool]] = set()
        self._is_leaving = False
        """Whether a batch is about to be gathered."""
        self._keys: set[Argument] = set()
        """First keys of the calls under way."""

    async def run(self, script: AsyncScript, keys: Sequence[str], args: Sequence[Argument]) -> object:
        """The script's answer. Raises Unavailable when Redis does not answer."""
        future: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        self._waiting.append((script, (*keys, *args), len(keys), future))
        if len(self._under_way) < _AT_ONCE and not self._is_leaving:
            self._leave()
        return await future

    def _leave(self) -> None:
        self._is_leaving = True
        task = asyncio.create_task(self._send())
        self._under_way.add(task)
        task.add_done_callback(self._returned)

    def _returned(self, task: "asyncio.Task[bool]") -> None:
        self._under_way.discard(task)
        if (
            self._waiting
            and not self._is_leaving
            and (task.cancelled() or task.exception() is not None or task.result())
        ):
            self._leave()

    def _next(self) -> list[_Call]:
        """Take the calls that may leave now out of the line."""
        if not self._keys:
            batch, self._waiting = self._waiting[:_LARGEST], self._waiting[_LARGEST:]
            return batch
        batch, later = [], []
        for place, call in enumerate(self._waiting):
            if len(batch) == _LARGEST:
                later += self._waiting[place:]
                break
            (later if call[1][:1] and call[1][0] in self._keys else batch).append(call)
        self._waiting = later
        return batch

    async def _send(self) -> bool:
        """Send a batch; False when nothing could leave, so that the next to return has to look again."""
        # The task starts after everything that was ready to run, so its batch is what has gathered by then.
        self._is_leaving = False
        batch = self._next()
        if not batch:
            return False
        keys = {call[1][0] for call in batch if call[1]}
        self._keys |= keys
        try:
            await self._share(batch)
        finally:
            self._keys -= keys
        return True

    async def _share(self, batch: Sequence[_Call]) -> None:
        try:
            answers = await self._answers(batch)
        except (RedisError, OSError) as error:
            answers = [error] * len(batch)
        except BaseException:
            for *_, future in batch:
                future.cancel()
            raise
        for (*_, future), answer in zip(batch, answers, strict=True):
            if future.done():
                continue
            if isinstance(answer, Exception):
                unavailable = Unavailable("Redis")
                unavailable.__cause__ = answer
                future.set_exception(unavailable)
            else:
                future.set_result(answer)

    async def _answers(self, batch: Sequence[_Call]) -> list[object]:
        answers = await self._pipelined(batch)
        unknown = {id(call[0]): call[0] for call, answer in zip(batch, answers, strict=True) if _is_new(answer)}
        if not unknown:
            return answers
        for script in unknown.values():
            await self._redis.script_load(script.script)
        again = [call for call, answer in zip(batch, answers, strict=True) if _is_new(answer)]
        known = iter(await self._pipelined(again))
        return [next(known) if _is_new(answer) else answer for answer in answers]

    async def _pipelined(self, batch: Sequence[_Call]) -> list[object]:
        if len(batch) == 1:
            script, arguments, count, _ = batch[0]
            try:
                return [await self._redis.evalsha(script.sha, count, *cast("tuple[str, ...]", arguments))]
            except NoScriptError as error:
                return [error]
        pipe = self._redis.pipeline(transaction=False)
        for script, arguments, count, _ in batch:
            # Named, because a Cluster's pipeline has no method for it; each script's keys share a hash tag.
            pipe.execute_command("EVALSHA", script.sha, count, *arguments)
        return cast("list[object]", await pipe.execute(raise_on_error=False))


def _is_new(answer: object) -> bool:
    return isinstance(answer, NoScriptError)
