"""JSON as Python sees it, and reading it without trusting its shape."""

from typing import TypeAlias

from pydantic import JsonValue

__all__ = ["Json", "JsonValue", "record", "records", "text", "whole"]

Json: TypeAlias = dict[str, JsonValue]


def text(body: Json, key: str) -> str:
    """The string under `key`; a number becomes its digits, anything else an empty string."""
    value = body.get(key)
    if isinstance(value, str):
        return value
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    return ""


def record(body: Json, key: str) -> Json:
    """The object under `key`, empty when there is none."""
    value = body.get(key)
    return value if isinstance(value, dict) else {}


def records(body: Json, key: str) -> list[Json]:
    """The objects of the list under `key`; whatever is no object is left out."""
    value = body.get(key)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def whole(body: Json, key: str, default: int = 0) -> int:
    """The integer under `key`, also when it came as a string of digits."""
    value = body.get(key)
    if isinstance(value, bool):
        return default
    if isinstance(value, int):
        return value
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else default
