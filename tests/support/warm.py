"""What a process that runs for long does once, the suite does once too, not once for each test."""

import gc
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine


class _Compiled(dict[Any, Any]):
    """Statements as compiled, for every engine of a kind: each of the tests makes engines of its own."""

    def get(self, key: Any, default: Any = None) -> Any:
        return super().get((type(key[0]), *key[1:]), default)

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__((type(key[0]), *key[1:]), value)


def keep_warm() -> None:
    """Compile a statement once (a third of a conversation's time), and leave what was imported to no collector."""
    compiled = _Compiled()

    @event.listens_for(Engine, "engine_connect")
    def share(connection: Connection) -> None:
        connection.engine._compiled_cache = compiled

    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
