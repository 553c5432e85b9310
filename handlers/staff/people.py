"""员工管理: managers add and remove staff (R-B7)."""

from collections.abc import Iterable
from typing import ClassVar

from booking.actors import Role, Staff
from booking.errors import Refused
from booking.staff_refusals import InvalidStaffName, StaffNameTaken, UnknownStaff
from booking.staffing import check_staff_name
from handlers.frame import Done, Flow, Frame, Gap, Question, confirm_or_back
from handlers.state import Option
from handlers.texts import common
from handlers.texts import staff as words
from handlers.texts import staff_people as texts

NEW = "new"
NAME, ROLE, DOCTOR = "staff_name", "staff_role", "staff_doctor"
ORDER = "order"
"""The message that named the new one: whatever follows it, however often, adds one person."""


class Which(Gap):
    """Who works here, or somebody new."""

    name: ClassVar[str] = "list_staff"

    async def ask(self, frame: Frame) -> Question:
        """List them."""
        staff = await frame.services.staff.all()
        options = (Option(one.id, texts.listed(one, frame.catalogue), (one.name,)) for one in staff)
        return Question(texts.LIST, (Option(NEW, texts.ADD, texts.ADD_WORDS), *options))


class Name(Gap):
    """The new one's name."""

    name: ClassVar[str] = NAME

    async def ask(self, frame: Frame) -> Question:
        """Ask for it."""
        return Question("", footer=texts.NAME_QUESTION)

    def hear(self, frame: Frame, text: str) -> bool:
        """Take it; raises ``InvalidStaffName``."""
        frame.fill(self.name, check_staff_name(text))
        frame.fill(ORDER, frame.incoming.request_id)
        return True


class RoleGap(Gap):
    """The new one's role."""

    name: ClassVar[str] = ROLE

    async def ask(self, frame: Frame) -> Question:
        """Offer the three."""
        return Question(texts.ASK_ROLE, tuple(Option(role, label) for role, label in texts.ROLE_LABELS.items()))


class DoctorGap(Gap):
    """Which doctor of the catalogue the new one is."""

    name: ClassVar[str] = DOCTOR

    async def ask(self, frame: Frame) -> Question:
        """Offer all who work here."""
        doctors = frame.catalogue.doctors.values()
        return Question(
            texts.ASK_DOCTOR,
            tuple(Option(one.code, common.doctor(one), (one.name,)) for one in doctors if one.active),
        )


class Add(Gap):
    """Writes the new one, and shows the code; the same again finds the same one, with another code."""

    name: ClassVar[str] = "staff_added"

    async def ask(self, frame: Frame) -> Done | None:
        """Add; a name that is taken is asked again."""
        try:
            added, code = await frame.services.staff.add(
                frame.gaps[NAME],
                Role(frame.gaps[ROLE]),
                frame.get(DOCTOR) or None,
                by=frame.actor,
                now=frame.now,
                request=frame.gaps[ORDER],
            )
        except (StaffNameTaken, InvalidStaffName) as error:
            frame.refuse(error)
            frame.forget(NAME)
            return None
        except Refused as error:
            frame.refuse(error)
            frame.forget(ROLE, DOCTOR)
            return None
        return Done(texts.added(added, code), outcome="staff_added")


class Sure(Gap):
    """The confirmation before somebody is removed."""

    name: ClassVar[str] = "confirmed"

    async def ask(self, frame: Frame) -> Question | None:
        """Ask; nobody removes themself."""
        one = await _one(frame)
        if one is None:
            return None
        if one.id == frame.bound.id:
            frame.note(texts.NOT_YOURSELF)
            frame.forget(Which.name)
            return None
        return Question(texts.confirm_remove(one), confirm_or_back())


class Remove(Gap):
    """Removes; who was removed meanwhile is gone all the same."""

    name: ClassVar[str] = "staff_removed"

    async def ask(self, frame: Frame) -> Done | None:
        """Remove."""
        try:
            removed = await frame.services.staff.remove(frame.gaps[Which.name], by=frame.actor, now=frame.now)
        except UnknownStaff as error:
            _to_list(frame, error)
            return None
        return Done(texts.removed(removed), outcome="staff_removed")


async def _one(frame: Frame) -> Staff | None:
    for one in await frame.services.staff.all():
        if one.id == frame.gaps[Which.name]:
            return one
    _to_list(frame, UnknownStaff())
    return None


def _to_list(frame: Frame, error: Refused) -> None:
    frame.refuse(error)
    frame.forget(Which.name, Sure.name)
    frame.settle()


def _gaps(frame: Frame) -> Iterable[Gap]:
    yield _WHICH
    if frame.get(Which.name) != NEW:
        yield from (_SURE, _REMOVE)
        return
    yield from (_NAME, _ROLE)
    if frame.get(ROLE) == Role.DOCTOR:
        yield _DOCTOR
    yield _ADD


_WHICH, _NAME, _ROLE, _DOCTOR, _ADD, _SURE, _REMOVE = (
    Which(), Name(), RoleGap(), DoctorGap(), Add(), Sure(), Remove(),
)  # fmt: skip
FLOW = Flow(words.PEOPLE, _gaps)
