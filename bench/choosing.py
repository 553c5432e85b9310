"""The booking step of the rush: a thousand patients choose a seat of one doctor with 200 at the same moment.

A process of its own: ``python -m bench.choosing ROUNDS PATIENTS`` prints one line of JSON. Each patient has been
brought to the question for a time beforehand, and has a connection. Beside the bot, on the same PostgreSQL and with
the same requests, what ``bench/floor.py`` does.
"""

import asyncio
import sys
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import asyncpg
import orjson
import uvloop

from bench.clinic import data_folder
from bench.deliveries import answer_in, codec, request
from bench.floor import FULL, SOLD, TABLES
from bench.generator import body_of
from bench.lanes import Course, drive, http_length, to_port
from bench.processes import OUT, Server, module, serving
from bench.wanted import CODES, DOCTORS, SLOTS, open_wanted_clinic, openid, own_database, plain
from bot.door import allow_connections
from storage.valkey import EmbeddedValkey
from tests.support.servers import postgres

TO_THE_QUESTION = 50
"""Connections over which the patients are brought to it."""
FLOORS = ("doctor", "slot", "lock")
LOCK = "lock"
"""Measured once only, since it takes so long."""
CLAIMS = "SELECT slot, seat, openid FROM claim WHERE state = 'held' AND session LIKE $1 || '-%'"
BOOKINGS = "SELECT seats AS slot, seat, openid FROM booking"
_REFUSED = ("没有可预约的号", "刚刚被约走")


@dataclass(frozen=True, slots=True)
class Moment:
    """What became of the patients of one moment."""

    sold: int
    """Seats that are sold in the database."""
    twice: int
    """Of these, seats that somebody else has too."""
    last_seat_seconds: float
    """When the last of those who got a seat had the answer."""
    all_seconds: float
    p50_ms: float
    p99_ms: float
    wrong: int
    """Answers that are neither a seat nor a refusal, or that the database contradicts."""
    generator_busy: float
    server_busy: float


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, to whom, after how many seconds."""

    place: int
    seconds: float
    answer: bytes


Kind = Callable[[bytes], str]
"""``sold``, ``refused``, or anything else for a wrong answer."""


def of_bot(answer: bytes) -> str:
    """Tell what the bot's answer says."""
    text = answer_in(body_of(answer))
    if "请确认预约信息" in text:
        return "sold"
    return "refused" if any(words in text for words in _REFUSED) else text


def of_floor(answer: bytes) -> str:
    """Tell what the floor's answer says."""
    return "sold" if b"[" + SOLD in answer else "refused" if b"[" + FULL in answer else ""


async def at_once(port: int, requests: Sequence[bytes], connections: int) -> tuple[list[Answer], float]:
    """Send requests, as many at a time as there are connections; return the answers and the seconds of all."""
    answers: list[Answer] = []

    def keep(place: int, answer: bytes) -> bool:
        answers.append(Answer(place, time.perf_counter(), answer))
        return True

    course = Course(requests, http_length, keep)
    await drive(course, to_port(port), connections)
    return [Answer(each.place, each.seconds - course.started, each.answer) for each in answers], course.seconds


class Scene:
    """The servers, and the databases in which is seen what they did."""

    def __init__(self, servers: dict[str, Server], databases: dict[str, str], patients: int) -> None:
        self._servers = servers
        self._databases = {kind: plain(url) for kind, url in databases.items()}
        self._patients = patients

    async def bot(self, number: int) -> Moment:
        """Let others each round choose among the times of another doctor."""
        doctor = DOCTORS[number]
        patients = [openid(number * self._patients + place) for place in range(self._patients)]
        for text in ("预约", doctor):
            await at_once(
                self._servers["bot"].port, [request(codec(), each, text) for each in patients], TO_THE_QUESTION
            )
        return await self._moment("bot", patients, of_bot, CLAIMS, CODES[doctor])

    async def floor(self, kind: str) -> Moment:
        """Let as many choose by what is no more than needed."""
        connection = await asyncpg.connect(self._databases[kind])
        await connection.execute(TABLES)
        await connection.close()
        patients = [openid(place) for place in range(self._patients)]
        return await self._moment(kind, patients, of_floor, BOOKINGS)

    async def _moment(self, kind: str, patients: Sequence[str], says: Kind, query: str, *given: str) -> Moment:
        server, wechat = self._servers[kind], codec()
        requests = [request(wechat, each, str(place % SLOTS + 1)) for place, each in enumerate(patients)]
        busy, own = server.processor_seconds(), time.process_time()
        answers, seconds = await at_once(server.port, requests, len(requests))
        busy, own = server.processor_seconds() - busy, time.process_time() - own
        connection = await asyncpg.connect(self._databases[kind])
        rows = await connection.fetch(query, *given)
        await connection.close()
        told = {patients[each.place]: says(each.answer) for each in answers}
        have = {row["openid"] for row in rows}
        waited = sorted(each.seconds for each in answers)
        return Moment(
            sold=len(rows),
            twice=len(rows) - len({(row["slot"], row["seat"]) for row in rows}),
            last_seat_seconds=max(
                (each.seconds for each in answers if told[patients[each.place]] == "sold"), default=seconds
            ),
            all_seconds=seconds,
            p50_ms=waited[len(waited) // 2] * 1000,
            p99_ms=waited[len(waited) * 99 // 100] * 1000,
            wrong=sum(told[each] != ("sold" if each in have else "refused") for each in patients),
            generator_busy=own / seconds,
            server_busy=busy / seconds,
        )


async def _measure(scene: Scene, rounds: int) -> dict[str, list[dict[str, float]]]:
    found: dict[str, list[dict[str, float]]] = {"bot": []} | {kind: [] for kind in FLOORS}
    for number in range(rounds + 1):
        kinds = ["bot", *(kind for kind in FLOORS if kind != LOCK)]
        for kind in kinds if number % 2 else reversed(kinds):
            moment = await (scene.bot(number) if kind == "bot" else scene.floor(kind))
            if number:  # the first one warmed up
                found[kind].append(asdict(moment))
    found[LOCK].append(asdict(await scene.floor(LOCK)))
    return found


@contextmanager
def _scene(rounds: int, patients: int) -> Generator[Scene]:
    with ExitStack() as stack:
        folder: Path = stack.enter_context(data_folder())
        url = stack.enter_context(postgres(durable=True))
        ours = stack.enter_context(own_database(url, "zhenyue_choosing"))
        theirs = stack.enter_context(own_database(url, "zhenyue_floor"))
        open_wanted_clinic(folder, ours, (rounds + 1) * patients)
        servers = {"bot": stack.enter_context(serving(folder, database=ours))}
        redis = EmbeddedValkey(folder).url
        for kind in FLOORS:
            servers[kind] = stack.enter_context(module("floor", kind, plain(theirs), redis))
        yield Scene(servers, {"bot": ours} | dict.fromkeys(FLOORS, theirs), patients)


def main() -> None:
    """Measure and print."""
    rounds, patients = int(sys.argv[1]), int(sys.argv[2])
    OUT.mkdir(exist_ok=True)
    allow_connections()
    with _scene(rounds, patients) as scene, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        measured = runner.run(_measure(scene, rounds))
    sys.stdout.buffer.write(orjson.dumps(measured) + b"\n")


if __name__ == "__main__":
    main()
