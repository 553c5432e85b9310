"""``zhenyue stop``, ``zhenyue lift`` and ``zhenyue stoppages``.

The commands do the batches themselves where no worker does, so that they end when everything is done.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, cast, get_args

from cyclopts import Parameter

from booking.current import CurrentCatalogue
from booking.errors import NoCatalogue, Refused
from booking.ids import new_id
from booking.models import Catalogue
from booking.notices import FINAL
from booking.rules import clinic_day
from booking.seats import Seats
from booking.staff_refusals import NotInStoppage, UnknownScope, UnknownStoppage
from booking.stoppage_models import AT_WORK, Scope, ScopeKind, StopOrder, Stoppage, StoppageFigures
from booking.stoppages import Stoppages
from bot import texts, texts_stoppages
from bot.connections import open_database, open_redis, prepare
from bot.console import begin, complain, say
from bot.embedded import shared_ground
from bot.loop import run
from bot.metrics import Metrics
from bot.moments import read_moment
from bot.operator import operator
from bot.settings import ConfigurationError, RecordSettings
from bot.stoppage_words import (
    Row,
    lifted_line,
    preview_lines,
    preview_row,
    states_line,
    stoppage_cells,
    stoppage_row,
    stopped_lines,
)
from bot.stopping import work_on
from bot.tables import print_array, print_table
from handlers.texts.refusals import refusal
from storage.clock import DatabaseClock
from storage.database import SqlDatabase
from storage.pool import RedisPool

REFUSED = 1
LOOK_EVERY = 0.3
HELP = texts_stoppages.HELP_OPTIONS
Json = Annotated[bool, Parameter(help=texts.OPTION_JSON, negative="")]


@dataclass(frozen=True, slots=True)
class _Desk:
    """What the commands work with."""

    database: SqlDatabase
    catalogue: Catalogue
    clock: DatabaseClock
    stoppages: Stoppages

    @property
    def now(self) -> datetime:
        """The database's clock."""
        return self.clock.now()

    async def finish(self, stoppage_id: str) -> tuple[Stoppage, StoppageFigures]:
        """Do the batches, or see others do them, to the end."""
        while True:
            await work_on(self.stoppages, now=self.clock.now)
            found, figures = await self.stoppages.get(stoppage_id)
            if found.state not in AT_WORK:
                return found, figures
            await asyncio.sleep(LOOK_EVERY)


def stop(
    scope: Annotated[str, Parameter(help=HELP["scope"])],
    code: Annotated[str | None, Parameter(help=HELP["code"])] = None,
    /,
    *,
    from_: Annotated[str | None, Parameter(name="--from", help=HELP["from"])] = None,
    to: Annotated[str | None, Parameter(name="--to", help=HELP["to"])] = None,
    reason: Annotated[str | None, Parameter(help=HELP["reason"])] = None,
    text: Annotated[str, Parameter(help=HELP["text"])] = "",
    preview: Annotated[bool, Parameter(help=HELP["preview"], negative="")] = False,
    wait: Annotated[bool, Parameter(help=HELP["wait"], negative="")] = False,
    json: Json = False,
) -> int:
    """Stop clinic sessions, and tell those booked in them."""
    settings = begin(RecordSettings)
    what = _scope(scope, code)
    if reason is None and not preview:
        raise ConfigurationError(texts_stoppages.REASON_MISSING)
    order = _Order(what, from_, to, reason or "", text)
    with shared_ground(settings) as ground:
        return run(_stop(settings, ground.redis_url, order, preview=preview, wait=wait, as_json=json))


def lift(
    stoppage: Annotated[str, Parameter(name="ID", help=HELP["id"])],
    /,
    *,
    session: Annotated[str | None, Parameter(help=HELP["session"])] = None,
    json: Json = False,
) -> int:
    """Let what was stopped be held again, and tell those who were notified."""
    settings = begin(RecordSettings)
    with shared_ground(settings) as ground:
        return run(_lift(settings, ground.redis_url, stoppage, session, as_json=json))


async def stoppages(*, json: Json = False) -> int:
    """List stoppages, newest first."""
    settings = begin(RecordSettings)
    try:
        async with _open(settings, None) as desk:
            zone = desk.catalogue.clinic.zone
            found = await desk.stoppages.all()
    except NoCatalogue:
        complain(texts.NO_CATALOGUE)
        return REFUSED
    if json:
        print_array([stoppage_row(each, figures, zone) for each, figures in found])
    else:
        print_table(texts_stoppages.COLUMNS, [stoppage_cells(each, figures, zone) for each, figures in found])
    return 0


@dataclass(frozen=True, slots=True)
class _Order:
    """What is to be stopped, as it was typed."""

    scope: Scope
    from_text: str | None
    to_text: str | None
    reason: str
    text: str

    def read(self, catalogue: Catalogue, day: date, *, now: datetime) -> StopOrder:
        """Read the moments; raises ``ConfigurationError``."""
        zone = catalogue.clinic.zone
        return StopOrder(
            self.scope,
            self.reason,
            f"cli:{new_id(now)}",
            read_moment("--from", self.from_text, zone, now=now, day=day),
            read_moment("--to", self.to_text, zone, now=now, day=day, end=True),
            self.text,
        )


