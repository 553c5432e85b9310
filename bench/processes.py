"""The processes under test, started here and ended by their own handle."""

import base64
import os
import re
import signal
import subprocess
import sys
from collections.abc import Generator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, cast

import orjson
import psutil  # type: ignore[import-untyped]  # publishes no types

from bench.deliveries import AES_KEY, APPID, TOKEN
from storage.valkey import EmbeddedValkey

ROOT = Path(__file__).parent.parent
OUT = ROOT / "bench" / "out"
PROGRAM = Path(sys.executable).parent / "zhenyue"
SECRET_KEY = bytes(range(32))
END_WITHIN = 30.0


def environment(folder: Path, port: int = 0, *, database: str = "") -> dict[str, str]:
    """Return the bot's settings: embedded defaults, in a folder of the benchmark's own, but for a named database."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ZHENYUE_")}
    given = {
        "DATA_DIR": str(folder),
        "DATABASE_URL": database,
        "PORT": str(port),
        "SECRET_KEY": base64.b64encode(SECRET_KEY).decode(),
        "WECHAT_APPID": APPID,
        "WECHAT_SECRET": "benchmark-secret",
        "WECHAT_TOKEN": TOKEN,
        "WECHAT_AES_KEY": AES_KEY,
        "WECHAT_API_BASE": "http://127.0.0.1:9",
        "ACCOUNT_BURST": "10000",
        "ACCOUNT_PER_SECOND": "1000",
    }
    return kept | {f"ZHENYUE_{name}": value for name, value in given.items()}


def apart(part: str, *arguments: object, within: float) -> Any:
    """Run a part of the benchmark in a process of its own, for so many seconds at most; return what it printed.

    However it ends, the part is let end the servers that it started.
    """
    command = [sys.executable, "-m", f"bench.{part}", *map(str, arguments)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:  # noqa: S603  # our own program
        try:
            printed, _ = process.communicate(timeout=within)
        except BaseException:
            process.send_signal(signal.SIGINT)
            try:
                process.communicate(timeout=2 * END_WITHIN)
            except subprocess.TimeoutExpired:
                process.kill()
            raise
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return orjson.loads(printed)


def zhenyue(folder: Path, *arguments: str, database: str = "") -> None:
    """Run one command to its end; raises ``CalledProcessError``."""
    given = environment(folder, database=database)
    with (OUT / "commands.log").open("ab") as log:
        subprocess.run([PROGRAM, *arguments], env=given, cwd=folder, check=True, stdout=log, stderr=log)  # noqa: S603


class NotStarted(RuntimeError):
    """Raised when a server ended without saying where it listens."""


class Server:
    """A running process that serves HTTP, with what it costs: its children that serve too are part of it."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self._seen = psutil.Process(process.pid)
        said = (re.search(r"http://127\.0\.0\.1:(\d+)", line) for line in process.stdout or ())
        found = next(filter(None, said), None)
        if found is None:
            raise NotStarted(f"{process.args!r} did not start; see {OUT}")
        self.port = int(found[1])

    def processor_seconds(self) -> float:
        """Return the processor time used so far, all threads together."""
        times = [one.cpu_times() for one in self._all()]
        return float(sum(each.user + each.system for each in times))

    def resident(self) -> int:
        """Return the resident memory in bytes."""
        return sum(int(one.memory_info().rss) for one in self._all())

    def _all(self) -> list[psutil.Process]:
        """Return the process and its children, but for the Valkey that a bot has started."""
        return [self._seen, *(one for one in self._seen.children() if one.name() != "valkey-server")]


@contextmanager
def serving(folder: Path, *options: str, database: str = "") -> Generator[Server]:
    """Run ``zhenyue serve`` without background work for the length of a block; its log goes to ``bench/out``."""
    given = environment(folder, database=database)
    command = [PROGRAM, "serve", "--no-worker", *options]
    with (OUT / "serve.log").open("ab") as log, _started(command, folder, given, log.fileno()) as bot:
        yield bot


@contextmanager
def module(name: str, *arguments: str) -> Generator[Server]:
    """Run one of the benchmark's own servers for the length of a block."""
    with _started([sys.executable, "-m", f"bench.{name}", *arguments], ROOT, None, None) as server:
        yield server


@contextmanager
def gunicorn(application: str) -> Generator[Server]:
    """Run a WSGI application of the benchmark for the length of a block; its log goes to ``bench/out``."""
    command = [sys.executable, "-m", "gunicorn", "--config", "python:bench.gunicorn_conf", f"bench.{application}"]
    with (OUT / "peers.log").open("ab") as log, _started(command, ROOT, None, log.fileno()) as server:
        yield server


def bare() -> AbstractContextManager[Server]:
    """Run the bare server for the length of a block."""
    return module("bare")


def bare_api() -> AbstractContextManager[Server]:
    """Run a WeChat that costs nothing for the length of a block."""
    return module("bare_api")


@contextmanager
def _started(
    command: Sequence[str | Path], folder: Path, given: dict[str, str] | None, errors: int | None
) -> Generator[Server]:
    process = subprocess.Popen(  # noqa: S603  # our own programs
        command,
        env=given,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=errors,
        text=True,
    )
    try:
        yield Server(process)
    finally:
        end(process)


def end(process: subprocess.Popen[str]) -> None:
    """Tell a process to stop and wait for it; what does not stop is killed."""
    process.terminate()
    try:
        process.communicate(timeout=END_WITHIN)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()


class ValkeyCost:
    """What a folder's embedded Valkey costs."""

    def __init__(self, folder: Path) -> None:
        self._seen = psutil.Process(EmbeddedValkey(folder).pid)

    def processor_seconds(self) -> float:
        """Return the processor time used so far."""
        times = self._seen.cpu_times()
        return float(times.user + times.system)

    def resident(self) -> int:
        """Return the resident memory in bytes."""
        return int(self._seen.memory_info().rss)


def own_resident() -> int:
    """Return the resident memory of this process in bytes."""
    return int(psutil.Process().memory_info().rss)


def postgres_seconds() -> float:
    """Return the processor time used so far by the PostgreSQL that this process has started; 0 for one given to it."""
    ours = psutil.Process().children(recursive=True)
    times = [one.cpu_times() for one in ours if one.name().startswith("postgres")]
    return float(sum(each.user + each.system for each in times))


class Load:
    """The generator's process; see ``bench/generator.py``."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    def prepare(self, script: str, count: int) -> None:
        """Let it make the next deliveries of a script."""
        self._ask({"do": "prepare", "script": script, "count": count})

    def send(self, script: str, server: Server, connections: int, *, times: int, check: bool) -> dict[str, float]:
        """Let it send what it prepared; returns what it measured."""
        return self._ask(
            {"do": "send", "script": script, "port": server.port, "connections": connections, "times": times}
            | {"check": check}
        )

    def _ask(self, command: dict[str, object]) -> dict[str, float]:
        asked, answers = self._process.stdin, self._process.stdout
        if asked is None or answers is None:
            raise RuntimeError("the generator has no pipes")
        asked.write(orjson.dumps(command) + b"\n")
        asked.flush()
        line = answers.readline()
        if not line:
            raise RuntimeError("the generator died; its traceback is above")
        return cast("dict[str, float]", orjson.loads(line))


@contextmanager
def generating(accounts: int) -> Generator[Load]:
    """Run the generator for the length of a block."""
    command = [sys.executable, "-m", "bench.generator", str(accounts)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:  # noqa: S603
        try:
            yield Load(process)
        finally:
            if process.stdin:
                process.stdin.close()
            process.wait(END_WITHIN)
