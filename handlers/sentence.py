"""A whole sentence where a number or a name is expected: what it says fills gaps, and nothing is guessed in silence.

Read only where nothing else has an ear: after commands, taps, numbers, options and names. Details of a person are
never read as sentences.
"""

import contextlib
from collections.abc import Iterable, Iterator
from datetime import date, time, timedelta

from booking.appointments import AppointmentView
from booking.availability import Part, part_of_day
from booking.errors import Unavailable
from booking.names import may_be_name
from handlers.book import BOOKING, WHOSE
from handlers.change import aim
from handlers.frame import Frame
from handlers.manage import PATIENTS
from handlers.menu import MENU
from handlers.mine import AMONG, DEED, MINE, begin_deed, is_ahead
from handlers.narrowing import (
    ASKED,
    AT,
    DAYS,
    EXCLUDED,
    NARROWER,
    NOT_DAYS,
    PREFER,
    SUITED,
    TOLD,
    WISHED,
    bookable,
    correct,
    introduce_doctor,
)
from handlers.questions import answer, told
from handlers.reading import Named
from handlers.registration import PERSONAL
from handlers.texts import booking as texts
from handlers.texts import changes, commands, info, staff
from handlers.understanding import vocabulary as intents
from handlers.understanding.reading import Reading, Wish
from handlers.understanding.when import Excluded, When
from handlers.words import acknowledges, clean, compact, number, wish

_TELLS = (commands.HUMAN, commands.COMPLAINT, commands.HELP, commands.GREETING, commands.THANKS)
_WISHES = (intents.BOOK, intents.AVAILABILITY)
_SEAT = ("slot", "near", "claim")
_WHEN = ("day", "part", "slot")
NOON = "noon"
_NOON = "11:00-13:59"
_LOOSE = 2
"""Characters not understood beside a day that may still answer a question for one."""
_MOST = 3
"""How many readings are offered to choose from."""
LONGEST_NAME = 4
"""Characters that may be no more than somebody's name."""
_FURTHEST = 90
"""Days ahead that excluded weekdays are written out for."""


async def hear_sentence(frame: Frame, gap: str = "") -> bool:
    """Take what a message says as a sentence, to the question of a gap or to none; False when it says nothing here."""
    if frame.is_staffs or gap in PERSONAL or _is_of_staff(frame.incoming.text):
        return False
    reading = frame.read()
    if reading.intent in _TELLS:
        frame.note(await told(frame, reading.intent))
        if reading.intent == commands.HELP and info.REMINDERS.search(frame.incoming.text):
            frame.note(info.HOW_TO_STOP_REMINDERS)
        frame.outcome = reading.intent
        return True
    if reading.intent == intents.INFO and not reading.reasons:
        frame.note(await answer(frame, reading))
        frame.outcome = intents.INFO
        return True
    if frame.flow == BOOKING:
        return await _hear_in_booking(frame, reading, gap)
    if frame.flow == MINE and frame.get(DEED) == commands.CHANGE:
        return _hear_in_change(frame, reading, gap)
    return frame.flow in (MENU, MINE, PATIENTS) and DEED not in frame.gaps and await _begin(frame, reading)


def _is_of_staff(text: str) -> bool:
    """Tell whether only staff say this; to patients it means nothing, so that nobody finds out that there is such."""
    return compact(text) in staff.ENTRANCES or staff.BINDING.fullmatch(clean(text)) is not None


async def _begin(frame: Frame, reading: Reading) -> bool:
    """Begin what a sentence wishes."""
    deed = reading.intent if reading.intent in commands.WISHES else wish(frame.incoming.text)
    if deed is not None:
        await _begin_deed(frame, reading, deed)
        return True
    if reading.intent == commands.MINE:
        frame.start(MINE)
        return True
    if reading.intent not in (*_WISHES, intents.INFO, intents.AGAIN):
        return False
    frame.start(BOOKING)
    _take_wish(frame, reading, reading)
    frame.fill(TOLD, _told(reading))
    if reading.intent == intents.AGAIN:
        await _repeat(frame)
    if reading.intent == intents.AVAILABILITY and len(frame.gaps) == 1:
        frame.fill("way", "time")
    return True


async def _begin_deed(frame: Frame, reading: Reading, deed: str) -> None:
    """Begin to change or cancel the appointment that is meant; where none or several may be, it is asked."""
    old = reading if deed == commands.CANCEL else reading.old
    views = await frame.services.appointments.of_account(frame.openid, now=frame.now)
    ahead = [view for view in views if is_ahead(view, frame)]
    if old is None or not old.row() or not ahead:
        frame.start(MINE, wish=deed)
    else:
        meant = [view for view in ahead if _is_meant(view, old, frame)]
        theirs = [view for view in meant if view.patient.details.name in clean(frame.incoming.text)]
        meant = theirs or meant
        if len(meant) == 1:
            begin_deed(frame, meant[0].claim.id, deed)
        else:
            frame.start(MINE, wish=deed, **{AMONG: ",".join(view.claim.id for view in meant or ahead)})
            if not meant:
                frame.note(changes.NO_SUCH)
    if deed == commands.CHANGE and ahead:
        frame.fill(TOLD, WISHED)
        _take_wish(frame, reading, reading)


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


