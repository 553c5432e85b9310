"""Secrets and persons are planted, all that can go wrong does, and then whatever was written is searched (R-A11).

Logs, answers, figures, what commands print, the database's and Redis's files; and the repository itself.
"""

import asyncio
import base64
import re
import sqlite3
import subprocess
from collections.abc import Iterable
from pathlib import Path

import aiohttp
import pytest

from emulator.client import EmulatedUser
from tests.support.system import AES_KEY, APP_SECRET, TOKEN, System, choose, register

NAME, ID_NUMBER, MOBILE = "欧阳标记", "110101199003074477", "13900012345"
SECRET_KEY = base64.b64encode(b"k" * 32).decode()
SECRETS = {"app secret": APP_SECRET, "token": TOKEN, "AES key": AES_KEY, "secret key": SECRET_KEY, "raw key": "k" * 32}
PERSON = {"name": NAME, "identity number": ID_NUMBER, "mobile number": MOBILE, "given name": NAME[2:]}
MARKERS = SECRETS | PERSON


def found_in(places: dict[str, bytes], markers: dict[str, str]) -> list[str]:
    """Which marker stands where: as it is, escaped as JSON or Python write it, or in base64."""
    found = []
    for place, content in places.items():
        for what, marker in markers.items():
            if any(form in content for form in _forms(marker)):
                found.append(f"{what} in {place}")
    return found


def _forms(marker: str) -> Iterable[bytes]:
    plain = marker.encode()
    yield plain
    yield plain.hex().encode()
    yield marker.encode("unicode_escape")
    yield repr(plain)[2:-1].encode()
    if len(plain) > 8:
        yield base64.b64encode(plain).rstrip(b"=")[:-1]


async def trouble(system: System, user: EmulatedUser) -> dict[str, bytes]:
    """Everything that can go wrong while somebody's data is at hand; returns what was answered and printed."""
    said: dict[str, bytes] = {}
    address = f"http://127.0.0.1:{system.port}"
    body = f"<xml><Content>{NAME} {ID_NUMBER} {MOBILE} {TOKEN}</Content></xml>".encode()
    async with aiohttp.ClientSession() as session:
        for number, query in enumerate(("", "?signature=x&timestamp=1&nonce=1", f"?msg_signature={TOKEN}&timestamp=1")):
            async with session.post(f"{address}/wechat{query}", data=body) as response:
                said[f"refusal {number}"] = await response.read() + repr(response.headers).encode()
                assert response.status in {400, 403}
        for name in ("metrics", "readyz", "healthz", f"none/{MOBILE}"):
            async with session.get(f"{address}/{name}") as response:
                said[name] = (
                    (await response.read()).replace(MOBILE.encode(), b"") if "none" in name else (await response.read())
                )
    await asyncio.to_thread(_do, system.folder / "zhenyue.db", "UPDATE patient SET name = X'0102'")
    said["apology"] = str(await user.say("就诊人")).encode()
    said["apology 2"] = str(await user.say(f"{NAME} {ID_NUMBER} {MOBILE}")).encode()
    await asyncio.to_thread(_do, system.folder / "zhenyue.db", "ALTER TABLE account_patient RENAME TO elsewhere")
    said["apology 3"] = str(await user.say("我的预约")).encode()
    system.env["SECRET_KEY"] = base64.b64encode(b"w" * 32).decode()
    status, out, err = await system.attempt("backup", "copy.zy")
    assert status, out
    said["a command with the wrong key"] = (out + err).encode()
    return said


def _do(database: Path, harm: str) -> None:
    """A value that cannot be opened, a table that is gone: exceptions of ours and of a driver, which quotes rows."""
    connection = sqlite3.connect(database)
    connection.execute(harm)
    connection.commit()
    connection.close()


@pytest.mark.timeout(300)
async def test_whatever_goes_wrong_no_secret_and_nobody_can_be_read_anywhere(system: System) -> None:
    user = await system.emulator.user("标记")
    await register(user, NAME, ID_NUMBER, MOBILE)
    await user.say("预约")
    await choose(user, "1. 确认")
    await user.say("1")
    shown = (await system.run("appointments", "--json")).encode()
    said = {"appointments": shown} | await trouble(system, user)
    await system.stop()
    log = "".join(system.log).encode()
    assert b'"level":"error"' in log.replace(b" ", b""), "nothing went wrong: this test proves nothing"
    assert found_in(said | {"log": log}, MARKERS) == []
    files = {str(path): path.read_bytes() for path in system.folder.rglob("*") if path.is_file()}
    assert any(name.endswith("zhenyue.db") for name in files)
    assert any("appendonly" in name for name in files)
    assert found_in(files, MARKERS) == []


@pytest.mark.parametrize("form", ["{}", '"{}"', "%22{}%22"])
def test_control_a_marker_that_is_somewhere_is_found(form: str) -> None:
    for what, marker in MARKERS.items():
        escaped = form.format(marker).encode("ascii", "backslashreplace")
        assert found_in({"log": escaped}, {what: marker}) == [f"{what} in log"]
        assert found_in({"log": form.format(marker).encode()}, {what: marker}) == [f"{what} in log"]
    assert found_in({"db": base64.b64encode(APP_SECRET.encode())}, SECRETS) == ["app secret in db"]
    assert found_in({"log": b"nothing of it"}, MARKERS) == []


SECRET_FORMS = {
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----\s+\S"),
    "an app secret": re.compile(r"(?i)secret\W{1,4}[0-9a-f]{32}\b"),
    "an EncodingAESKey": re.compile(r"(?i)aes_?key\W{1,4}[A-Za-z0-9]{43}\b"),
    "a secret key": re.compile(r"(?i)secret_?key\W{1,4}[A-Za-z0-9+/]{43}="),
    "a password": re.compile(r"://[^\s:/@\"'`{}$]+:(?!(?i:password)@)[^\s@/\"'`{}$<>…*]{6,}@"),
}
INVENTED = ("tests/", "bench/", "emulator/")
"""Where accounts are played: their secrets are made up and open nothing."""


def leaked(name: str, text: str) -> list[str]:
    """What looks like a secret in a file of the repository."""
    if name.startswith(INVENTED) or name.startswith("requirements"):
        return []
    return [f"{what} in {name}" for what, form in SECRET_FORMS.items() if form.search(text)]


def test_no_secret_stands_in_the_repository() -> None:
    names = subprocess.run(["git", "ls-files"], capture_output=True, text=True, check=False).stdout.split()
    if not names:
        pytest.skip("not a git checkout")
    found = []
    for name in names:
        path = Path(name)
        if path.is_file() and path.suffix not in {".png", ".xlsx"}:
            found += leaked(name, path.read_text(encoding="utf-8", errors="replace"))
    assert found == []
    assert not [name for name in names if Path(name).name == ".env" or name.endswith((".db", ".zy", ".pem", ".key"))]


@pytest.mark.parametrize(
    "planted",
    [
        "-----BEGIN PRIVATE KEY-----\nMIIE",
        f"ZHENYUE_WECHAT_SECRET={APP_SECRET}",
        f'aes_key = "{AES_KEY}"',
        f"ZHENYUE_SECRET_KEY={SECRET_KEY}",
        "postgresql+asyncpg://zhenyue:hunter22@db/zhenyue",
    ],
)
def test_control_a_secret_in_the_repository_is_found(planted: str) -> None:
    assert leaked("docs/operations.md", planted)
