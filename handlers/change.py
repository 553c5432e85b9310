"""改约: another slot is held first, then old and new are exchanged in one step, or nothing changes (R-A12)."""

import contextlib
from datetime import datetime
from typing import ClassVar

from booking.appointments import AppointmentView
from booking.availability import Search
from booking.errors import Refused
from booking.models import ClaimKind, SlotCount
from booking.notices import CallOutcome
from booking.refusals import HoldExpired, SameSlot, UnknownAppointment
from booking.rules import may_change
from handlers.frame import Done, Frame, Gap, Question, confirm_or_back
from handlers.narrowing import DAY, DEPARTMENT, DOCTOR, PART, SLOT
from handlers.reading import read_names
from handlers.searching import ANY, AT, DAYS, EXCLUDED, PREFER, SAME_DAY, SUITED, TOLD, WISHED, correct
from handlers.seat import HOPELESS, hold_seat, is_held, lose
from handlers.settling import settle_call
from handlers.state import Option
from handlers.texts import changes as texts
from handlers.texts.common import clock_words, day_words
from handlers.words import compact

_OTHER_TIME, _OTHER_DOCTOR, _OTHER_DEPARTMENT, _NAMED = "time", "doctor", "department", "named"
OLD_AT = "old_at"
"""When the present appointment begins, and whose it is: ``old_doctor``."""


async def _old(frame: Frame) -> AppointmentView:
    return await frame.services.appointments.view(frame.gaps["appointment"], openid=frame.openid, by=frame.by)


async def _give_up(frame: Frame, error: Refused) -> None:
    """No slot can help: give back what is held, and show the appointment with the rule."""
    if "claim" in frame.gaps:
        with contextlib.suppress(Refused):  # whatever became of it, it is not held for us any more
            await frame.services.appointments.release(
                frame.gaps["claim"], openid=frame.openid, by=frame.by, now=frame.now
            )
        frame.held = ""
    frame.refuse_and_keep(error, "appointment")


async def _lose(frame: Frame, error: Refused) -> None:
    """The new seat cannot be had: the old appointment stands, and what is near is offered."""
    await lose(frame, error)
    frame.note(texts.OLD_STANDS)


class Begin(Gap):
    """Whose appointment it is, and the slot that is not offered again."""

    name: ClassVar[str] = "patient"

    async def ask(self, frame: Frame) -> Question | Done | None:
        """Begin, or show the appointment with the rule that forbids it."""
        try:
            view = await _old(frame)
            may_change(view.claim, frame.clinic.policy, now=frame.now, by_staff=frame.is_staffs)
        except Refused as error:
            await _give_up(frame, error)
            return None
        frame.fill(self.name, view.claim.patient)
        frame.fill("not_slot", view.claim.slot)
        frame.fill("old_doctor", view.session.doctor)
        frame.fill(OLD_AT, view.claim.starts_at.isoformat())
        if TOLD in frame.gaps and aim(frame):
            frame.echo(texts.changing(view, frame.catalogue, frame.now))
        return None


def aim(frame: Frame) -> bool:
    """Take from the present appointment what a sentence leaves unsaid of the new one: doctor, day or time of day.

    Of a part of day its first time is proposed; back from the confirmation are the others. False where it says nothing
    of the new one.
    """
    gaps = frame.gaps
    somewhere = any(gap in gaps for gap in ("department", "doctor", "among", SUITED))
    some_day, some_time = "day" in gaps or DAYS in gaps, AT in gaps or gaps.get("part", ANY) != ANY
    if not (somewhere or some_day or some_time or PREFER in gaps):
        return False
    frame.fill(Target.name, _NAMED)
    frame.forget(SAME_DAY)
    starts_at = datetime.fromisoformat(gaps[OLD_AT]).astimezone(frame.clinic.zone)
    if not somewhere:
        doctor = frame.catalogue.doctors[gaps["old_doctor"]]
        frame.fill("department", doctor.department)
        frame.fill("doctor", doctor.code)
    if PREFER in gaps:
        return True
    wished = gaps[TOLD] == WISHED
    if some_time and not some_day:
        frame.fill("day", starts_at.date().isoformat())
        frame.fill(SAME_DAY, gaps["day"])
    if some_day and not some_time and wished:
        frame.fill(AT, f"{starts_at:%H:%M}-{starts_at:%H:%M}")
    elif some_time and AT not in gaps and wished:
        frame.fill(PREFER, "soonest")
    return True


class Target(Gap):
    """The same doctor's other times, the department's other doctors, or other departments, where they have seats."""

    name: ClassVar[str] = "target"

    async def ask(self, frame: Frame) -> Question | Done | None:
        """Offer what there is."""
        try:
            view = await _old(frame)
        except UnknownAppointment as error:
            await _give_up(frame, error)
            return None
        doctor, department = view.session.doctor, view.session.department
        found = await frame.services.availability.find(Search(not_slot=view.claim.slot), now=frame.now)

        def kind(count: SlotCount) -> str:
            if count.session.doctor == doctor:
                return _OTHER_TIME
            return _OTHER_DOCTOR if count.session.department == department else _OTHER_DEPARTMENT

        free: dict[str, int] = {}
        for count in found.counts:
            free[kind(count)] = free.get(kind(count), 0) + count.free
        if not free:
            return Done(texts.nothing_else(frame.clinic.phone), outcome="nothing_free")
        frame.fill("old_department", department)
        return Question(texts.ask_target(view, frame.catalogue, frame.now), _targets(frame, free))

    def choose(self, frame: Frame, value: str) -> None:
        """Narrow the search by what was chosen."""
        frame.fill(self.name, value)
        if value == _OTHER_DEPARTMENT:
            frame.fill("not_department", frame.gaps["old_department"])
            return
        frame.fill("department", frame.gaps["old_department"])
        frame.fill("doctor" if value == _OTHER_TIME else "not_doctor", frame.gaps["old_doctor"])


