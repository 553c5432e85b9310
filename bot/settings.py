"""Settings from the environment and the file ``.env``, or one line for each thing that is wrong with them."""

import base64
import binascii
import os
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Literal, TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot import texts

PREFIX = "ZHENYUE_"
DEMO_FILE = "demo.env"
REDIS_SCHEMES = ("redis", "rediss", "redis+cluster", "redis+sentinel", "unix")
SECRET_KEY_BYTES = 32
AES_KEY_LENGTH = 43
Mode = Literal["secure", "compatible", "plain"]


class ConfigurationError(Exception):
    """Raised when a setting is missing or wrong; each of ``lines`` is complete in itself."""

    def __init__(self, *lines: str) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


class DatabaseSettings(BaseSettings):
    """What a command needs that only reads and writes the clinic's public data."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_file_encoding="utf-8", env_ignore_empty=True, extra="ignore", frozen=True
    )

    data_dir: Path = Path("data")
    database_url: str = Field(default="", repr=False)
    redis_url: str = Field(default="", repr=False)
    """Empty: the embedded server in the data folder."""
    timezone: ZoneInfo = ZoneInfo("Asia/Shanghai")
    hold_seconds: int = Field(default=300, ge=1, le=3600)
    log_format: Literal["json", "text"] = "json"

    @field_validator("data_dir")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return absolute(value)

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: str, info: ValidationInfo) -> str:
        if not value:
            return f"sqlite+aiosqlite:///{info.data['data_dir'] / 'zhenyue.db'}"
        return _checked_database(value)

    @field_validator("redis_url")
    @classmethod
    def _known_redis(cls, value: str) -> str:
        return _checked_url(value, REDIS_SCHEMES) if value else value

    @field_validator("timezone", mode="before")
    @classmethod
    def _known_timezone(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        try:
            return ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(texts.SETTING_TIMEZONE.format(value=value)) from None

    @property
    def embedded_redis(self) -> bool:
        """Whether Redis is our own server in the data folder."""
        return not self.redis_url

    @property
    def database_file(self) -> Path | None:
        """Return the SQLite file; None on PostgreSQL."""
        scheme, _, path = self.database_url.partition(":///")
        return Path(path.partition("?")[0]) if scheme.startswith("sqlite") else None


class RecordSettings(DatabaseSettings):
    """What a command needs that reads patients."""

    secret_key: SecretStr
    secret_key_previous: SecretStr | None = None
    sms_file: Path | None = None
    """Where SMS are written to; None: none are sent."""

    @field_validator("secret_key", "secret_key_previous")
    @classmethod
    def _whole_key(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and _decoded(value.get_secret_value()) is None:
            raise ValueError(texts.SETTING_KEY)
        return value

    @field_validator("sms_file")
    @classmethod
    def _absolute_file(cls, value: Path | None) -> Path | None:
        return value if value is None else absolute(value)

    @property
    def secret_keys(self) -> tuple[bytes, ...]:
        """Return the keys of 32 bytes: the one to encrypt with, then the previous one while keys rotate."""
        given = (self.secret_key, self.secret_key_previous)
        decoded = (_decoded(key.get_secret_value()) for key in given if key is not None)
        return tuple(key for key in decoded if key is not None)


class Settings(RecordSettings):
    """Everything: what a process needs that talks with WeChat."""

    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)
    """0 lets the system choose one."""
    wechat_appid: str
    wechat_secret: SecretStr
    wechat_token: SecretStr
    wechat_mode: Mode = "secure"
    wechat_aes_key: SecretStr | None = None
    """None only in plain mode, which encrypts nothing."""
    wechat_aes_key_previous: SecretStr | None = None
    wechat_api_base: str = "https://api.weixin.qq.com"
    notices_per_second: float = Field(default=200, ge=0, le=10_000)
    """How many notices all workers send a second, together; 0 is without limit."""
    turns_at_once: int = Field(default=50, ge=1, le=10_000)
    """How many messages a process answers at the same time; the others wait their turn."""
    account_burst: int = Field(default=40, ge=1, le=10_000)
    """How many messages one account may send at once."""
    account_per_second: float = Field(default=2, ge=0.01, le=1000)
    """How many messages one account may send a second, after its burst."""

    @field_validator("host", "wechat_appid", "wechat_secret", "wechat_token")
    @classmethod
    def _one_word(cls, value: str | SecretStr) -> str | SecretStr:
        plain = value.get_secret_value() if isinstance(value, SecretStr) else value
        if not plain or plain.split() != [plain]:
            raise ValueError(texts.SETTING_EMPTY)
        return value

    @field_validator("wechat_aes_key", "wechat_aes_key_previous")
    @classmethod
    def _whole_aes_key(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if value is None:
            if info.field_name == "wechat_aes_key" and info.data.get("wechat_mode", "plain") != "plain":
                raise ValueError(texts.SETTING_MISSING)
            return None
        plain = value.get_secret_value()
        if len(plain) != AES_KEY_LENGTH or _decoded(plain + "=") is None:
            raise ValueError(texts.SETTING_AES_KEY.format(length=len(plain)))
        return value

    @field_validator("wechat_api_base")
    @classmethod
    def _web_address(cls, value: str) -> str:
        return _checked_url(value, ("https", "http")).rstrip("/")


class EmulatorSettings(DatabaseSettings):
    """What the emulator may be told by the same variables as the bot it plays for; its options come before them."""

    port: int = Field(default=8080, ge=0, le=65535)
    """The bot's port."""
    wechat_appid: str = ""
    wechat_secret: SecretStr = SecretStr("")
    wechat_token: SecretStr = SecretStr("")
    wechat_aes_key: SecretStr = SecretStr("")
    wechat_mode: Mode = "secure"


