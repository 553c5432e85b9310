"""Settings: what is missing or wrong is said in one line each, with the variable, the mistake, an example."""

import base64
import os
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.settings import (
    ConfigurationError,
    DatabaseSettings,
    RecordSettings,
    Settings,
    load_settings,
    unknown_settings,
)

KEY = base64.b64encode(bytes(range(32))).decode()
COMPLETE = {
    "ZHENYUE_WECHAT_APPID": "wx0123456789abcdef",
    "ZHENYUE_WECHAT_SECRET": "app-secret",
    "ZHENYUE_WECHAT_TOKEN": "token",
    "ZHENYUE_WECHAT_AES_KEY": "A" * 43,
    "ZHENYUE_SECRET_KEY": KEY,
}


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith("ZHENYUE_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def complete(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in COMPLETE.items():
        monkeypatch.setenv(name, value)


def problem_with(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError) as caught:
        load_settings(Settings)
    (line,) = caught.value.lines
    return line


def test_each_missing_setting_is_one_line_that_names_it_and_gives_an_example() -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_settings(Settings)
    lines = caught.value.lines
    assert [line.split("：")[0] for line in lines] == [
        "ZHENYUE_SECRET_KEY",
        "ZHENYUE_WECHAT_APPID",
        "ZHENYUE_WECHAT_SECRET",
        "ZHENYUE_WECHAT_TOKEN",
        "ZHENYUE_WECHAT_AES_KEY",
    ]
    assert all("缺少" in line and "例如 ZHENYUE_" in line and "\n" not in line for line in lines)


@pytest.mark.usefixtures("complete")
def test_the_defaults_are_those_of_the_contract(tmp_path: Path) -> None:
    settings = load_settings(Settings)
    assert settings.data_dir == tmp_path / "data"
    assert settings.database_url == f"sqlite+aiosqlite:///{tmp_path}/data/zhenyue.db"
    assert settings.database_file == tmp_path / "data" / "zhenyue.db"
    assert settings.embedded_redis
    assert (settings.host, settings.port) == ("127.0.0.1", 8080)
    assert settings.wechat_mode == "secure"
    assert settings.wechat_api_base == "https://api.weixin.qq.com"
    assert settings.timezone == ZoneInfo("Asia/Shanghai")
    assert settings.hold_seconds == 300
    assert settings.log_format == "json"
    assert settings.secret_keys == (bytes(range(32)),)


@pytest.mark.usefixtures("complete")
@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("ZHENYUE_PORT", "http", "应为整数"),
        ("ZHENYUE_PORT", "70000", "应在 0 到 65535 之间"),
        ("ZHENYUE_HOST", "a b", "空格"),
        ("ZHENYUE_HOLD_SECONDS", "0", "应在 1 到 3600 之间"),
        ("ZHENYUE_TIMEZONE", "Asia/Shangahi", "没有名为“Asia/Shangahi”的时区"),
        ("ZHENYUE_TIMEZONE", "../../etc/passwd", "时区"),
        ("ZHENYUE_LOG_FORMAT", "xml", "json、text"),
        ("ZHENYUE_WECHAT_MODE", "safe", "secure"),
        ("ZHENYUE_WECHAT_TOKEN", "to ken", "空格"),
        ("ZHENYUE_WECHAT_AES_KEY", "A" * 42, "43 个字母或数字（现为 42 个字符）"),
        ("ZHENYUE_WECHAT_AES_KEY", "!" * 43, "EncodingAESKey"),
        ("ZHENYUE_WECHAT_AES_KEY_PREVIOUS", "A" * 44, "43"),
        ("ZHENYUE_WECHAT_API_BASE", "api.weixin.qq.com", "https://"),
        ("ZHENYUE_SECRET_KEY", "c2hvcnQ=", "32 字节"),
        ("ZHENYUE_SECRET_KEY", "钥匙", "32 字节"),
        ("ZHENYUE_SECRET_KEY_PREVIOUS", "x", "32 字节"),
        ("ZHENYUE_REDIS_URL", "localhost:6379", "redis://"),
        ("ZHENYUE_REDIS_URL", "redis://", "没有主机名"),
        (
            "ZHENYUE_DATABASE_URL",
            "postgres://u:geheim@db/z",
            "postgresql+asyncpg://…，请把开头的“postgres”改掉",
        ),
        ("ZHENYUE_DATABASE_URL", "postgresql+psycopg://u:geheim@db/z", "“postgresql+psycopg”"),
        ("ZHENYUE_DATABASE_URL", "postgresql+asyncpg://u:geheim@db", "没有数据库名"),
        ("ZHENYUE_DATABASE_URL", "sqlite:///z.db", "sqlite+aiosqlite:///"),
        ("ZHENYUE_DATABASE_URL", "sqlite+aiosqlite://", "内存"),
        ("ZHENYUE_DATABASE_URL", "sqlite+aiosqlite:///:memory:", "内存"),
        ("ZHENYUE_DATABASE_URL", "mysql://db/z", "postgresql+asyncpg://"),
    ],
)
def test_a_wrong_setting_is_one_line_with_the_mistake_and_an_example(
    name: str, value: str, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = problem_with(name, value, monkeypatch)
    assert line.startswith(f"{name}：")
    assert says in line
    assert f"例如 {name}=" in line


@pytest.mark.usefixtures("complete")
@pytest.mark.parametrize("name", ["ZHENYUE_SECRET_KEY", "ZHENYUE_WECHAT_AES_KEY", "ZHENYUE_DATABASE_URL"])
def test_a_secret_that_is_wrong_is_not_repeated(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "geheim" not in problem_with(name, "postgres://u:geheim@db/z", monkeypatch)


@pytest.mark.usefixtures("complete")
def test_secrets_do_not_show_when_settings_are_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZHENYUE_DATABASE_URL", "postgresql+asyncpg://u:geheim@db/z")
    monkeypatch.setenv("ZHENYUE_REDIS_URL", "redis://:geheim@redis/0")
    shown = repr(load_settings(Settings))
    assert "geheim" not in shown
    assert KEY not in shown
    assert "A" * 43 not in shown


@pytest.mark.usefixtures("complete")
def test_plain_mode_needs_no_aes_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ZHENYUE_WECHAT_AES_KEY")
    monkeypatch.setenv("ZHENYUE_WECHAT_MODE", "plain")
    assert load_settings(Settings).wechat_aes_key is None


@pytest.mark.usefixtures("complete")
def test_the_environment_comes_before_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text("ZHENYUE_PORT=9001\nZHENYUE_HOST=0.0.0.0\n", encoding="utf-8")
    monkeypatch.setenv("ZHENYUE_PORT", "9002")
    settings = load_settings(Settings)
    assert (settings.host, settings.port) == ("0.0.0.0", 9002)  # noqa: S104  # compared, not bound


@pytest.mark.usefixtures("complete")
def test_an_empty_variable_is_as_good_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZHENYUE_REDIS_URL", "")
    monkeypatch.setenv("ZHENYUE_TIMEZONE", "")
    assert load_settings(Settings).embedded_redis


def test_a_settings_file_in_another_encoding_is_named() -> None:
    Path(".env").write_bytes("ZHENYUE_HOST=诊所".encode("gb18030"))
    with pytest.raises(ConfigurationError, match=r"\.env.*UTF-8"):
        load_settings(DatabaseSettings)


def test_public_commands_need_no_secret() -> None:
    assert load_settings(DatabaseSettings).database_url.startswith("sqlite+aiosqlite:///")


def test_commands_that_read_patients_need_only_the_secret_key(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigurationError, match=r"^ZHENYUE_SECRET_KEY：缺少"):
        load_settings(RecordSettings)
    monkeypatch.setenv("ZHENYUE_SECRET_KEY", KEY)
    assert load_settings(RecordSettings).secret_keys == (bytes(range(32)),)


def test_commands_beside_a_demo_find_the_key_the_demo_made_and_serve_does_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Path("data").mkdir()
    Path("data/demo.env").write_text("".join(f"{name}={value}\n" for name, value in COMPLETE.items()))
    assert load_settings(RecordSettings).secret_keys == (bytes(range(32)),)
    with pytest.raises(ConfigurationError):
        load_settings(Settings)
    other = base64.b64encode(bytes(32)).decode()
    monkeypatch.setenv("ZHENYUE_SECRET_KEY", other)
    assert load_settings(RecordSettings).secret_keys == (bytes(32),)


@pytest.mark.usefixtures("complete")
def test_the_previous_key_follows_the_current_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZHENYUE_SECRET_KEY_PREVIOUS", base64.urlsafe_b64encode(b"\xff" * 32).decode())
    assert load_settings(RecordSettings).secret_keys == (bytes(range(32)), b"\xff" * 32)


def test_a_misspelt_variable_is_named_with_its_nearest_neighbour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZHENYUE_WECHAT_APPPID", "wx1")
    monkeypatch.setenv("ZHENYUE_TEST_PG", "postgresql://…")
    Path(".env").write_text("ZHENYUE_DATABSE_URL=x\nZHENYUE_QQ=1\n", encoding="utf-8")
    first, second, third = unknown_settings()
    assert "ZHENYUE_DATABSE_URL" in first
    assert "是否应为 ZHENYUE_DATABASE_URL" in first
    assert "ZHENYUE_QQ" in second
    assert "是否" not in second
    assert "是否应为 ZHENYUE_WECHAT_APPID" in third


@pytest.mark.usefixtures("complete")
def test_known_variables_raise_no_warning() -> None:
    assert unknown_settings() == []
