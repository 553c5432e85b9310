"""The one place where everything is put together: settings in, running parts out.

The straight line of a message: ``Webhook`` → ``Turns`` → ``Dialogue`` → the services of ``booking`` → ``storage``.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

import aiohttp
from aiohttp import web
from redis.asyncio import Redis

from booking.answers import Answers
from booking.appointments import Appointments
from booking.audit_chain import AuditChain
from booking.availability import Availability
from booking.calls import Calls
from booking.current import CurrentCatalogue
from booking.desk import Desk
from booking.errors import NoCatalogue, Unavailable
from booking.offering import Offers
from booking.patients import Patients
from booking.reminders import Reminders
from booking.sayings import Sayings
from booking.seats import Seats
from booking.staff_refusals import CatalogueError
from booking.staffing import StaffAccounts
from booking.stoppages import Stoppages
from bot.connections import make_sealer, open_database, open_redis
from bot.daily_publishing import DailyPublishing
from bot.health import add_health_routes
from bot.holidays import public_holidays
from bot.language_tables import language_tables
from bot.metrics import Metrics
from bot.notice_channels import Channels
from bot.notice_events import NoticeEvents
from bot.notifier import Notifier
from bot.sending_limits import Pace, Pauses
from bot.settings import ConfigurationError, Settings
from bot.sms import SmsFile
from bot.stopping import expire_offers, work_on
from bot.timed_jobs import TimedJobs
from bot.webhook import Webhook, add_routes
from bot.wechat import MAX_BODY, Codec
from bot.wechat_client import WeChatClient
from bot.worker import Job, Worker
from handlers.dialogue import Dialogue
from handlers.frame import Services
from handlers.understanding.current import CurrentUnderstanding
from storage.chats import Rate, RedisChats
from storage.clock import DatabaseClock
from storage.database import SqlDatabase
from storage.lives import Lives
from storage.pool import RedisPool
from storage.sending_limits import RedisLimits

WECHAT_SECONDS = 10.0
"""How long a call of WeChat may take."""
RESEALED_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything a serving or working process consists of."""

    settings: Settings
    database: SqlDatabase
    redis: Redis
    clock: DatabaseClock
    metrics: Metrics
    seats: Seats
    services: Services
    client: WeChatClient
    webhook: Webhook
    notifier: Notifier


PARTS: web.AppKey[Parts] = web.AppKey("parts", Parts)


@asynccontextmanager
async def assemble(settings: Settings, redis_url: str) -> AsyncGenerator[Parts]:
    """Put a process together, and take it apart at the end of the block: turns first, connections last."""
    metrics, lives = Metrics(), Lives()
    async with (
        open_database(settings) as database,
        open_redis(redis_url, lives) as redis,
        _kept_clock(database) as clock,
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=WECHAT_SECONDS)) as session,
    ):
        client = make_client(settings, session, redis, now=clock.now, metrics=metrics)
        pool = RedisPool(redis)
        seats = Seats(database, pool, metrics)
        services = _services(settings, database, pool, seats, metrics)
        webhook = Webhook(
            _codec(settings),
            chats=RedisChats(
                redis, make_sealer(settings), Rate(settings.account_burst, settings.account_per_second), lives
            ),
            dialogue=Dialogue(services),
            client=client,
            now=clock.now,
            metrics=metrics,
            events=NoticeEvents(database, clock.now),
            at_once=settings.turns_at_once,
        )
        notifier = make_notifier(settings, database, redis, services.catalogue, client, now=clock.now, metrics=metrics)
        warming = asyncio.create_task(_warm(services), name="understanding")
        try:
            yield Parts(settings, database, redis, clock, metrics, seats, services, client, webhook, notifier)
        finally:
            await webhook.close()
            warming.cancel()
            with suppress(asyncio.CancelledError):
                await warming


def web_app(parts: Parts) -> web.Application:
    """Return the application that answers at the addresses of the contract."""
    app = web.Application(client_max_size=MAX_BODY)
    app[PARTS] = parts
    add_routes(app.router, parts.webhook)
    add_health_routes(app, database=parts.database, redis=parts.redis, metrics=parts.metrics)
    return app


