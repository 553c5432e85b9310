"""Runs of what is done once for each time it is due, in SQL."""

from datetime import datetime

from sqlalchemy import Update, or_, select, update
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from booking.timed_ports import LEASE
from storage.connection import SqlConnection
from storage.staff_tables import job_run


class SqlJobRows:
    """``JobRows`` on one connection."""

    def __init__(self, connection: SqlConnection) -> None:
        self._connection = connection

    async def claim(self, name: str, due: str, *, now: datetime, until: datetime) -> bool:
        """Take the run of a job for a time it is due; False when it is done, or another's whose lease has not ended.

        A lease that ends later than any given now was given before the clock stepped back.
        """
        dialect_insert = sqlite_insert if self._connection.dialect.name == "sqlite" else postgres_insert
        free = or_(job_run.c.leased_until <= now, job_run.c.leased_until > now + LEASE)
        statement = dialect_insert(job_run).values(name=name, due=due, leased_until=until)
        statement = statement.on_conflict_do_update(
            index_elements=[job_run.c.name, job_run.c.due],
            set_={"leased_until": until},
            where=job_run.c.done_at.is_(None) & free,
        )
        return (await self._connection.execute(statement)).rowcount == 1

    async def done(self, name: str, due: str, *, now: datetime) -> None:
        """Note that a run is done."""
        await self._connection.execute(_run(name, due).values(done_at=now))

    async def give_up(self, name: str, due: str, *, now: datetime) -> None:
        """Let a run that failed be tried again at once."""
        await self._connection.execute(_run(name, due).values(leased_until=now))

    async def is_done(self, name: str, due: str) -> bool:
        """Tell whether a run is done, or a later one of this job."""
        query = select(job_run.c.due).where(
            job_run.c.name == name, job_run.c.due >= due, job_run.c.done_at.is_not(None)
        )
        return (await self._connection.execute(query.limit(1))).first() is not None


def _run(name: str, due: str) -> Update:
    return update(job_run).where(job_run.c.name == name, job_run.c.due == due)
