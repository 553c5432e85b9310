"""``zhenyue demo``: the whole system from nothing, commands beside it, and nothing lost or left behind."""

import os
import signal
import subprocess
import sys
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.request import urlopen

import orjson
import pytest

from storage.valkey import EmbeddedValkey

PROGRAM = Path(sys.executable).parent / "zhenyue"
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("ZHENYUE_")}


class Demo:
    """A running demo in a folder."""

    def __init__(self, folder: Path, *options: str) -> None:
        _running.append(self)
        self.process = subprocess.Popen(
            [PROGRAM, "demo", *options],
            cwd=folder,
            env=ENVIRONMENT | {"ZHENYUE_PORT": "0"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.page = self.line("聊天页面").partition("：")[2].strip()

    def line(self, wanted: str) -> str:
        assert self.process.stdout is not None
        heard = []
        for line in self.process.stdout:
            heard.append(line)
            if wanted in line:
                return line
        raise AssertionError(f"no {wanted} in {''.join(heard)}")

    def end(self, number: signal.Signals = signal.SIGINT) -> int:
        if self.process.poll() is None:
            self.process.send_signal(number)
            self.process.communicate()
        return self.process.returncode


_running: list[Demo] = []


@pytest.fixture
def folder(tmp_path: Path) -> Generator[Path]:
    yield tmp_path
    while _running:
        _running.pop().end()
    last = EmbeddedValkey(tmp_path / "data")
    last.attach()
    last.leave()


def zhenyue(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PROGRAM, *arguments], cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, timeout=60, check=False
    )


def test_a_tour_books_stops_and_lifts_and_commands_beside_the_demo_see_it(folder: Path) -> None:
    demo = Demo(folder, "--tour", "--pace", "0")
    demo.line("演示结束")
    with urlopen(demo.page, timeout=10) as answer:  # noqa: S310  # loopback
        assert answer.status == 200
    appointments = orjson.loads(zhenyue(folder, "appointments", "--json").stdout)
    assert appointments
    assert sorted(str(booked["status"]) for booked in appointments) == ["booked", "booked", "stopped"]
    assert all(len(booked["patient"]) == 2 and booked["patient"][1] == "*" for booked in appointments)
    assert zhenyue(folder, "pool", "verify").returncode == 0
    server = EmbeddedValkey(folder / "data").pid
    assert demo.end() == 0
    assert not EmbeddedValkey(folder / "data").answers()
    assert zhenyue(folder, "pool", "verify").returncode == 2
    assert server
    log = (folder / "data" / "demo.log").read_text()
    assert "11010519900307793X" not in log
    assert "13800138000" not in log
    assert "张小明" not in log


def test_secrets_are_private_outlive_kill_9_and_nothing_of_the_environment_is_touched(folder: Path) -> None:
    elsewhere = folder / "production.db"
    (folder / ".env").write_text(
        f"ZHENYUE_DATABASE_URL=sqlite+aiosqlite:///{elsewhere}\n"
        "ZHENYUE_REDIS_URL=redis://127.0.0.1:9/0\n"
        "ZHENYUE_WECHAT_APPID=wx9999999999999999\n"
    )
    demo = Demo(folder)
    kept = folder / "data" / "demo.env"
    secrets = kept.read_text()
    assert kept.stat().st_mode & 0o777 == 0o600
    demo.end(signal.SIGKILL)
    again = Demo(folder)
    assert kept.read_text() == secrets
    assert again.end() == 0
    assert not elsewhere.exists()
    assert "wx9999999999999999" not in secrets


def test_a_folder_where_another_clinic_lives_is_left_alone(folder: Path) -> None:
    (folder / "clinic.yaml").write_text(
        "clinic: {code: real, name: 真实门诊部, address: 某路1号, phone: '010-1'}\n"
        "departments: [{code: d, name: 内科}]\n"
        "doctors: [{code: w, name: 王芳, title: 主任医师, department: d, fee: '50.00'}]\n",
        encoding="utf-8",
    )
    loaded = zhenyue(folder, "load", "clinic.yaml")
    assert loaded.returncode == 0, loaded.stderr
    refused = zhenyue(folder, "demo")
    assert refused.returncode == 2
    assert "real" in refused.stderr
    assert "ZHENYUE_DATA_DIR" in refused.stderr


def test_demos_started_at_the_same_moment_find_ports_of_their_own(folder: Path) -> None:
    folders = [folder / name for name in ("first", "second", "third")]
    for each in folders:
        each.mkdir()
    with ThreadPoolExecutor(len(folders)) as threads:
        demos = list(threads.map(Demo, folders))
    assert len({demo.page for demo in demos}) == len(folders)
    assert [demo.end() for demo in demos] == [0] * len(folders)
