"""The whole system on one machine: embedded database and Redis, a sample clinic, and WeChat played by the emulator."""

import asyncio
import os
import secrets
import socket
import string
from base64 import b64encode
from contextlib import suppress
from pathlib import Path

from dotenv import dotenv_values
from pydantic import SecretStr

from booking.actors import Role, system
from booking.catalogue_loading import CatalogueLoading
from booking.errors import NoCatalogue
from booking.publishing import Publishing
from booking.staff_refusals import UnknownStaff
from bot import texts
from bot.app import Parts, assemble, background
from bot.catalogue_file import SAMPLE, read_catalogue_file
from bot.connections import prepare
from bot.console import say
from bot.embedded import Ground
from bot.holidays import public_holidays
from bot.loop import told_to_stop
from bot.menu import push_menu
from bot.serve import beside, keep_ground, listening
from bot.settings import DEMO_FILE, PREFIX, ConfigurationError, EmulatorSettings, Settings
from emulator.client import EmulatorClient
from emulator.config import DEFAULT_APPID, EmulatorConfig
from emulator.server import running
from emulator.tour import TOURS, Script, play

LOOPBACK = "127.0.0.1"
EMULATOR_PORT = 8081
AES_KEY_CHARACTERS = 43


def demo_settings(wished: EmulatorSettings) -> Settings:
    """Return settings that touch nothing real: the data folder's embedded servers, and secrets kept in it.

    Raises ``ConfigurationError`` when the folder cannot be used.
    """
    made = demo_secrets(wished.data_dir)
    port, emulator_port = free_port(wished.port), free_port(EMULATOR_PORT)
    return Settings(
        _env_file=None,
        data_dir=wished.data_dir,
        database_url="",
        redis_url="",
        timezone=wished.timezone,
        hold_seconds=wished.hold_seconds,
        log_format=wished.log_format,
        host=LOOPBACK,
        port=port,
        secret_key=SecretStr(made["SECRET_KEY"]),
        secret_key_previous=None,
        wechat_appid=made["WECHAT_APPID"],
        wechat_secret=SecretStr(made["WECHAT_SECRET"]),
        wechat_token=SecretStr(made["WECHAT_TOKEN"]),
        wechat_aes_key=SecretStr(made["WECHAT_AES_KEY"]),
        wechat_aes_key_previous=None,
        wechat_mode="secure",
        wechat_api_base=f"http://{LOOPBACK}:{emulator_port}",
    )


def demo_secrets(data_dir: Path) -> dict[str, str]:
    """Return the demo's secrets by their names without our prefix, made at the first start and kept in the folder."""
    path = data_dir / DEMO_FILE
    if not path.exists():
        made = {
            "SECRET_KEY": b64encode(secrets.token_bytes(32)).decode(),
            "WECHAT_APPID": DEFAULT_APPID,
            "WECHAT_SECRET": secrets.token_hex(16),
            "WECHAT_TOKEN": secrets.token_hex(16),
            "WECHAT_AES_KEY": "".join(secrets.choice(string.ascii_letters) for _ in range(AES_KEY_CHARACTERS)),
        }
        lines = "".join(f"{PREFIX}{name}={value}\n" for name, value in made.items())
        partial = path.with_suffix(".partial")
        partial.unlink(missing_ok=True)
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(lines)
        partial.replace(path)
    kept = dotenv_values(path, encoding="utf-8")
    return {name.removeprefix(PREFIX): value or "" for name, value in kept.items()}


def free_port(wished: int) -> int:
    """Return the wished port when nobody listens there, else any free one."""
    for port in (wished, 0):
        with socket.socket() as trial, suppress(OSError):
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind((LOOPBACK, port))
            return int(trial.getsockname()[1])
    return wished


async def run_demo(settings: Settings, ground: Ground, *, tour: bool, pace: float) -> None:
    """Run until told to stop; with a tour, a scripted patient books first. Raises ``ConfigurationError``."""
    stop = told_to_stop()
    await prepare(settings, ground.redis_url)
    async with (
        running(emulator_config(settings)) as page,
        beside(keep_ground(ground)),
        assemble(settings, ground.redis_url) as parts,
        listening(parts, settings) as where,
    ):
        await open_sample_clinic(parts)
        await push_menu(parts.client)
        worker = background(parts)
        worker.start()
        code = await new_manager(parts)
        for line in (texts.DEMO_READY, texts.DEMO_PAGE, texts.DEMO_STAFF, texts.DEMO_BESIDE, texts.DEMO_STOP):
            say(line.format(page=page, where=where, folder=settings.data_dir, code=code))
        touring = beside(_tour(page, pace, code)) if tour else beside(asyncio.sleep(0))
        async with touring:
            await stop.wait()
        await worker.close()


def emulator_config(settings: Settings) -> EmulatorConfig:
    """Return the emulator's side of the demo's settings."""
    sample = read_catalogue_file(SAMPLE, default_timezone=settings.timezone.key)
    return EmulatorConfig(
        account_name=sample.values.clinic.name,
        webhook_url=f"http://{settings.host}:{settings.port}/wechat",
        token=settings.wechat_token.get_secret_value(),
        aes_key=settings.wechat_aes_key.get_secret_value() if settings.wechat_aes_key else "",
        appid=settings.wechat_appid,
        secret=settings.wechat_secret.get_secret_value(),
        port=int(settings.wechat_api_base.rpartition(":")[2]),
    )


async def open_sample_clinic(parts: Parts) -> None:
    """Load the sample catalogue and publish what is due; refuses a folder where another clinic lives."""
    sample = read_catalogue_file(SAMPLE, default_timezone=parts.settings.timezone.key)
    try:
        async with parts.database.read() as unit:
            code = (await unit.catalogue.load()).clinic.code
    except NoCatalogue:
        code = sample.values.clinic.code
    if code != sample.values.clinic.code:
        raise ConfigurationError(texts.DEMO_OTHER_CLINIC.format(folder=parts.settings.data_dir, code=code))
    await CatalogueLoading(parts.database).load(sample.values, now=parts.clock.now())
    holidays = public_holidays(parts.settings.data_dir)
    await Publishing(parts.database, parts.seats, holidays).publish(now=parts.clock.now())


async def new_manager(parts: Parts) -> str:
    """Let somebody be the clinic's manager, and return the code to become so; one of an earlier demo is removed."""
    staff, by, now = parts.services.staff, system("demo"), parts.clock.now()
    with suppress(UnknownStaff):
        await staff.remove(texts.DEMO_MANAGER, by=by, now=now)
    _, code = await staff.add(texts.DEMO_MANAGER, Role.MANAGER, by=by, now=now)
    return code


async def _tour(page: str, pace: float, code: str) -> None:
    async with EmulatorClient(page) as client:
        try:
            scripts = (Script.load(TOURS / f"{name}.json", code=code) for name in ("booking", "bad_day"))
            await play(client, *scripts, pace=pace)
        except Exception as error:  # noqa: BLE001  # the demo goes on without its tour
            say(texts.DEMO_TOUR_FAILED.format(problem=error))
        else:
            say(texts.DEMO_TOUR_OVER.format(page=page))
