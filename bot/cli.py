"""The command line: every command of the contract by name; each is imported only when it runs."""

import os
import sys
from collections.abc import Sequence
from importlib.metadata import version

from cyclopts import App, CycloptsError, Group
from cyclopts.exceptions import (
    CoercionError,
    MissingArgumentError,
    UnknownCommandError,
    UnknownOptionError,
    ValidationError,
)

from bot import texts
from bot.console import complain
from bot.settings import ConfigurationError

DONE, REFUSED, WRONG = 0, 1, 2
"""Exit status: done, refused by a rule, wrong usage or configuration."""
COMMANDS = {
    "serve": "bot.commands.running:serve",
    "worker": "bot.commands.running:work",
    "demo": "bot.commands.playing:demo",
    "emulator": "bot.commands.playing:emulator",
    "migrate": "bot.commands.running:migrate",
    "check": "bot.commands.running:check",
    "load": "bot.commands.catalogue:load",
    "publish": "bot.commands.catalogue:publish",
    "adjust": "bot.commands.adjusting:adjust",
    "stop": "bot.commands.stopping:stop",
    "lift": "bot.commands.stopping:lift",
    "stoppages": "bot.commands.stopping:stoppages",
    "slots": "bot.commands.listing:slots",
    "appointments": "bot.commands.listing:appointments",
    "notices": "bot.commands.notices:notices",
    "menu push": "bot.commands.account:push",
    "staff add": "bot.commands.staff:add",
    "staff list": "bot.commands.staff:show",
    "staff remove": "bot.commands.staff:remove",
    "backup": "bot.commands.backing_up:backup",
    "restore": "bot.commands.backing_up:restore",
    "erase": "bot.commands.erasing:erase",
    "reseal": "bot.commands.resealing:reseal",
    "audit": "bot.commands.auditing:audit",
    "understand": "bot.commands.understanding:understand",
    "misunderstood": "bot.commands.misunderstood:misunderstood",
    "pool verify": "bot.commands.pool:verify",
    "pool rebuild": "bot.commands.pool:rebuild",
}


def build() -> App:
    """Return the application with all its commands, none of them imported yet."""
    app = _group("zhenyue", texts.HELP, texts.HELP_USAGE)
    groups: dict[str, App] = {"": app}
    for words, place in COMMANDS.items():
        parent, _, name = words.rpartition(" ")
        if parent not in groups:
            groups[parent] = _group(parent, texts.HELP_OF[parent], _usage(parent))
            app.command(groups[parent])
        groups[parent].command(place, name=name, help=texts.HELP_OF[words], usage=_usage(words))
    return app


def _usage(words: str) -> str:
    return texts.HELP_USAGE_OF.format(command=words, arguments=texts.HELP_ARGUMENTS_OF.get(words, ""))


def run(tokens: Sequence[str]) -> int:
    """Run a command and return the exit status; what is wrong is on standard error, in a line each."""
    try:
        status = build()(tokens, exit_on_error=False, print_error=False, result_action="return_value")
    except ConfigurationError as error:
        for line in error.lines:
            complain(line)
        return WRONG
    except CycloptsError as error:
        complain(texts.USAGE_WRONG.format(problem=_usage_problem(error)))
        return WRONG
    except BrokenPipeError:
        # Whoever read the output has heard enough, as in ``zhenyue slots | head``; what was to be done is done.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except Exception as error:  # noqa: BLE001  # the last place where it can be told
        return _failed(error)
    return status if isinstance(status, int) else DONE


def main() -> None:
    """Run what the command line says."""
    sys.exit(run(sys.argv[1:]))


def _group(name: str, help_text: str, usage: str) -> App:
    app = App(
        name=name,
        help=help_text,
        usage=usage,
        version=lambda: version("zhenyue"),
        group_commands=Group(texts.HELP_COMMANDS),
        group_parameters=Group(texts.HELP_OPTIONS),
        group_arguments=Group(texts.HELP_ARGUMENTS),
    )
    app["--help"].help = texts.HELP_HELP
    app["--version"].help = texts.HELP_VERSION
    return app


def _failed(error: Exception) -> int:
    """Say what stopped a command: a rule, something that did not answer, or a fault of ours."""
    from booking.errors import Refused, Unavailable

    if isinstance(error, Refused):
        complain(str(error))
        return REFUSED
    if isinstance(error, Unavailable):
        complain(texts.UNAVAILABLE.format(what=error))
        return WRONG
    import structlog

    structlog.get_logger().critical("command_failed", exc_info=error)
    complain(texts.CRASHED)
    return WRONG


def _usage_problem(error: CycloptsError) -> str:
    if isinstance(error, UnknownCommandError):
        return texts.USAGE_UNKNOWN_COMMAND.format(what=(error.unused_tokens or [""])[0])
    if isinstance(error, UnknownOptionError):
        return texts.USAGE_UNKNOWN_OPTION.format(what=error.token.keyword or error.token.value)
    names = error.argument.name if error.argument is not None else ""
    if isinstance(error, MissingArgumentError):
        return texts.USAGE_MISSING.format(what=names)
    if isinstance(error, CoercionError | ValidationError):
        return texts.USAGE_BAD_VALUE.format(what=names)
    return str(error).strip().partition("\n")[0]
