"""The booking service, as another process than the one under test would have it."""

from datetime import timedelta

from booking.appointments import Appointments
from booking.current import CurrentCatalogue
from booking.pool_port import SlotPool
from booking.seats import Seats
from storage.database import SqlDatabase
from tests.support.figures import CountedFigures


def service(database: SqlDatabase, pool: SlotPool) -> Appointments:
    """A booking service with figures and a catalogue of its own."""
    figures = CountedFigures()
    return Appointments(
        database=database,
        pool=pool,
        seats=Seats(database, pool, figures),
        current=CurrentCatalogue(database),
        hold_for=timedelta(minutes=5),
        figures=figures,
    )
