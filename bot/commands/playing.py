"""Commands that play: demo, emulator."""

import errno
import logging
from collections.abc import Callable
from typing import Annotated, cast

from cyclopts import Parameter
from cyclopts.validators import Number

from bot import texts
from bot.console import begin, say
from bot.settings import ConfigurationError, EmulatorSettings
from emulator.config import EmulatorConfig, Mode

EMULATOR_PORT = 8081
PORT_TRIES = 4
"""How often a demo looks for free ports."""


def demo(
    *,
    tour: Annotated[bool, Parameter(help=texts.HELP_TOUR_OPTION, negative="")] = False,
    pace: Annotated[float, Parameter(help=texts.HELP_PACE_OPTION, validator=Number(gte=0))] = 1.0,
) -> None:
    """Run the whole system with a sample clinic and the emulator."""
    wished = begin(EmulatorSettings)
    from bot.demo import demo_settings, run_demo
    from bot.door import PortTaken
    from bot.embedded import own_ground
    from bot.logs import configure_logs
    from bot.loop import run
    from storage.folder import make_private

    make_private(wished.data_dir)
    settings = demo_settings(wished)
    with (settings.data_dir / "demo.log").open("ab") as stream:
        configure_logs(settings.log_format, stream=stream, level=logging.INFO)
        with own_ground(settings) as ground:
            for tries_left in reversed(range(PORT_TRIES)):
                try:
                    run(run_demo(settings, ground, tour=tour, pace=pace))
                    break
                except (PortTaken, OSError) as error:  # whoever started at the same moment was quicker
                    taken = isinstance(error, PortTaken) or error.errno == errno.EADDRINUSE
                    if not taken or not tries_left:
                        raise
                    settings = demo_settings(wished)
        configure_logs(settings.log_format, level=logging.WARNING)


def emulator(  # an emulated account has this many settings
    *,
    webhook: Annotated[str, Parameter(help=texts.HELP_EMULATOR["webhook"])] = "",
    token: Annotated[str, Parameter(help=texts.HELP_EMULATOR["token"])] = "",
    aes_key: Annotated[str, Parameter(help=texts.HELP_EMULATOR["aes_key"])] = "",
    mode: Annotated[str, Parameter(help=texts.HELP_EMULATOR["mode"])] = "",
    appid: Annotated[str, Parameter(help=texts.HELP_EMULATOR["appid"])] = "",
    secret: Annotated[str, Parameter(help=texts.HELP_EMULATOR["secret"])] = "",
    host: Annotated[str, Parameter(help=texts.HELP_EMULATOR["host"])] = "127.0.0.1",
    port: Annotated[int, Parameter(help=texts.HELP_EMULATOR["port"])] = EMULATOR_PORT,
) -> None:
    """Run only the emulator."""
    settings = begin(EmulatorSettings)
    from bot.loop import run

    if not (token or settings.wechat_token.get_secret_value()):
        needs = texts.EMULATOR_NEEDS.format(option="--token", variable="ZHENYUE_WECHAT_TOKEN")
        raise ConfigurationError(texts.EMULATOR_WRONG.format(problem=needs))
    bot_address = f"http://127.0.0.1:{settings.port}/wechat"
    try:
        config = EmulatorConfig(
            webhook_url=webhook or bot_address,
            token=token or settings.wechat_token.get_secret_value(),
            aes_key=aes_key or settings.wechat_aes_key.get_secret_value(),
            mode=cast("Mode", mode or settings.wechat_mode),
            appid=appid or settings.wechat_appid,
            secret=secret or settings.wechat_secret.get_secret_value(),
            host=host,
            port=port,
        )
    except ValueError as error:
        raise ConfigurationError(texts.EMULATOR_WRONG.format(problem=error)) from None

    def started(address: str) -> None:
        for line in texts.EMULATOR_READY:
            say(line.format(address=address, webhook=config.webhook_url))
        if not (secret or settings.wechat_secret.get_secret_value()):
            say(texts.EMULATOR_CREDENTIALS.format(appid=config.appid, secret=config.secret))

    try:
        run(_until_told_to_stop(config, started))
    except OSError as error:
        raise ConfigurationError(texts.EMULATOR_WRONG.format(problem=error.strerror)) from None


async def _until_told_to_stop(config: EmulatorConfig, started: Callable[[str], None]) -> None:
    from bot.loop import told_to_stop
    from emulator.server import running

    stop = told_to_stop()
    async with running(config) as address:
        started(address)
        await stop.wait()
