"""What every command begins with, and how it speaks: results on standard output, everything else beside it."""

import logging
import sys
from typing import TypeVar

from bot.logs import configure_logs
from bot.settings import DatabaseSettings, load_settings, unknown_settings

S = TypeVar("S", bound=DatabaseSettings)


def begin(kind: type[S], *, level: int = logging.WARNING) -> S:
    """Read the settings a command needs and set up its logs; names unknown variables on standard error.

    Raises ``ConfigurationError``.
    """
    for line in unknown_settings():
        complain(line)
    settings = load_settings(kind)
    configure_logs(settings.log_format, level=level)
    return settings


def say(line: str) -> None:
    """Print a line of the result."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def complain(line: str) -> None:
    """Print a line beside the result."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()
