"""A whole sentence where a number or a name is expected: what it says fills gaps, and nothing is guessed in silence.

Read only where nothing else has an ear: after commands, taps, numbers, options and names. Details of a person are
never read as sentences.
"""

from booking.appointments import AppointmentView
from handlers.book import BOOKING, WHOSE, ask_for_whom
from handlers.change_sentence import begin_wished, hear_beside_booking, hear_in_deed, hear_which, is_booked_here
from handlers.filling import named_patients, reopen, take_whose, take_wish
from handlers.frame import SAID, Frame
from handlers.lacking import lacking
from handlers.manage import PATIENTS
from handlers.menu import MENU, READINGS, SAID_IN
from handlers.mine import DEED, MINE
from handlers.questions import answer, coming, told
from handlers.reading import Named
from handlers.registration import PERSONAL
from handlers.searching import ASKED, AT, DAYS, NOT_DAYS, PREFER, SUITED, TOLD, WISHED, bookable, correct
from handlers.texts import booking as texts
from handlers.texts import commands, greeting, info, staff
from handlers.understanding import vocabulary as intents
from handlers.understanding.reading import Reading
from handlers.understanding.when import When
from handlers.words import clean, compact

_TELLS = (commands.HUMAN, commands.COMPLAINT, commands.HELP, commands.GREETING, commands.THANKS)
_WISHES = (intents.BOOK, intents.AVAILABILITY)
_WHEN = ("day", "part", "slot")
_LOOSE = 2
"""Characters not understood beside a day that may still answer a question for one."""


async def hear_sentence(frame: Frame, gap: str = "") -> bool:
    """Take what a message says as a sentence, to the question of a gap or to none; False when it says nothing here."""
    if frame.is_staffs or gap in PERSONAL or _is_of_staff(frame.incoming.text):
        return False
    return _ask_meant(frame, frame.read()) or await hear_as(frame, frame.read(), gap)


async def hear_as(frame: Frame, reading: Reading, gap: str = "") -> bool:
    """Take a sentence as it is read; False when it says nothing here."""
    if await _tell(frame, reading):
        return True
    if reading.intent == intents.UNKNOWN and staff.LOOKING_UP.fullmatch(clean(frame.incoming.text)):
        return False  # as staff look somebody up; to patients it means nothing either
    gone = lacking(frame, reading)
    if gone is not None:
        frame.note(gone.said)
    return await _hear(frame, reading, gap, gone.gap if gone is not None else "") or gone is not None


def _ask_meant(frame: Frame, reading: Reading) -> bool:
    """Ask what a sentence means that nothing is sure of; False where it is sure, or each of its readings does the same.

    In a dialogue the likeliest is taken: it is said what was understood, and nothing is done without an answer.
    """
    readings = [intent for intent in reading.intents if intent in greeting.MEANT]
    if frame.flow != MENU or not readings or {*reading.intents} <= {*_WISHES}:
        return False
    said = {SAID: frame.incoming.text, SAID_IN: frame.incoming.request_id}
    frame.start(MENU, **said, **{READINGS: ",".join(readings)})
    return True


async def hear_question(frame: Frame) -> bool:
    """Answer a question where a detail of a person was expected and none was said; False where it asks nothing."""
    return not frame.is_staffs and not _is_of_staff(frame.incoming.text) and await _tell(frame, frame.read())


async def _hear(frame: Frame, reading: Reading, gap: str, way: str) -> bool:
    """Take a sentence where the dialogue stands; ``way`` is asked first of what is begun."""
    if frame.flow == BOOKING:
        return await hear_beside_booking(frame, reading) or await _hear_in_booking(frame, reading, gap)
    if frame.flow == MINE and frame.get(DEED) in commands.WISHES:
        return await hear_in_deed(frame, reading, _when(reading, gap))
    if frame.flow == MINE and await hear_which(frame, reading):
        return True
    return frame.flow in (MENU, MINE, PATIENTS) and DEED not in frame.gaps and await _begin(frame, reading, way)


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


async def _begin(frame: Frame, reading: Reading, way: str) -> bool:
    """Begin what a sentence wishes."""
    if reading.intent in commands.WISHES:
        await begin_wished(frame, reading, reading.intent)
        return True
    if reading.intent == commands.MINE:
        frame.start(MINE)
        return True
    if reading.intent not in (*_WISHES, intents.INFO, intents.AGAIN):
        return False
    frame.start(BOOKING, **({"way": way} if way else {}))
    await _note_patient(frame, reading)
    take_wish(frame, reading, reading)
    frame.fill(TOLD, _told(reading))
    if reading.intent == intents.AGAIN:
        await _repeat(frame)
    if reading.intent == intents.AVAILABILITY and not {*frame.gaps} - {TOLD}:
        frame.fill("way", "time")
    return True


async def _note_patient(frame: Frame, reading: Reading) -> None:
    """Take a patient of the account for whom is meant, where one is named in whatever words: 换成李四."""
    names = await named_patients(frame, reading)
    if len(names) > 1 or (names and commands.BOTH.search(compact(frame.incoming.text))):
        frame.note(texts.ONE_AT_A_TIME)
        reading.patient = None
        ask_for_whom(frame)
    elif names and reading.patient is None:
        reading.patient = names.pop()


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
    if WHOSE not in frame.gaps:
        await _repeat_patient(frame, last)
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


async def _repeat_patient(frame: Frame, last: AppointmentView) -> None:
    """Take who was seen last, unless they were taken off the account since."""
    if any(one.id == last.claim.patient for one in (await frame.known()).patients):
        frame.fill("patient", last.claim.patient)
    else:
        frame.note(texts.LAST_GONE)


async def _hear_in_booking(frame: Frame, reading: Reading, gap: str) -> bool:
    """Correct what a sentence says otherwise, and leave the rest."""
    if reopen(frame, reading):
        return True
    if reading.intent == intents.CANCEL or (reading.old is not None and not is_booked_here(frame, reading.old)):
        return False
    await _note_patient(frame, reading)
    when = _when(reading, gap)
    if when is None:
        left = reading.left.replace(reading.patient or "", "")
        return len(left) <= _LOOSE and (_take_any(frame, reading, gap) or take_whose(frame, reading))
    taken = take_wish(frame, reading, when)
    if reading.intent == intents.AGAIN:
        await _repeat(frame)
    if taken or reading.intent == intents.AGAIN:
        frame.fill(TOLD, _told(reading))
        return True
    return reading.intent in _WISHES and len(reading.left) <= _LOOSE


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
