"""``zhenyue serve`` as an operator meets it: it says when it is ready, refuses in one line, and ends cleanly."""

import base64
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import orjson
import pytest

from storage.valkey import EmbeddedValkey

PROGRAM = Path(sys.executable).parent / "zhenyue"
Start = Callable[..., "Served"]


def environment(folder: Path, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ZHENYUE_")}
    given = {
        "DATA_DIR": str(folder),
        "PORT": "0",
        "SECRET_KEY": base64.b64encode(bytes(32)).decode(),
        "WECHAT_APPID": "wx0123456789abcdef",
        "WECHAT_SECRET": "app-secret",
        "WECHAT_TOKEN": "token123",
        "WECHAT_AES_KEY": "A" * 43,
        "WECHAT_API_BASE": "http://127.0.0.1:9",
        **more,
    }
    return kept | {f"ZHENYUE_{name}": value for name, value in given.items() if value}


def zhenyue(folder: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PROGRAM, *arguments],
        env=environment(folder, **more),
        cwd=folder.parent,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


class Served:
    """A running ``zhenyue serve``."""

    def __init__(self, folder: Path, *arguments: str, **more: str) -> None:
        self.folder = folder
        self.log = folder.parent / f"log-{time.monotonic_ns()}"
        with self.log.open("wb") as errors:
            self.process = subprocess.Popen(
                [PROGRAM, *arguments],
                env=environment(folder, **more),
                cwd=folder.parent,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        assert self.process.stdout is not None
        self.said = self.process.stdout.readline()
        self.address = self.said.partition("：")[2].strip().removesuffix("/wechat")

    def get(self, path: str) -> tuple[int, str]:
        try:
            with urlopen(self.address + path, timeout=10) as answer:  # noqa: S310  # loopback
                return answer.status, answer.read().decode()
        except HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def events(self) -> list[str]:
        return [orjson.loads(line)["event"] for line in self.log.read_bytes().splitlines()]

    def children(self) -> list[int]:
        tasks = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [pid for pid in map(int, tasks.split()) if "zhenyue" in Path(f"/proc/{pid}/cmdline").read_text()]

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        if self.process.poll() is None:
            self.process.send_signal(number)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return self.process.wait(30)


@pytest.fixture
def start(tmp_path: Path) -> Generator[Start]:
    served: list[Served] = []

    def begin(*arguments: str, **more: str) -> Served:
        served.append(Served(tmp_path / "data", *(arguments or ("serve",)), **more))
        return served[-1]

    yield begin
    for one in served:
        one.end()
    last = EmbeddedValkey(tmp_path / "data")
    last.attach()
    last.leave()


def eventually(holds: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 30
    while True:
        with contextlib.suppress(OSError):  # whoever is killed takes the connections along that it had not accepted
            if holds():
                return
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def is_alive(pid: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


def test_on_an_empty_folder_it_starts_says_so_in_one_line_and_ends_cleanly(start: Start) -> None:
    served = start()
    assert served.said.startswith("诊约已就绪：http://127.0.0.1:")
    assert served.get("/healthz") == (200, '{"status": "ok"}')
    assert served.get("/readyz") == (200, '{"database": "ok", "redis": "ok"}')
    assert "zhenyue_turn_seconds_count 0.0" in served.get("/metrics")[1]
    server = EmbeddedValkey(served.folder).pid
    assert served.end() == 0
    assert not is_alive(server)
    assert served.events()[-2:] == ["stopping", "stopped"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_either_signal_ends_it_with_status_zero(start: Start, number: signal.Signals) -> None:
    assert start().end(number) == 0


def test_a_delivery_with_a_wrong_signature_is_refused_and_counted(start: Start) -> None:
    served = start()
    status, body = served.get("/wechat?signature=0&timestamp=1&nonce=2&echostr=3")
    assert (status, body) == (403, "refused")
    assert "zhenyue_rejected_deliveries_total" in served.get("/metrics")[1]


def test_readyz_says_what_is_missing_and_recovers(start: Start) -> None:
    served = start()
    server = EmbeddedValkey(served.folder).pid
    os.kill(server, signal.SIGSTOP)
    assert served.get("/readyz") == (503, '{"database": "ok", "redis": "unavailable"}')
    assert served.get("/healthz")[0] == 200
    os.kill(server, signal.SIGCONT)
    eventually(lambda: served.get("/readyz")[0] == 200, "Redis is back")


def test_an_embedded_server_that_is_killed_is_brought_back(start: Start) -> None:
    served = start()
    os.kill(EmbeddedValkey(served.folder).pid, signal.SIGKILL)
    eventually(lambda: "embedded_redis_died" in served.events(), "the death is noticed")
    eventually(lambda: served.get("/readyz")[0] == 200, "Redis is back")


def test_a_second_serve_on_the_folder_is_refused_in_one_line(start: Start, tmp_path: Path) -> None:
    served = start()
    second = zhenyue(tmp_path / "data", "serve")
    assert second.returncode == 2
    (line,) = second.stderr.splitlines()
    assert f"进程 {served.process.pid}" in line
    assert "ZHENYUE_DATA_DIR" in line


def test_after_kill_9_the_next_start_attaches_to_the_server_that_lives_on(start: Start) -> None:
    killed = start()
    server = EmbeddedValkey(killed.folder).pid
    killed.process.kill()
    killed.process.wait()
    assert is_alive(server)
    following = start()
    assert "embedded_redis_attached" in following.events()
    assert EmbeddedValkey(following.folder).pid == server
    assert following.end() == 0
    assert not is_alive(server)


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        for arguments in (("serve",), ("serve", "--workers", "2")):
            refused = zhenyue(tmp_path / "data", *arguments, PORT=port)
            assert refused.returncode == 2
            line = next(line for line in refused.stderr.splitlines() if not line.startswith("{"))
            assert line.startswith("ZHENYUE_PORT：")
            assert port in line


def test_every_missing_setting_is_named_at_once(tmp_path: Path) -> None:
    refused = zhenyue(tmp_path / "data", "serve", SECRET_KEY="", WECHAT_TOKEN="")
    assert refused.returncode == 2
    assert [line.split("：")[0] for line in refused.stderr.splitlines()] == [
        "ZHENYUE_SECRET_KEY",
        "ZHENYUE_WECHAT_TOKEN",
    ]
    assert refused.stdout == ""


def test_a_misspelt_variable_is_pointed_out_and_does_not_stop_the_start(start: Start) -> None:
    served = start("serve", TIMEZON="Asia/Shanghai")
    assert served.said.startswith("诊约已就绪")
    assert "是否应为 ZHENYUE_TIMEZONE" in served.log.read_text().splitlines()[0]


def test_a_redis_that_does_not_answer_is_named_without_its_password(tmp_path: Path) -> None:
    refused = zhenyue(tmp_path / "data", "serve", REDIS_URL="redis://:geheim@127.0.0.1:9/0")
    assert refused.returncode == 2
    (line,) = refused.stderr.splitlines()
    assert line.startswith("ZHENYUE_REDIS_URL：")
    assert "redis://127.0.0.1:9/0" in line
    assert "geheim" not in line


def test_a_database_that_does_not_answer_is_named_without_its_password(tmp_path: Path) -> None:
    url = "postgresql+asyncpg://u:geheim@127.0.0.1:9/z"
    refused = zhenyue(tmp_path / "data", "serve", DATABASE_URL=url)
    assert refused.returncode == 2
    assert any(line.startswith("ZHENYUE_DATABASE_URL：") for line in refused.stderr.splitlines())
    assert "geheim" not in refused.stderr


def test_a_database_that_may_not_be_written_is_named(tmp_path: Path) -> None:
    assert zhenyue(tmp_path / "data", "migrate").returncode == 0
    url = f"sqlite+aiosqlite:///file:{tmp_path}/data/zhenyue.db?mode=ro&uri=true"
    refused = zhenyue(tmp_path / "data", "migrate", DATABASE_URL=url)
    assert refused.returncode == 2
    (line,) = refused.stderr.splitlines()
    assert line.startswith("ZHENYUE_DATABASE_URL：")
    assert "readonly" in line


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "zhenyue.db").write_bytes(b"not a database" * 500)
    refused = zhenyue(tmp_path / "data", "serve")
    assert refused.returncode == 2
    assert any(line.startswith("ZHENYUE_DATABASE_URL：") for line in refused.stderr.splitlines())


def test_a_data_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    refused = zhenyue(tmp_path / "data", "serve")
    assert refused.returncode == 2
    (line,) = refused.stderr.splitlines()
    assert "ZHENYUE_DATA_DIR" in line


def test_several_processes_share_the_port_and_the_figures(start: Start) -> None:
    served = start("serve", "--workers", "2", "--no-worker")
    assert len(served.children()) == 2
    for _ in range(20):
        assert served.get("/wechat")[0] == 403
    shown = served.get("/metrics")[1]
    counted = [line for line in shown.splitlines() if line.startswith("zhenyue_rejected_deliveries_total{")]
    assert sum(float(line.rpartition(" ")[2]) for line in counted) == 20
    children = served.children()
    assert served.end() == 0
    assert not any(is_alive(pid) for pid in children)


def test_a_process_that_dies_is_replaced_and_the_background_work_runs_once(start: Start) -> None:
    served = start("serve", "--workers", "2")
    before = served.children()
    assert len(before) == 3
    os.kill(before[0], signal.SIGKILL)
    eventually(lambda: len(served.children()) == 3 and before[0] not in served.children(), "it is replaced")
    eventually(lambda: 'job="expire_holds",result="ok"' in served.get("/metrics")[1], "background work runs")
    assert served.get("/readyz")[0] == 200


def test_processes_end_when_their_parent_is_killed_and_leave_the_folder(start: Start) -> None:
    served = start("serve", "--workers", "2")
    children = served.children()
    served.process.kill()
    served.process.wait()
    eventually(lambda: not any(is_alive(pid) for pid in children), "children outlive their parent")
    assert start().end() == 0


def test_a_worker_runs_beside_serve_and_without_it(start: Start) -> None:
    lonely = start("worker")
    assert lonely.said == "诊约后台任务已启动\n"
    served = start("serve", "--no-worker")
    assert served.get("/readyz")[0] == 200
    eventually(lambda: "job_recovered" in lonely.events(), "the worker finds the server that came later")
    assert served.end() == 0
    assert EmbeddedValkey(served.folder).answers()
    assert lonely.end() == 0
    assert not EmbeddedValkey(served.folder).answers()
    assert (served.folder / "worker.alive").exists()


def test_the_help_is_chinese_and_lists_every_command(tmp_path: Path) -> None:
    shown = zhenyue(tmp_path / "data", "--help")
    assert shown.returncode == 0
    for word in ("serve", "worker", "migrate", "check", "显示帮助"):
        assert word in shown.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("srve",), "没有“srve”这个命令"),
        (("serve", "--workrs", "2"), "没有“--workrs”这个选项"),
        (("serve", "--workers", "many"), "--workers 的值不正确"),
        (("serve", "--workers", "0"), "--workers 的值不正确"),
        (("pool", "verify"), "内置 Redis 没有运行"),
        (("emulator", "--mode", "rude"), "模拟器无法启动"),
    ],
)
def test_wrong_usage_is_explained_in_one_line(tmp_path: Path, arguments: tuple[str, ...], says: str) -> None:
    refused = zhenyue(tmp_path / "data", *arguments)
    assert refused.returncode == 2
    (line,) = refused.stderr.splitlines()
    assert says in line


def test_an_emulator_without_a_token_says_where_to_give_it(tmp_path: Path) -> None:
    refused = zhenyue(tmp_path / "data", "emulator", WECHAT_TOKEN="")
    assert refused.returncode == 2
    assert (
        refused.stderr.strip() == "模拟器无法启动：缺少 --token（也可设置 ZHENYUE_WECHAT_TOKEN），应与机器人所用的一致"
    )
