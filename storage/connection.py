"""What rows need of a connection, and SQLite's readers, which answer without a thread in between."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar, cast

from sqlalchemy import Connection, CursorResult, Executable
from sqlalchemy.engine import Dialect

T = TypeVar("T")


class SqlConnection(Protocol):
    """The part of SQLAlchemy's ``AsyncConnection`` that is used here."""

    @property
    def dialect(self) -> Dialect: ...

    async def execute(self, statement: Executable, parameters: Any = None, /) -> CursorResult[Any]:
        """Execute a statement and return its buffered result."""
        ...

    async def run_sync(self, call: Callable[[Connection], T], /) -> T:
        """Call something that wants a synchronous connection."""
        ...


async def fetch(connection: SqlConnection, query: Executable) -> Sequence[tuple[Any, ...]]:
    """Return the rows of a query as tuples."""
    return cast("Sequence[tuple[Any, ...]]", (await connection.execute(query)).all())


class InlineConnection:
    """A synchronous connection in the place of an asynchronous one.

    A reader of SQLite in WAL mode waits for nobody and answers from the page cache in microseconds; asking a thread for
    each of begin, execute, fetch, close and rollback cost a millisecond a reading (measured: ``docs/decisions/0007``).
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @property
    def dialect(self) -> Dialect:
        """Return the dialect."""
        return self._connection.dialect

    async def execute(self, statement: Executable, parameters: Any = None, /) -> CursorResult[Any]:
        """Execute a statement and return its result."""
        return self._connection.execute(statement, parameters)

    async def run_sync(self, call: Callable[[Connection], T], /) -> T:
        """Call something that wants a synchronous connection."""
        return call(self._connection)