def _targets(frame: Frame, free: dict[str, int]) -> tuple[Option, ...]:
    doctor = frame.catalogue.doctors[frame.gaps["old_doctor"]]
    department = frame.catalogue.departments[frame.gaps["old_department"]]
    labels = {
        _OTHER_TIME: (texts.other_times(doctor, free.get(_OTHER_TIME, 0)), texts.OTHER_TIME_WORDS),
        _OTHER_DOCTOR: (texts.other_doctors(department, free.get(_OTHER_DOCTOR, 0)), texts.OTHER_DOCTOR_WORDS),
        _OTHER_DEPARTMENT: (texts.other_departments(free.get(_OTHER_DEPARTMENT, 0)), texts.OTHER_DEPARTMENT_WORDS),
    }
    return tuple(Option(target, label, words) for target, (label, words) in labels.items() if target in free)


class HoldReplacement(Gap):
    """Holds the new seat; the old appointment stands meanwhile."""

    name: ClassVar[str] = "claim"

    async def ask(self, frame: Frame) -> Question | Done | None:
        """Hold, or say which rule was met."""
        try:
            await hold_seat(frame, replaces=frame.gaps["appointment"])
        except HOPELESS as error:
            await _give_up(frame, error)
            return None
        if self.name not in frame.gaps:
            frame.note(texts.OLD_STANDS)
        return None


class ConfirmChange(Gap):
    """Shows what is given up for what, and asks: 1. 确认, 2. 返回."""

    name: ClassVar[str] = "confirmed"

    async def ask(self, frame: Frame) -> Question | Done | None:
        """Ask while the hold lasts and the old appointment may be changed."""
        new = await _new(frame)
        if new is not None and new.claim.kind is ClaimKind.MAIN:  # done before, and the answer was lost
            frame.fill(self.name, "yes")
            return None
        if new is None or not is_held(new.claim, frame):
            await _lose(frame, HoldExpired())
            return None
        try:
            old = await _old(frame)
            may_change(old.claim, frame.clinic.policy, now=frame.now, by_staff=frame.is_staffs)
        except Refused as error:
            await _give_up(frame, error)
            return None
        return Question(texts.confirm_change(old, new, frame.catalogue, frame.now), confirm_or_back())


class Exchange(Gap):
    """Exchanges what was confirmed; the same confirmation again finds the same new appointment."""

    name: ClassVar[str] = "changed"

    async def ask(self, frame: Frame) -> Question | Done | None:
        """Exchange, or say why not and what is near."""
        try:
            new = await frame.services.appointments.reschedule(
                frame.gaps["appointment"], to=frame.gaps["claim"], openid=frame.openid, by=frame.by, now=frame.now
            )
        except HOPELESS as error:
            await _give_up(frame, error)
            return None
        except Refused as error:
            await _lose(frame, error)
            return None
        await settle_call(frame, CallOutcome.CHANGED)
        said = texts.changed(await _old(frame), new, frame.catalogue, frame.now, by_staff=frame.is_staffs)
        return Done(said, outcome="changed")


async def _new(frame: Frame) -> AppointmentView | None:
    with contextlib.suppress(UnknownAppointment):
        return await frame.services.appointments.view(frame.gaps["claim"], openid=frame.openid, by=frame.by)
    return None


def _is_present(frame: Frame, text: str) -> bool:
    """Tell whether a text is the time of the present appointment; its day may be said, unless it was chosen."""
    if not frame.get(OLD_AT) or frame.get("doctor") not in {"", frame.get("old_doctor")} or "not_doctor" in frame.gaps:
        return False
    starts_at = datetime.fromisoformat(frame.gaps[OLD_AT])
    day = starts_at.astimezone(frame.clinic.zone).date()
    times, said = clock_words(starts_at, frame.clinic.zone), compact(text)
    if frame.get("day") == day.isoformat() and said in map(compact, times):
        return True
    return said in {compact(f"{on}{at}") for on in day_words(day, frame.today) for at in times}


def hear(frame: Frame, text: str) -> bool:
    """Take a department's or doctor's name at any question; raises ``SameSlot`` at the time there is already."""
    if _is_present(frame, text):
        raise SameSlot
    found = read_names(text, frame.catalogue)
    if found is None:
        return False
    frame.forget(*EXCLUDED)
    frame.fill("target", _NAMED)
    correct(frame, found)
    return True


GAPS: tuple[Gap, ...] = (
    Begin(), Target(), DEPARTMENT, DOCTOR, DAY, PART, SLOT, HoldReplacement(), ConfirmChange(), Exchange(),
)  # fmt: skip
