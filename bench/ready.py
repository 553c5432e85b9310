"""How long ``zhenyue serve`` takes from the start of its process to ``/readyz`` saying 200, on embedded defaults."""

import http.client
import socket
import subprocess
import time
from pathlib import Path

from bench.clinic import data_folder
from bench.processes import OUT, PROGRAM, end, environment

GIVEN_UP_AFTER = 60.0
LOOKS_EVERY = 0.005


def measure_ready(runs: int) -> dict[str, list[float]]:
    """Return the seconds of each run: ``cold`` in an empty folder, ``warm`` in one that has served before."""
    seconds: dict[str, list[float]] = {"cold": [], "warm": []}
    for _ in range(runs):
        with data_folder() as folder:
            seconds["cold"].append(_start(folder))
            seconds["warm"].append(_start(folder))
    return seconds


def _start(folder: Path) -> float:
    port = _free_port()
    with (OUT / "ready.log").open("ab") as log:
        started = time.perf_counter()
        process = subprocess.Popen(  # noqa: S603  # our own program
            [PROGRAM, "serve"], env=environment(folder, port), cwd=folder, stdout=log, stderr=log, text=True
        )
        try:
            while not _is_ready(port):
                if process.poll() is not None or time.perf_counter() - started > GIVEN_UP_AFTER:
                    raise RuntimeError(f"zhenyue serve did not become ready; see {OUT / 'ready.log'}")
                time.sleep(LOOKS_EVERY)
            return time.perf_counter() - started
        finally:
            end(process)


def _is_ready(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.client.OK
    except OSError:
        return False
    finally:
        connection.close()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])
