"""A whole sentence where a number or a name is expected: what it says fills gaps, and nothing is guessed in silence.

Read only where nothing else has an ear: after commands, taps, numbers, options and names. Details of a person are
never read as sentences.
"""

from booking.appointments import AppointmentView
from booking.availability import part_of_day
from handlers.book import BOOKING, WHOSE
from handlers.change import aim
from handlers.filling import NOON, reopen, take_whose, take_wish
from handlers.frame import Frame
from handlers.manage import PATIENTS
from handlers.menu import MENU
from handlers.mine import AMONG, DEED, MINE, begin_deed
from handlers.questions import answer, coming, told
from handlers.reading import Named
from handlers.registration import PERSONAL
from handlers.searching import ASKED, AT, DAYS, EXCLUDED, NOT_DAYS, PREFER, SUITED, TOLD, WISHED, bookable, correct
from handlers.texts import booking as texts
from handlers.texts import changes, commands, info, staff
from handlers.understanding import vocabulary as intents
from handlers.understanding.reading import Reading, Wish
from handlers.understanding.when import When
from handlers.words import clean, compact, wish

_TELLS = (commands.HUMAN, commands.COMPLAINT, commands.HELP, commands.GREETING, commands.THANKS)
_WISHES = (intents.BOOK, intents.AVAILABILITY)
_WHEN = ("day", "part", "slot")
_LOOSE = 2
"""Characters not understood beside a day that may still answer a question for one."""


async def hear_sentence(frame: Frame, gap: str = "") -> bool:
    """Take what a message says as a sentence, to the question of a gap or to none; False when it says nothing here."""
    if frame.is_staffs or gap in PERSONAL or _is_of_staff(frame.incoming.text):
        return False
    reading = frame.read()
    if await _tell(frame, reading):
        return True
    if frame.flow == BOOKING:
        return await _hear_in_booking(frame, reading, gap)
    if frame.flow == MINE and frame.get(DEED) == commands.CHANGE:
        return _hear_in_change(frame, reading, gap)
    return frame.flow in (MENU, MINE, PATIENTS) and DEED not in frame.gaps and await _begin(frame, reading)


async def _tell(frame: Frame, reading: Reading) -> bool:
    """Tell what only asks to be told, and leave the open question as it was; False when the sentence wishes more."""
    if reading.intent in _TELLS:
        frame.note(await told(frame, reading.intent))
        if reading.intent == commands.HELP and info.REMINDERS.search(frame.incoming.text):
            frame.note(info.HOW_TO_STOP_REMINDERS)
    elif reading.intent == intents.INFO and not reading.reasons:
        frame.note(await answer(frame, reading))
    elif reading.intent == commands.MINE and (frame.flow == BOOKING or DEED in frame.gaps):
        frame.note(await coming(frame))
    else:
        return False
    frame.outcome = reading.intent
    return True


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
    take_wish(frame, reading, reading)
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
    ahead = [view for view in views if frame.is_ahead(view)]
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
        take_wish(frame, reading, reading)


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
    if reopen(frame, reading):
        return True
    when = _when(reading, gap)
    if reading.intent == intents.CANCEL or when is None or not take_wish(frame, reading, when):
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
        elif before.date() >= frame.today:  # nobody means the same visit twice
            frame.fill(NOT_DAYS, before.date().isoformat())


async def _hear_in_booking(frame: Frame, reading: Reading, gap: str) -> bool:
    """Correct what a sentence says otherwise, and leave the rest."""
    if reopen(frame, reading):
        return True
    if reading.intent == intents.CANCEL or reading.old is not None:
        return False
    when = _when(reading, gap)
    if when is None:
        return len(reading.left) <= _LOOSE and (_take_any(frame, reading, gap) or take_whose(frame, reading))
    taken = take_wish(frame, reading, when)
    if reading.intent == intents.AGAIN:
        await _repeat(frame)
    if taken or reading.intent == intents.AGAIN:
        frame.fill(TOLD, _told(reading))
        return True
    return reading.intent in _WISHES


def _take_any(frame: Frame, reading: Reading, gap: str) -> bool:
    """Take 随便 and 越快越好 for an answer to the question for a doctor or a time."""
    if reading.prefer is None or gap not in ("doctor", *_WHEN):
        return False
    frame.fill(PREFER, reading.prefer)
    frame.fill(TOLD, WISHED)
    return True


def _told(reading: Reading) -> str:
    """Return whether this is a wish; a question, and what may mean several things, lets nothing be held at once."""
    return ASKED if reading.ask or reading.intent in (intents.AVAILABILITY, intents.INFO) else WISHED


def _when(reading: Reading, gap: str) -> Reading | When | None:
    """Return what tells when; a day in a sentence that wishes nothing tells it only to the question for one."""
    if reading.intent != intents.UNKNOWN:
        return reading
    return reading.aside if gap in _WHEN and len(reading.left) <= _LOOSE else None