def _hear_in_change(frame: Frame, reading: Reading, gap: str) -> bool:
    """Correct where or when the appointment is to be; what is unsaid stays as it was."""
    if _reopen(frame, reading):
        return True
    when = _when(reading, gap)
    if reading.intent == intents.CANCEL or when is None or not _take_wish(frame, reading, when):
        return False
    frame.forget(*EXCLUDED)
    frame.fill(TOLD, WISHED)
    aim(frame)
    return True


async def _repeat(frame: Frame) -> None:
    """Propose what the last appointment was, but for what is said otherwise: the doctor, the weekday, the time."""
    last = await frame.last_visit()
    if last is None:
        frame.note(texts.NO_LAST)
        return
    doctor, before = frame.catalogue.doctors[last.session.doctor], last.claim.starts_at.astimezone(frame.clinic.zone)
    frame.echo(texts.like_last(last, frame.catalogue))
    if not any(gap in frame.gaps for gap in ("department", "doctor", "among", SUITED)):
        correct(frame, Named(doctor.department, (doctor.code,)))
    if WHOSE not in frame.gaps and any(one.id == last.claim.patient for one in (await frame.known()).patients):
        frame.fill("patient", last.claim.patient)
    if "part" in frame.gaps or AT in frame.gaps or PREFER in frame.gaps:
        return
    frame.fill(AT, f"{before:%H:%M}-{before:%H:%M}")
    if "day" not in frame.gaps and DAYS not in frame.gaps:
        days = [count.session.date for count in (await bookable(frame)).counts]
        alike = [day for day in days if day > before.date() and day.weekday() == before.weekday()]
        if alike:
            frame.fill("day", alike[0].isoformat())
            frame.echo(texts.chosen_day(alike[0], frame.today))


async def _hear_in_booking(frame: Frame, reading: Reading, gap: str) -> bool:
    """Correct what a sentence says otherwise, and leave the rest."""
    if _reopen(frame, reading):
        return True
    if reading.intent == intents.CANCEL or reading.old is not None:
        return False
    when = _when(reading, gap)
    if when is None:
        return len(reading.left) <= _LOOSE and _take_whose(frame, reading)
    taken = _take_wish(frame, reading, when)
    if reading.intent == intents.AGAIN:
        await _repeat(frame)
    if taken or reading.intent == intents.AGAIN:
        frame.fill(TOLD, _told(reading))
        return True
    return reading.intent in _WISHES


def _told(reading: Reading) -> str:
    """Return whether this is a wish; a question, and what may mean several things, lets nothing be held at once."""
    return ASKED if reading.ask or reading.intent in (intents.AVAILABILITY, intents.INFO) else WISHED


def _when(reading: Reading, gap: str) -> Reading | When | None:
    """Return what tells when; a day in a sentence that wishes nothing tells it only to the question for one."""
    if reading.intent != intents.UNKNOWN:
        return reading
    return reading.aside if gap in _WHEN and len(reading.left) <= _LOOSE else None


def _reopen(frame: Frame, reading: Reading) -> bool:
    """Open a gap again of which is only said that it is to be another: 换个医生."""
    said = compact(frame.incoming.text)
    gap = next((gap for gap, words in commands.OTHERWISE.items() if words.fullmatch(said)), None)
    if gap is None or reading.row():
        return False
    frame.forget(gap, *NARROWER.get(gap, _SEAT), TOLD, AT, PREFER)
    if gap == "day":
        frame.forget(DAYS, NOT_DAYS)
    return True


def _take_wish(frame: Frame, reading: Reading, when: Reading | When) -> bool:
    """Fill the gaps that a sentence names; what depended on other values is open again."""
    taken = [_take_place(frame, reading), _take_day(frame, when), _take_time(frame, when), _take_whose(frame, reading)]
    if reading.prefer:
        frame.fill(PREFER, reading.prefer)
        taken.append(True)
    return any(taken)


