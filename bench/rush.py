"""The rush: thousands of patients want one of 200 seats of one doctor, each through the whole dialogue.

A process of its own: ``python -m bench.rush ROUNDS PATIENTS SECONDS`` prints one line of JSON. Whoever gets an answer
says the next thing when everybody before has spoken; who is told that nothing is left goes home. Afterwards those who
got nothing ask again and again, to see what a turn on a sold-out session costs.
"""

import asyncio
import re
import sys
import time
from collections import deque
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import asyncpg
import orjson
import uvloop

from bench.clinic import data_folder
from bench.deliveries import answer_in, codec, request
from bench.generator import body_of
from bench.lanes import Course, drive, http_length, to_port
from bench.processes import OUT, Load, Server, ValkeyCost, bare, generating, postgres_seconds, serving
from bench.scripts import WANTED
from bench.turns import BARE, FEWEST, one_pass
from bench.wanted import CODES, DOCTORS, open_wanted_clinic, openid, own_database, plain
from tests.support.servers import postgres

CONNECTIONS = 256
"""Deliveries under way at the same time; the other patients wait for their turn to speak."""
MOST_TRIES = 20
SOLD_OUT_ROUNDS = 5
BOOKED = "SELECT slot, seat, openid FROM claim WHERE state = 'booked' AND session LIKE $1 || '-%'"
_OPTION = re.compile(r"(\d+)\. <a [^>]*>([^<]*)</a>")
_REFUSED = ("没有可预约的号", "刚刚被约走", "现在预约的人较多")
_LATER = ("当前人数较多", "系统繁忙")


@dataclass(frozen=True, slots=True)
class Rush:
    """What became of one rush, and how long a bare server takes for as many requests."""

    patients: int
    deliveries: int
    sold: int
    """Seats that are booked in the database."""
    twice: int
    seconds: float
    bare_seconds: float
    refusals: int
    refusal_p50_ms: float
    refusal_p99_ms: float
    p50_ms: float
    p99_ms: float
    told_later: int
    """Answers that told a place in line, or that we are busy; the same was said again."""
    wrong: int
    """Patients whose last answer is neither a booking nor a refusal, or whom the database contradicts."""
    bot_busy: float
    valkey_busy: float
    postgres_busy: float
    generator_busy: float


class Patient:
    """Somebody who wants this doctor."""

    def __init__(self, number: int, doctor: str) -> None:
        self.openid = openid(number)
        self.says = "预约"
        self.ends = ""
        """``booked``, ``refused``, or the answer that was not understood; empty while the patient goes on."""
        self._number = number
        self._doctor = doctor
        self._tries = 0

    def hear(self, text: str) -> str:
        """Decide what to say next, or to go; return what was heard: ``refused``, ``later`` or nothing of interest."""
        if any(words in text for words in _LATER):
            return "later"
        if any(words in text for words in _REFUSED):
            self._choose(text, named=True)
            return "refused"
        if "预约成功" in text:
            self.ends = "booked"
        elif "请确认预约信息" in text:
            self.says = "1"
        elif "请选择就诊时间" in text:
            self._choose(text, named=False)
        elif "请选择医生" in text:
            self.says = self._doctor
        elif "请选择预约方式" in text:
            self.says = "2"
        else:
            self.ends = text or "nothing"
        return ""

    def _choose(self, text: str, *, named: bool) -> None:
        """Choose one of the times, not everybody the same; of several doctors' ones only those of this one."""
        options = [number for number, label in _OPTION.findall(text) if not named or self._doctor in label]
        if not options or self._tries == MOST_TRIES:
            self.ends = "refused"
            return
        self._tries += 1
        self.says = options[self._number % len(options)]


class Dialogues(Course):
    """Requests that are made as the patients come to speak, in turn."""

    def __init__(self, patients: list[Patient]) -> None:
        self._made: list[bytes] = []
        super().__init__(self._made, http_length, self._heard)
        self.told_later = 0
        self.refusals: list[float] = []
        self._wechat = codec()
        self._waiting = deque(patients)
        self._speaking: list[Patient] = []

    def take(self) -> int | None:
        """Let the next patient speak."""
        if not self._waiting:
            return None
        patient = self._waiting.popleft()
        self._speaking.append(patient)
        self._made.append(request(self._wechat, patient.openid, patient.says))
        return len(self._made) - 1

    def _heard(self, place: int, answer: bytes) -> bool:
        patient = self._speaking[place]
        heard = patient.hear(answer_in(body_of(answer)))
        if heard == "refused":
            self.refusals.append(self.took[-1])
        self.told_later += heard == "later"
        if not patient.ends:
            self._waiting.append(patient)
        return answer.startswith(b"HTTP/1.1 200 ")


