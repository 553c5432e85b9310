"""The embedded Valkey outlives a bot that dies, is found again by the next, and never outlives a clean end."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from storage.folder import FolderClaim, FolderInUse
from storage.valkey import EmbeddedValkey
from storage.valkey_process import ServerFailed, set_aside_unreadable

BOT = """
import sys
from pathlib import Path
import structlog
structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
from storage.folder import FolderClaim
from storage.valkey import EmbeddedValkey
claim = FolderClaim(Path(sys.argv[1]))
valkey = EmbeddedValkey(Path(sys.argv[1]))
valkey.start()
print("ready", flush=True)
sys.stdin.read()
valkey.leave()
"""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "data"
    last = EmbeddedValkey(tmp_path / "data")
    last.attach()
    last.leave()
    wait_for_end(last.pid)


@pytest.fixture
def valkey(folder: Path) -> Iterator[EmbeddedValkey]:
    server = EmbeddedValkey(folder)
    server.start()
    yield server
    server.leave()


def alive(pid: int) -> bool:
    try:
        return pid > 0 and "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


def wait_for_end(pid: int) -> None:
    deadline = time.monotonic() + 20
    while alive(pid):
        assert time.monotonic() < deadline, f"process {pid} does not end"
        time.sleep(0.01)


def keep_until_started_again(server: EmbeddedValkey) -> None:
    deadline = time.monotonic() + 20
    while not server.keep():
        assert time.monotonic() < deadline, "the dead server is not noticed"
        time.sleep(0.01)


def client(server: EmbeddedValkey) -> "redis.Redis":
    return redis.Redis.from_url(server.url)


def start_bot(folder: Path) -> subprocess.Popen[str]:
    bot = subprocess.Popen(
        [sys.executable, "-c", BOT, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert bot.stdout is not None
    assert bot.stdout.readline() == "ready\n"
    return bot


def end_bot(bot: subprocess.Popen[str], *, kill: bool) -> None:
    if kill:
        os.killpg(bot.pid, signal.SIGKILL)
        bot.wait()
    bot.communicate()


def test_what_is_stored_survives_a_clean_end(folder: Path) -> None:
    first = EmbeddedValkey(folder)
    first.start()
    with client(first) as connection:
        connection.set("seat", "7")
    first.leave()
    assert not alive(first.pid)
    second = EmbeddedValkey(folder)
    second.start()
    with client(second) as connection:
        assert connection.get("seat") == b"7"
    second.leave()


def test_the_server_keeps_an_append_only_file_and_never_evicts(valkey: EmbeddedValkey) -> None:
    with client(valkey) as connection:
        assert connection.config_get("appendonly")["appendonly"] == "yes"
        assert connection.config_get("appendfsync")["appendfsync"] == "everysec"
        assert connection.config_get("maxmemory-policy")["maxmemory-policy"] == "noeviction"


def test_nobody_else_may_enter_the_folder_of_the_socket(folder: Path, valkey: EmbeddedValkey) -> None:
    assert valkey.answers()
    assert (folder / "redis").stat().st_mode & 0o777 == 0o700
    assert (folder / "redis" / "valkey.sock").stat().st_mode & 0o077 == 0


def test_a_bot_killed_with_its_whole_group_leaves_the_server_to_the_next_one(folder: Path) -> None:
    bot = start_bot(folder)
    killed = EmbeddedValkey(folder)
    server = killed.pid
    with client(killed) as connection:
        connection.set("seat", "7")
    end_bot(bot, kill=True)
    assert alive(server)
    following = start_bot(folder)
    assert EmbeddedValkey(folder).pid == server
    with client(EmbeddedValkey(folder)) as connection:
        assert connection.get("seat") == b"7"
    end_bot(following, kill=False)
    wait_for_end(server)


def test_a_second_bot_on_the_folder_is_refused_until_the_first_has_ended(folder: Path) -> None:
    first = FolderClaim(folder)
    with pytest.raises(FolderInUse) as caught:
        FolderClaim(folder)
    assert caught.value.pid == os.getpid()
    first.release()
    FolderClaim(folder).release()


def test_a_killed_bot_does_not_keep_the_folder_claimed(folder: Path) -> None:
    end_bot(start_bot(folder), kill=True)
    FolderClaim(folder).release()


def test_the_last_user_stops_the_server_not_the_first(folder: Path, valkey: EmbeddedValkey) -> None:
    worker = EmbeddedValkey(folder)
    assert worker.attach()
    server = valkey.pid
    valkey.leave()
    assert worker.answers()
    worker.leave()
    wait_for_end(server)


def test_a_command_starts_no_server(folder: Path) -> None:
    command = EmbeddedValkey(folder)
    assert not command.attach()
    command.leave()
    assert command.pid == 0


def test_a_server_that_died_is_started_again_with_its_data(valkey: EmbeddedValkey) -> None:
    with client(valkey) as connection:
        connection.set("seat", "7")
    died = valkey.pid
    os.kill(died, signal.SIGKILL)
    wait_for_end(died)
    keep_until_started_again(valkey)
    assert not valkey.keep()
    assert valkey.pid != died
    with client(valkey) as connection:
        assert connection.get("seat") == b"7"


def test_a_server_someone_else_started_is_started_again_when_it_dies(folder: Path) -> None:
    end_bot(start_bot(folder), kill=True)
    attached = EmbeddedValkey(folder)
    attached.start()
    died = attached.pid
    os.kill(died, signal.SIGKILL)
    wait_for_end(died)
    keep_until_started_again(attached)
    assert attached.answers()
    attached.leave()


def test_a_silent_server_is_taken_over(folder: Path) -> None:
    end_bot(start_bot(folder), kill=True)
    silent = EmbeddedValkey(folder).pid
    os.kill(silent, signal.SIGSTOP)
    following = EmbeddedValkey(folder, patience=1.5)
    following.start()
    assert following.pid != silent
    assert following.answers()
    following.leave()


def fill(folder: Path) -> Path:
    server = EmbeddedValkey(folder)
    server.start()
    with client(server) as connection:
        connection.mset({f"seat{number}": "x" * 50 for number in range(500)})
        connection.config_set("appendfsync", "always")
        connection.set("last", "1")
    server.leave()
    return next((folder / "redis" / "appendonlydir").glob("*.incr.aof"))


def test_a_truncated_append_only_file_loses_only_its_last_words(folder: Path) -> None:
    written = fill(folder)
    os.truncate(written, written.stat().st_size - 3)
    server = EmbeddedValkey(folder)
    server.start()
    with client(server) as connection:
        assert connection.dbsize() == 500
    server.leave()


@pytest.mark.parametrize("part", ["*.incr.aof", "*.base.rdb", "*.manifest"])
def test_an_unreadable_append_only_file_is_set_aside_and_the_start_goes_on(folder: Path, part: str) -> None:
    written = next(fill(folder).parent.glob(part))
    written.write_bytes(b"\x00not what was written" * 40)
    server = EmbeddedValkey(folder)
    server.start()
    with client(server) as connection:
        assert connection.dbsize() == 0
    server.leave()
    (kept,) = (folder / "redis").glob("appendonlydir.unreadable-*")
    assert (kept / written.name).exists()


def test_a_file_that_cannot_be_opened_is_not_taken_for_an_unreadable_one(folder: Path) -> None:
    (folder / "appendonlydir").mkdir(parents=True)
    assert not set_aside_unreadable(folder, "Can't open the append-only file: No space left on device")
    assert (folder / "appendonlydir").exists()


def test_a_server_that_cannot_start_is_reported_with_its_own_words(folder: Path) -> None:
    (folder / "redis").mkdir(parents=True)
    (folder / "redis" / "appendonlydir").write_text("not a folder")
    with pytest.raises(ServerFailed) as caught:
        EmbeddedValkey(folder).start()
    assert "appendonly" in caught.value.log_tail


def test_without_any_server_program_the_remedy_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(ServerFailed, match="ZHENYUE_REDIS_URL"):
        EmbeddedValkey(folder).start()


@pytest.mark.parametrize("name", ["d" * 120, "诊所 数据"])
def test_deep_folders_and_chinese_names_work_and_nothing_is_left_behind(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    server = EmbeddedValkey(folder)
    server.start()
    socket = Path(server.url.removeprefix("unix://"))
    worker = EmbeddedValkey(folder)
    assert worker.attach()
    with client(worker) as connection:
        assert connection.ping()
    worker.leave()
    server.leave()
    assert not socket.exists()
    assert not (len(name) > 100 and socket.parent.exists())


def test_a_short_folder_that_was_swept_away_is_made_again(tmp_path: Path) -> None:
    folder = tmp_path / ("d" * 120)
    end_bot(start_bot(folder), kill=True)
    shutil.rmtree(Path(EmbeddedValkey(folder).url.removeprefix("unix://")).parent)
    server = EmbeddedValkey(folder, patience=1.5)
    server.start()
    assert server.answers()
    server.leave()
