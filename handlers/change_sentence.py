"""Changing and cancelling in a sentence: which appointment is meant, and where or when it is to be instead."""

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta

from booking.appointments import AppointmentView
from booking.availability import part_of_day
from booking.names import name_key
from handlers.asking import let_go, set_aside
from handlers.book import BOOKING
from handlers.change import OLD_AT, aim
from handlers.filling import NOON, named_patients, reopen, take_wish
from handlers.frame import Frame
from handlers.mine import AMONG, DEED, MINE, WISH, Which, begin_deed
from handlers.searching import ASKED, EXCLUDED, TOLD, WISHED
from handlers.texts import changes, commands
from handlers.understanding import vocabulary as intents
from handlers.understanding.reading import Reading, Wish
from handlers.understanding.when import When
from handlers.words import compact

_APPOINTMENT = Which.name


async def begin_wished(frame: Frame, reading: Reading, deed: str) -> None:
    """Begin to change or cancel the appointment that is meant; where none or several may be, it is asked."""
    shown = frame.get(_APPOINTMENT) if frame.flow == MINE else ""
    ahead = await _ahead(frame)
    described = await _described(frame, _old(reading, deed), ahead)
    meant = [view for view in ahead if view.claim.id == shown] if described is None else described
    if len(meant) == 1:
        begin_deed(frame, meant[0].claim.id, deed)
    elif described is None or not ahead:
        frame.start(MINE, wish=deed)
    else:
        frame.start(MINE, wish=deed, **{AMONG: ",".join(view.claim.id for view in meant or ahead)})
        if not meant:
            frame.note(changes.NO_SUCH)
    if deed == commands.CHANGE and ahead:
        _stay_in_week(frame, reading, reading, {view.claim.date for view in meant or ahead})
        frame.fill(TOLD, ASKED if reading.ask else WISHED)
        take_wish(frame, reading, reading)


def _old(reading: Reading, deed: str) -> Wish | None:
    """Return what a sentence says of the appointment as it is."""
    return reading if deed == commands.CANCEL else reading.old


async def _ahead(frame: Frame) -> list[AppointmentView]:
    views = await frame.services.appointments.of_account(frame.openid, now=frame.now)
    return [view for view in views if frame.is_ahead(view)]


async def _described(frame: Frame, old: Wish | None, among: Sequence[AppointmentView]) -> list[AppointmentView] | None:
    """Return which appointments are as a sentence says, and of the patients it names; None where it says neither."""
    names = await named_patients(frame, old)
    if not names and (old is None or not old.row()):
        return None
    meant = [view for view in among if old is None or _is_meant(view, old, frame)]
    return [view for view in meant if not names or name_key(view.patient.details.name) in names]


def _is_meant(view: AppointmentView, old: Wish, frame: Frame) -> bool:
    """Tell whether an appointment is as a sentence says."""
    starts_at, day = view.claim.starts_at.astimezone(frame.clinic.zone), view.claim.date
    last = old.until or (None if old.onward else old.date)
    return (
        (old.date is None or old.date <= day)
        and (last is None or day <= last)
        and old.part in (None, NOON, part_of_day(starts_at, frame.clinic.zone))
        and old.time in (None, starts_at.time())
        and view.session.doctor in (old.doctors or (old.doctor or view.session.doctor,))
        and view.session.department in (old.departments or (old.department or view.session.department,))
    )


def _stay_in_week(frame: Frame, reading: Reading, when: Reading | When, old: Collection[date]) -> None:
    """Take a mere weekday for the one in the week of the appointment that is changed, where that is still ahead.

    ``old``: its days, where it is one of several; nothing is taken where those differ.
    """
    if when.date is None or when.until is not None or not _is_mere_weekday(reading):
        return
    days = {one + timedelta(days=when.date.weekday() - one.weekday()) for one in old}
    day = days.pop()
    if not days and day >= frame.today:
        when.date = day


def _is_mere_weekday(reading: Reading) -> bool:
    """Tell whether the last day said is a weekday and says not of which week: 改到周四, not 改到下周四."""
    said = [reading.normal.text[start:end] for start, end, what in reading.used if what == "when"]
    return bool(said) and commands.WEEKDAY.match(said[-1]) is not None


async def hear_beside_booking(frame: Frame, reading: Reading) -> bool:
    """While something is booked, begin to change or cancel an appointment that a sentence names; the booking waits.

    False where it names none, or what is being booked itself.
    """
    deed, old = reading.intent, _old(reading, reading.intent)
    meant = await _described(frame, old, await _ahead(frame)) if old is not None else None
    if old is None or meant is None:
        return False
    here = deed == commands.CHANGE and is_booked_here(frame, old)
    if here and not (meant and commands.OF_APPOINTMENT.search(compact(frame.incoming.text))):
        return False
    if not meant:
        frame.note(changes.NO_SUCH)
        return True
    if not frame.suspended:
        set_aside(frame)
        frame.note(changes.BOOKING_WAITS)
    await begin_wished(frame, reading, deed)
    await let_go(frame, tell=True)
    return True


def is_booked_here(frame: Frame, old: Wish) -> bool:
    """Tell whether what a sentence changes is what is being booked: 把周三改成周四."""
    day = old.date.isoformat() if old.date is not None else None
    gaps = (("day", day), ("part", old.part), ("doctor", old.doctor), ("department", old.department))
    said = [(gap, value) for gap, value in gaps if value is not None]
    return frame.flow == BOOKING and bool(said) and all(frame.get(gap) == value for gap, value in said)


async def hear_in_deed(frame: Frame, reading: Reading, when: Reading | When | None) -> bool:
    """While an appointment is changed or cancelled, correct where or when it is to be, or begin the other deed.

    What is unsaid stays as it was.
    """
    doing = frame.get(DEED)
    if doing == commands.CHANGE and reopen(frame, reading):
        return True
    if reading.intent in commands.WISHES and (reading.intent != doing or await _is_of_another(frame, reading)):
        await begin_wished(frame, reading, reading.intent)
        await let_go(frame, tell=True)
        return True
    if doing != commands.CHANGE or reading.intent == commands.CANCEL or when is None:
        return False
    old_at = datetime.fromisoformat(frame.gaps[OLD_AT]).astimezone(frame.clinic.zone)
    _stay_in_week(frame, reading, when, {old_at.date()})
    if not take_wish(frame, reading, when):
        return False
    frame.forget(*EXCLUDED)
    frame.fill(TOLD, ASKED if when.ask or reading.intent == intents.AVAILABILITY else WISHED)
    aim(frame)
    return True


async def _is_of_another(frame: Frame, reading: Reading) -> bool:
    """Tell whether a sentence says what the appointment in hand is not."""
    described = await _described(frame, _old(reading, reading.intent), await _ahead(frame))
    return described is not None and all(view.claim.id != frame.get(_APPOINTMENT) for view in described)


async def hear_which(frame: Frame, reading: Reading) -> bool:
    """Take which of the appointments asked for is meant: 后天王医生的. False where it tells of something else."""
    if not frame.get(WISH) or commands.BOOKS.search(compact(frame.incoming.text)):
        return False
    among = frame.get(AMONG)
    asked = [view for view in await _ahead(frame) if not among or view.claim.id in among.split(",")]
    meant = await _described(frame, reading, asked)
    if meant is None or reading.intent not in (intents.BOOK, intents.UNKNOWN):
        return False
    if len(meant) == 1:
        frame.fill(_APPOINTMENT, meant[0].claim.id)
    elif meant:
        frame.fill(AMONG, ",".join(view.claim.id for view in meant))
    else:
        frame.note(changes.NO_SUCH)
    return True