class Scene:
    """Both servers and the database in which is seen what was sold."""

    def __init__(self, bot: Server, bare_server: Server, database: str, valkey: ValkeyCost, patients: int) -> None:
        self.bot = bot
        self.bare = bare_server
        self.valkey = valkey
        self._database = plain(database)
        self._patients = patients

    async def rush(self, number: int) -> Rush:
        """Let others each round want another doctor, then send as many requests to the bare server."""
        doctor = DOCTORS[number]
        patients = [Patient(number * self._patients + place, doctor) for place in range(self._patients)]
        course = Dialogues(patients)
        before = self._processor_seconds()
        await drive(course, to_port(self.bot.port), CONNECTIONS)
        bot, valkey, database, own = (
            (now - then) / course.seconds for now, then in zip(self._processor_seconds(), before, strict=True)
        )
        connection = await asyncpg.connect(self._database)
        rows = await connection.fetch(BOOKED, CODES[doctor])
        await connection.close()
        have = {row["openid"] for row in rows}
        again = Course(course.requests, http_length, lambda _place, _answer: True)
        await drive(again, to_port(self.bare.port), CONNECTIONS)
        took, refusals = sorted(course.took), sorted(course.refusals)
        return Rush(
            patients=len(patients),
            deliveries=len(course.requests),
            sold=len(rows),
            twice=len(rows) - len({(row["slot"], row["seat"]) for row in rows}),
            seconds=course.seconds,
            bare_seconds=again.seconds,
            refusals=len(refusals),
            refusal_p50_ms=refusals[len(refusals) // 2] * 1000,
            refusal_p99_ms=refusals[len(refusals) * 99 // 100] * 1000,
            p50_ms=took[len(took) // 2] * 1000,
            p99_ms=took[len(took) * 99 // 100] * 1000,
            told_later=course.told_later,
            wrong=sum(each.ends != ("booked" if each.openid in have else "refused") for each in patients),
            bot_busy=bot,
            valkey_busy=valkey,
            postgres_busy=database,
            generator_busy=own,
        )

    def _processor_seconds(self) -> tuple[float, ...]:
        """Return what bot, Valkey, PostgreSQL and we ourselves have used so far."""
        return (
            self.bot.processor_seconds(),
            self.valkey.processor_seconds(),
            postgres_seconds(),
            time.process_time(),
        )

    def sold_out(self, load: Load, seconds: float) -> list[dict[str, object]]:
        """Measure turns on the session that is sold out, and bare requests, round by round."""
        load.prepare(WANTED.name, FEWEST)
        rate = one_pass(load, WANTED.name, self.bot, self.valkey).per_second
        bare_rate = one_pass(load, WANTED.name, self.bare, None, check=False).per_second
        count = max(FEWEST, round(rate * seconds))
        times = max(1, round(bare_rate * seconds / count))
        rounds: list[dict[str, object]] = []
        for number in range(SOLD_OUT_ROUNDS):
            load.prepare(WANTED.name, count)
            passes = {}
            for what in (BARE, WANTED.name) if number % 2 else (WANTED.name, BARE):
                if what == BARE:
                    passes[what] = one_pass(load, WANTED.name, self.bare, None, times=times, check=False)
                else:
                    passes[what] = one_pass(load, WANTED.name, self.bot, self.valkey)
            rounds.append({what: asdict(measured) for what, measured in passes.items()})
        return rounds


@contextmanager
def _scene(rounds: int, patients: int) -> Generator[Scene]:
    with ExitStack() as stack:
        folder: Path = stack.enter_context(data_folder())
        url = stack.enter_context(postgres(durable=True))
        database = stack.enter_context(own_database(url, "zhenyue_rush"))
        open_wanted_clinic(folder, database, rounds * patients)
        bot = stack.enter_context(serving(folder, database=database))
        yield Scene(bot, stack.enter_context(bare()), database, ValkeyCost(folder), patients)


def main() -> None:
    """Measure and print."""
    rounds, patients, seconds = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    OUT.mkdir(exist_ok=True)
    with _scene(rounds, patients) as scene:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            rushes = [asdict(runner.run(scene.rush(number))) for number in range(rounds)]
        with generating(patients) as load:
            sold_out = scene.sold_out(load, seconds)
    sys.stdout.buffer.write(orjson.dumps({"rushes": rushes, "sold_out": sold_out}) + b"\n")


if __name__ == "__main__":
    main()
