"""How long ``zhenyue serve`` and ``zhenyue demo`` take from the start of their process, on embedded defaults.

``serve`` is ready when ``/readyz`` says 200, the demo when it tells its page and that page is there.
"""

import http.client
import os
import socket
import subprocess
import time
from pathlib import Path
from urllib.request import urlopen

from bench.clinic import data_folder
from bench.processes import OUT, PROGRAM, end, environment

GIVEN_UP_AFTER = 60.0
LOOKS_EVERY = 0.005
_PAGE = "聊天页面："


def measure_ready(runs: int) -> dict[str, list[float]]:
    """Return the seconds of each run: ``cold`` in an empty folder, ``warm`` in one that has served before."""
    seconds: dict[str, list[float]] = {"cold": [], "warm": [], "demo_cold": [], "demo_warm": []}
    for _ in range(runs):
        for start, kind in ((_start, ""), (_start_demo, "demo_")):
            with data_folder() as folder:
                seconds[f"{kind}cold"].append(start(folder))
                seconds[f"{kind}warm"].append(start(folder))
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


def _start_demo(folder: Path) -> float:
    given = {name: value for name, value in os.environ.items() if not name.startswith("ZHENYUE_")}
    with (OUT / "ready.log").open("ab") as log:
        started = time.perf_counter()
        process = subprocess.Popen(  # noqa: S603  # our own program
            [PROGRAM, "demo"],
            env=given | {"ZHENYUE_PORT": "0"},
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        try:
            told = (line.partition(_PAGE)[2].strip() for line in process.stdout or () if _PAGE in line)
            page = next(told, None)
            if page is None:
                raise RuntimeError(f"zhenyue demo told no page; see {OUT / 'ready.log'}")
            with urlopen(page, timeout=5):  # noqa: S310  # loopback
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