def _scope(kind: str, code: str | None) -> Scope:
    """Read what is to be stopped; raises ``ConfigurationError``."""
    if kind not in get_args(ScopeKind):
        raise ConfigurationError(texts_stoppages.BAD_SCOPE.format(value=kind))
    if kind == "clinic" and code is not None:
        raise ConfigurationError(texts_stoppages.CODE_NEEDLESS)
    if kind != "clinic" and not code:
        example = texts_stoppages.EXAMPLES[kind]
        raise ConfigurationError(texts_stoppages.CODE_MISSING.format(kind=kind, example=example))
    return Scope(cast("ScopeKind", kind), code or "")


@asynccontextmanager
async def _open(settings: RecordSettings, redis_url: str | None) -> AsyncGenerator[_Desk]:
    """Open the database, and Redis where an address is given; raises ``NoCatalogue``."""
    await prepare(settings, None)
    async with open_database(settings) as database:
        clock = DatabaseClock(database)
        await clock.read()
        current, sms = CurrentCatalogue(database), settings.sms_file is not None
        catalogue = await current.get()
        if redis_url is None:
            services = Stoppages(database=database, seats=None, current=current, sms=sms)
            yield _Desk(database, catalogue, clock, services)
            return
        async with open_redis(redis_url) as redis:
            seats = Seats(database, RedisPool(redis), Metrics())
            services = Stoppages(database=database, seats=seats, current=current, sms=sms)
            yield _Desk(database, catalogue, clock, services)


async def _stop(
    settings: RecordSettings, redis_url: str, typed: _Order, *, preview: bool, wait: bool, as_json: bool
) -> int:
    try:
        async with _open(settings, redis_url) as desk:
            try:
                order = typed.read(desk.catalogue, await _day(desk, typed.scope), now=desk.now)
                if preview:
                    await _show_preview(desk, order, as_json=as_json)
                    return 0
                ordered = await desk.stoppages.stop(order, by=operator(), now=desk.now)
            except Refused as error:
                complain(_told(error, desk.catalogue))
                return REFUSED
            zone = desk.catalogue.clinic.zone
            found, figures = await desk.finish(ordered.id)
            if not as_json:
                _show(stoppage_row(found, figures, zone), stopped_lines(found, figures, zone), as_json=False)
            if wait:
                await _wait_for_notices(desk, ordered.id)
                found, figures = await desk.stoppages.get(ordered.id)
            if as_json:  # one array, of how it stands in the end
                _show(stoppage_row(found, figures, zone), [], as_json=True)
    except NoCatalogue:
        complain(texts.NO_CATALOGUE)
        return REFUSED
    return 0


async def _lift(settings: RecordSettings, redis_url: str, stoppage: str, session: str | None, *, as_json: bool) -> int:
    try:
        async with _open(settings, redis_url) as desk:
            try:
                await desk.stoppages.lift(stoppage, session, by=operator(), now=desk.now)
            except Refused as error:
                complain(_told(error, desk.catalogue))
                return REFUSED
            found, figures = await desk.finish(stoppage)
            row = stoppage_row(found, figures, desk.catalogue.clinic.zone)
            _show(row, [lifted_line(found, figures, session)], as_json=as_json)
    except NoCatalogue:
        complain(texts.NO_CATALOGUE)
        return REFUSED
    return 0


def _told(error: Refused, catalogue: Catalogue) -> str:
    """Say which rule was met; of what is not there, which command lists what is."""
    said = refusal(error, clinic=catalogue.clinic)
    if isinstance(error, UnknownScope):
        return said + texts_stoppages.WHERE_LISTED[error.kind]
    if isinstance(error, UnknownStoppage | NotInStoppage):
        return said + texts_stoppages.WHERE_LISTED["stoppage" if isinstance(error, UnknownStoppage) else "session"]
    return said


async def _day(desk: _Desk, scope: Scope) -> date:
    """Return the day that a time of day alone is on: the session's own, else today."""
    if scope.kind == "session":
        async with desk.database.read() as unit:
            found = await unit.sessions.get(scope.code)
        if found is not None:
            return found[0].date
    return clinic_day(desk.catalogue, desk.now)


async def _show_preview(desk: _Desk, order: StopOrder, *, as_json: bool) -> None:
    seen, zone = await desk.stoppages.preview(order, now=desk.now), desk.catalogue.clinic.zone
    _show(preview_row(seen, zone), preview_lines(order.scope, seen, zone), as_json=as_json)


def _show(row: Row, lines: list[str], *, as_json: bool) -> None:
    if as_json:
        print_array([row])
    for line in [] if as_json else lines:
        say(line)


async def _wait_for_notices(desk: _Desk, stoppage_id: str) -> None:
    """Stay until every notice of the stoppage has a final state, with a bar on standard error."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(texts_stoppages.TELLING)
        while True:
            async with desk.database.read() as unit:
                counts = await unit.notices.counts(stoppage=stoppage_id)
            done, total = sum(counts.get(state, 0) for state in FINAL), sum(counts.values())
            bar.update(task, completed=done, total=total)
            if done == total:
                break
            await asyncio.sleep(LOOK_EVERY)
    if counts:
        complain(texts_stoppages.TOLD.format(states=states_line({str(state): n for state, n in counts.items()})))
