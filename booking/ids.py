"""Ids made before the insert, so that encryption can bind to them; they sort by time, which keeps indexes dense."""

import secrets
from datetime import datetime


def new_id(now: datetime) -> str:
    """Return 32 hexadecimal digits: 48 bits of milliseconds and 80 random bits, like a UUID of version 7."""
    return f"{round(now.timestamp() * 1000):012x}{secrets.token_hex(10)}"