def background(parts: Parts) -> Worker:
    """Return the background work; any number of processes may do it at once."""
    clock, seats, services = parts.clock, parts.seats, parts.services

    publishing = DailyPublishing(parts.database, seats, clock, parts.settings.data_dir)
    timed = TimedJobs(parts.database, parts.services.catalogue, publishing, now=clock.now, metrics=parts.metrics)

    async def reseal() -> None:
        async with parts.database.begin() as unit:
            await unit.patients.reseal(limit=RESEALED_AT_ONCE)

    async def add_hashes() -> None:
        added = RESEALED_AT_ONCE
        while added:
            async with parts.database.begin() as unit:
                added = await unit.patients.add_hashes(limit=RESEALED_AT_ONCE)

    jobs = [
        Job("expire_holds", 2, lambda: seats.expire_holds(now=clock.now())),
        Job("repair_pool", 5, seats.repair),
        Job("recover_late", 5, parts.webhook.recover_late),
        Job("reconcile_pool", 30, lambda: seats.reconcile(now=clock.now())),
        Job("complete_past", 60, lambda: parts.services.appointments.complete_past(now=clock.now())),
        Job("chain_audit", 5, AuditChain(parts.database).seal),
        Job("add_hashes", 60, add_hashes),
        Job("stoppages", 1, lambda: work_on(services.stoppages, now=clock.now, go_on=lambda: not worker.closing)),
        Job(
            "expire_offers", 2, lambda: expire_offers(services.offers, now=clock.now, go_on=lambda: not worker.closing)
        ),
        Job("forget_sayings", 3600, lambda: services.sayings.forget(now=clock.now())),
        Job("serve_next", 5, lambda: services.offers.serve_next(now=clock.now())),
        Job("relay_notices", 1, lambda: parts.notifier.relay(go_on=lambda: not worker.closing)),
        Job("settle_notices", 2, parts.notifier.settle),
        Job("measure_notices", 15, parts.notifier.measure),
        *timed.jobs(),
    ]
    if parts.settings.secret_key_previous is not None:
        jobs.append(Job("reseal", 5, reseal))
    worker = Worker(jobs, parts.metrics)
    return worker


def make_notifier(
    settings: Settings,
    database: SqlDatabase,
    redis: Redis,
    current: CurrentCatalogue,
    client: WeChatClient,
    *,
    now: Callable[[], datetime],
    metrics: Metrics,
) -> Notifier:
    """Return the relay for the account of the settings."""
    limits = RedisLimits(redis, appid=settings.wechat_appid)
    sms = SmsFile(settings.sms_file) if settings.sms_file is not None else None
    return Notifier(
        database,
        current,
        Channels(client, sms),
        pace=Pace(limits, settings.notices_per_second),
        pauses=Pauses(limits),
        now=now,
        metrics=metrics,
    )


def _services(settings: Settings, database: SqlDatabase, pool: RedisPool, seats: Seats, metrics: Metrics) -> Services:
    current = CurrentCatalogue(database)
    availability = Availability(database, current)
    appointments = Appointments(
        database=database,
        pool=pool,
        seats=seats,
        current=current,
        hold_for=timedelta(seconds=settings.hold_seconds),
        figures=metrics,
        watch=availability.seats_moved,
    )
    return Services(
        appointments,
        Patients(database),
        current,
        availability,
        StaffAccounts(database),
        Answers(database),
        Reminders(database, current),
        Offers(database=database, pool=pool, seats=seats, current=current, watch=availability.seats_moved),
        Stoppages(database=database, seats=seats, current=current, sms=settings.sms_file is not None),
        Desk(database),
        Calls(database),
        _understanding(settings),
        Sayings(database),
    )


def _understanding(settings: Settings) -> CurrentUnderstanding:
    """Return what reads sentences, with the clinic's own tables; raises ``ConfigurationError``."""
    try:
        return CurrentUnderstanding(language_tables(settings.data_dir), public_holidays(settings.data_dir))
    except CatalogueError as error:
        raise ConfigurationError(*error.problems) from None


async def _warm(services: Services) -> None:
    """Build the understanding beside everything else, so that no patient waits for it."""
    with suppress(NoCatalogue, Unavailable):
        await asyncio.to_thread(services.understanding.of, await services.catalogue.get())


def make_client(
    settings: Settings,
    session: aiohttp.ClientSession,
    redis: Redis,
    *,
    now: Callable[[], datetime],
    metrics: Metrics,
) -> WeChatClient:
    """Return what calls WeChat for the account of the settings."""
    return WeChatClient(
        session,
        redis,
        make_sealer(settings),
        appid=settings.wechat_appid,
        secret=settings.wechat_secret.get_secret_value(),
        base=settings.wechat_api_base,
        now=now,
        metrics=metrics,
    )


def _codec(settings: Settings) -> Codec:
    keys = (settings.wechat_aes_key, settings.wechat_aes_key_previous)
    return Codec(
        appid=settings.wechat_appid,
        token=settings.wechat_token.get_secret_value(),
        aes_keys=[key.get_secret_value() for key in keys if key is not None],
        mode=settings.wechat_mode,
    )


@asynccontextmanager
async def _kept_clock(database: SqlDatabase) -> AsyncGenerator[DatabaseClock]:
    clock = DatabaseClock(database)
    await clock.read()
    keeping = asyncio.create_task(clock.keep(), name="clock")
    try:
        yield clock
    finally:
        keeping.cancel()
        with suppress(asyncio.CancelledError):
            await keeping