def _take_place(frame: Frame, reading: Reading) -> bool:
    catalogue = frame.catalogue
    may_suit = reading.departments or ((reading.department,) if reading.department else ())
    if reading.reasons:
        frame.note(texts.suits([catalogue.departments[code] for code in may_suit[:_MOST]], reading.reasons))
    if reading.departments or (reading.reasons and reading.intent == intents.INFO):
        frame.forget("department", *NARROWER["department"])
        frame.fill(SUITED, ",".join(may_suit[:_MOST]))
        return True
    doctors = (reading.doctor,) if reading.doctor else reading.doctors
    if reading.department is not None:
        here = tuple(code for code in doctors if catalogue.doctors[code].department == reading.department)
        for code in doctors if not here else ():
            doctor = catalogue.doctors[code]
            own, said = catalogue.departments[doctor.department], catalogue.departments[reading.department]
            frame.note(texts.works_elsewhere(doctor, own, said))
        doctors = here
    if reading.department is None and not doctors:
        return False
    frame.forget(SUITED)
    correct(frame, Named(reading.department, doctors))
    if len(doctors) == 1:
        introduce_doctor(frame)
    elif reading.department is not None and not reading.reasons:
        frame.echo(texts.chosen_department(catalogue.departments[reading.department]))
    return True


def _take_day(frame: Frame, when: Reading | When) -> bool:
    excluded = _without(frame, when.excluded)
    if excluded:
        frame.forget(*_SEAT)
        if frame.get("day") in excluded:
            frame.forget("day", *NARROWER["day"])
        frame.fill(NOT_DAYS, ",".join(excluded))
        frame.echo(texts.without_days(sorted({date.fromisoformat(day[:10]) for day in excluded})))
    if "date" in when.ask:
        frame.note(texts.WHICH_DAY)
        frame.forget("day", DAYS, *_SEAT)
        return True
    if when.date is None and when.until is None:
        return bool(excluded)
    frame.forget("day", DAYS, *_SEAT)
    if when.date is not None and when.until is None and not when.onward:
        frame.fill("day", when.date.isoformat())
        frame.echo(texts.chosen_day(when.date, frame.today))
    else:
        frame.fill(DAYS, f"{when.date or ''}/{when.until or ''}")
        frame.echo(texts.chosen_days(when.date, when.until))
    return True


def _without(frame: Frame, excluded: Iterable[Excluded]) -> list[str]:
    """Return the days, or parts of them, that are not wanted, as far ahead as anybody books."""
    return sorted({said for one in excluded for said in _days_of(frame, one)})


def _days_of(frame: Frame, one: Excluded) -> Iterator[str]:
    first = one.days.first if one.days else None
    last = one.days.last if one.days else None
    for ahead in range(_FURTHEST):
        day = frame.today + timedelta(days=ahead)
        within = (first is None or first <= day) and (last is None or day <= last)
        if within or (one.weekly and first is not None and day.weekday() == first.weekday()):
            yield f"{day} {one.part}" if one.part in list(Part) else day.isoformat()


def _take_time(frame: Frame, when: Reading | When) -> bool:
    if "time" in when.ask:
        frame.note(texts.WHICH_TIME)
    said = _times(when)
    if said:
        frame.forget("part", AT, *_SEAT)
        frame.fill(AT, said)
    elif when.part is not None:
        frame.forget("part", AT, *_SEAT)
        frame.fill("part", when.part)
        frame.echo(texts.chosen_part(Part(when.part)))
    return bool(said) or when.part is not None or "time" in when.ask


def _times(when: Reading | When) -> str:
    """Return between which times it should begin: the end of a range belongs to it no more."""
    if when.time is None and when.until_time is None:
        return _NOON if when.part == NOON else ""
    first = when.time or time()
    last = first if when.until_time is None else max(first, _before(when.until_time))
    return f"{first:%H:%M}-{last:%H:%M}"


def _before(moment: time) -> time:
    minutes = moment.hour * 60 + moment.minute - 1
    return time(*divmod(max(0, minutes), 60))


def _take_whose(frame: Frame, reading: Reading) -> bool:
    if reading.patient is None or frame.flow != BOOKING:
        return False
    frame.forget("patient", "registered", "near", "claim")
    frame.fill(WHOSE, reading.patient)
    return True


async def keep_misunderstood(frame: Frame, gap: str) -> None:
    """Keep masked what was not understood, for staff; numbers, and what answers a question for a detail, are not."""
    text = clean(frame.incoming.text)
    if frame.is_staffs or gap in PERSONAL or number(text) is not None or acknowledges(text) or not compact(text):
        return
    patient = frame.read().patient or ""
    names = [patient] if patient.startswith(tuple(intents.SURNAMES)) else []
    if len(compact(text)) <= LONGEST_NAME and may_be_name(text):
        names.append(text)
    with contextlib.suppress(Unavailable):
        names += [one.details.name for one in (await frame.known()).patients]
        await frame.services.sayings.keep(text, gap, names, now=frame.now)
