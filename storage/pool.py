"""The slot pool in Redis: an admission filter that may be emptied or rolled back without a seat being sold twice.

Four keys of a session share one hash tag, so that a session is one Cluster slot: ``{s:ID}:m`` generation, state,
opening and sequence; ``:f`` free seats; ``:o`` owner (a request id) → seat, sequence, since when, patient; ``:p``
patient → owner, main claims only. Every script may run twice. The keys go a day after the session, never a seat.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from redis.asyncio import Redis
from redis.commands.core import AsyncScript
from redis.exceptions import RedisError

from booking.errors import AlreadyAdmitted, PoolMissing, SessionMoved, Unavailable
from booking.models import SessionState
from booking.pool_port import Admission, PoolReading, PoolSeats
from booking.refusals import NotOpenYet, SessionClosed, SoldOut
from storage.coalescing import Scripts

KEPT_AFTER = timedelta(days=1)
_LUA = Path(__file__).parent / "lua"


class RedisPool:
    """``SlotPool`` on Redis, Valkey or a Cluster. Raises ``Unavailable`` when it does not answer."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._scripts = Scripts(redis)
        self._admit, self._release, self._disown, self._own, self._replace = (
            redis.register_script((_LUA / f"{name}.lua").read_text())
            for name in ("admit", "release", "disown", "own", "replace")
        )

    async def admit(
        self,
        *,
        session: str,
        position: int,
        patient: str,
        owner: str,
        main: bool,
        now: datetime,
        instead_of: str = "",
        known_gen: int | None = None,
    ) -> Admission:
        asked: list[str | int] = [f"{position:03}", patient, owner, int(main), _millis(now), instead_of]
        if known_gen is not None:
            asked.append(known_gen)
        answer = await self._run(self._admit, session, asked)
        match answer:
            case [b"ok", gen, entry]:
                seat, seq, _ = entry.split(b":", 2)
                return Admission(seat=int(seat[4:]), gen=int(gen), seq=int(seq))
            case [b"early", opens]:
                raise NotOpenYet(_instant(opens))
            case [b"moved", gen]:
                raise SessionMoved(int(gen))
            case [b"already", other]:
                raise AlreadyAdmitted(other.decode())
            case [b"full"]:
                raise SoldOut
            case [b"closed"]:
                raise SessionClosed
            case _:
                raise PoolMissing(session)

    async def release(self, *, session: str, owner: str) -> bool:
        return bool(await self._run(self._release, session, [owner]))

    async def disown(self, *, session: str, owner: str) -> None:
        await self._run(self._disown, session, [owner])

    async def own(self, *, session: str, owner: str, patient: str) -> None:
        await self._run(self._own, session, [owner, patient])

    async def replace(self, seats: PoolSeats) -> bool:
        every = {(p, s) for p, capacity in enumerate(seats.capacities) for s in range(1, capacity + 1)}
        free = [_seat(*seat) for seat in sorted(every - seats.owners.keys())]
        owners: list[str] = []
        for seat, (owner, patient) in seats.owners.items():
            owners += [owner, f"{_seat(*seat)}:0:0:{patient or ''}", patient or ""]
        expires = _millis(seats.ends_at + KEPT_AFTER)
        head: list[str | int] = [seats.gen, str(seats.state), _millis(seats.opens_at), expires, len(free)]
        return bool(await self._run(self._replace, seats.session, [*head, *free, *owners]))

    async def read(self, session: str) -> PoolReading | None:
        meta_key, free_key, owner_key, _ = _keys(session)
        try:
            async with self._redis.pipeline(transaction=True) as pipe:
                pipe.hmget(meta_key, "gen", "state", "opens")
                pipe.zrange(free_key, 0, -1)
                pipe.hgetall(owner_key)
                (gen, state, opens), free, owners = await pipe.execute()
        except (RedisError, OSError) as error:
            raise Unavailable("Redis") from error
        if gen is None:
            return None
        taken: dict[tuple[int, int], str] = {}
        admitted: dict[str, datetime] = {}
        patients: dict[str, str] = {}
        for owner, entry in owners.items():
            seat, _, since, patient = entry.split(b":", 3)
            taken[_place(seat)] = owner.decode()
            admitted[owner.decode()] = _instant(since)
            if patient:
                patients[owner.decode()] = patient.decode()
        return PoolReading(
            gen=int(gen),
            state=SessionState(state.decode()),
            opens_at=_instant(opens),
            free=frozenset(_place(seat) for seat in free),
            owners=taken,
            admitted=admitted,
            patients=patients,
        )

    # What a script answers has no type; each caller knows its own script's answer.
    async def _run(self, script: AsyncScript, session: str, args: Sequence[str | int]) -> Any:
        return await self._scripts.run(script, _keys(session), args)


def _keys(session: str) -> list[str]:
    return [f"{{s:{session}}}:{part}" for part in "mfop"]


def _seat(position: int, seat: int) -> str:
    return f"{position:03}.{seat:03}"


def _place(seat: bytes) -> tuple[int, int]:
    position, number = seat.split(b".")
    return int(position), int(number)


def _millis(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def _instant(millis: bytes) -> datetime:
    return datetime.fromtimestamp(int(millis) / 1000, UTC)