_BOUNDS = {"port": (0, 65535), "hold_seconds": (1, 3600), "account_per_second": (0.01, 1000)}
_BOUNDS |= {"notices_per_second": (0, 10_000), "turns_at_once": (1, 10_000), "account_burst": (1, 10_000)}

S = TypeVar("S", bound=DatabaseSettings)


def load_settings(kind: type[S]) -> S:
    """Read the settings of a kind from the environment, then ``.env``.

    Beside a demo, commands that need no WeChat use the secret key which the demo keeps in its data folder.

    Raises ``ConfigurationError`` with one line for each setting that is missing or wrong.
    """
    files = [Path(".env")]
    if not issubclass(kind, Settings):
        files.insert(0, _data_dir() / DEMO_FILE)
    for file in files:
        _values_of(file)
    try:
        return kind(_env_file=files)
    except ValidationError as error:
        raise ConfigurationError(*(_line(detail) for detail in error.errors())) from None


def unknown_settings(environment: Mapping[str, str] | None = None) -> list[str]:
    """Return a line for each variable with our prefix that we do not know, with the nearest one we know."""
    seen = {*(os.environ if environment is None else environment), *_values_of(Path(".env"))}
    known = [name.upper() for name in Settings.model_fields]
    lines = []
    for name in sorted(seen):
        rest = name.upper().removeprefix(PREFIX)
        if rest == name.upper() or rest in known or rest.startswith("TEST_"):
            continue
        near = get_close_matches(rest, known, n=1, cutoff=0.6)
        text = texts.SETTING_UNKNOWN_NEAR if near else texts.SETTING_UNKNOWN
        lines.append(text.format(name=name, near=PREFIX + near[0] if near else ""))
    return lines


def absolute(path: Path) -> Path:
    """Return a path as it stays when the working directory changes."""
    return path.expanduser().absolute()


def _data_dir() -> Path:
    name = PREFIX + "DATA_DIR"
    return Path(os.environ.get(name) or _values_of(Path(".env")).get(name) or "data").expanduser()


def _values_of(file: Path) -> dict[str, str | None]:
    try:
        return dotenv_values(file, encoding="utf-8") if file.is_file() else {}
    except (OSError, UnicodeDecodeError) as error:
        problem = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise ConfigurationError(texts.SETTING_FILE_UNREADABLE.format(path=file, problem=problem)) from None


def _line(detail: ErrorDetails) -> str:
    """Say one mistake; the value itself is never repeated, since it may be a secret."""
    field = str(detail["loc"][0])
    return texts.SETTING_LINE.format(
        name=PREFIX + field.upper(), problem=_problem(detail, field), example=texts.SETTING_EXAMPLES[field]
    )


def _problem(detail: ErrorDetails, field: str) -> str:
    kind = detail["type"]
    if kind == "missing":
        return texts.SETTING_MISSING
    if kind == "value_error":
        return str(detail["ctx"]["error"])
    if kind == "literal_error":
        allowed = detail["ctx"]["expected"].replace("'", "").replace(" or ", "、").replace(", ", "、")
        return texts.SETTING_NOT_ONE_OF.format(allowed=allowed)
    if kind.startswith(("int", "float")):
        return texts.SETTING_NOT_A_NUMBER
    if kind in {"greater_than_equal", "less_than_equal"}:
        low, high = _BOUNDS[field]
        return texts.SETTING_OUT_OF_RANGE.format(low=low, high=high)
    return texts.SETTING_INVALID


def _decoded(value: str) -> bytes | None:
    """Decode 32 bytes of base64, in either alphabet; None when they are not that."""
    try:
        raw = base64.b64decode(value.strip().translate(str.maketrans("-_", "+/")), validate=True)
    except (binascii.Error, ValueError):
        return None
    return raw if len(raw) == SECRET_KEY_BYTES else None


def _checked_url(value: str, schemes: tuple[str, ...]) -> str:
    scheme, separator, _ = value.partition("://")
    if not separator or scheme not in schemes:
        raise ValueError(texts.SETTING_URL_SCHEME.format(allowed=" ".join(f"{known}://" for known in schemes)))
    if scheme != "unix" and not _host(value):
        raise ValueError(texts.SETTING_URL_HOST)
    return value


def _host(url: str) -> str | None:
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return parts.hostname or parts.netloc or None


def _checked_database(value: str) -> str:
    scheme, separator, rest = value.partition("://")
    if scheme == "sqlite+aiosqlite" and separator:
        if not rest.startswith("/") or rest.strip("/") in {"", ":memory:"} or "mode=memory" in rest:
            raise ValueError(texts.SETTING_DATABASE_MEMORY)
        return value
    if scheme == "postgresql+asyncpg" and separator:
        if not urlsplit(value).path.strip("/"):
            raise ValueError(texts.SETTING_DATABASE_NAME)
        return value
    if scheme.startswith(("postgres", "pg")):
        raise ValueError(texts.SETTING_DATABASE_POSTGRES.format(scheme=scheme))
    if scheme.startswith("sqlite"):
        raise ValueError(texts.SETTING_DATABASE_SQLITE.format(scheme=scheme))
    raise ValueError(texts.SETTING_URL_SCHEME.format(allowed="postgresql+asyncpg:// sqlite+aiosqlite:///"))
