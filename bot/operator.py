"""Who runs a command: the user of the operating system."""

import getpass

from booking.actors import Actor


def operator() -> Actor:
    """Return the actor that whoever runs this command is."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        name = "unknown"
    return Actor("cli", name, "cli")
