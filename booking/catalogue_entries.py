"""The shape of each entry of the clinic catalogue (contract, Clinic catalogue) and its value in the domain."""

from datetime import time, timedelta
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from booking.catalogue_fields import (
    AdvanceDays,
    Capacity,
    Code,
    Day,
    Duration,
    Fee,
    Label,
    Name,
    NoShowDays,
    NoShowLimit,
    Paragraph,
    PerDay,
    Share,
    SlotMinutes,
    TemplateField,
    TimeOfDay,
    Timezone,
    Weekday,
    YesOrNo,
)
from booking.models import CalendarDay, Clinic, Department, Doctor, Policy, Roster, Template


class Entry(BaseModel):
    """An entry of the file: no other keys than its own."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid", frozen=True)


class ClinicEntry(Entry):
    """The one entry under ``clinic``."""

    code: Code
    name: Name
    phone: Name
    address: Label | None = None
    hours: Label | None = None
    timezone: Timezone | None = None

    def value(self, policy: Policy, default_timezone: str) -> Clinic:
        """Return the clinic with its policy."""
        return Clinic(
            code=self.code,
            name=self.name,
            address=self.address or "",
            phone=self.phone,
            timezone=self.timezone or default_timezone,
            hours=self.hours or "",
            policy=policy,
        )


class PolicyEntry(Entry):
    """The one entry under ``policy``; what it does not say keeps the default of the contract."""

    advance_days: AdvanceDays = 7
    stop_before: Duration = timedelta(hours=1)
    change_notice: Duration = timedelta(hours=2)
    cancel_notice: Duration = timedelta(hours=2)
    per_patient_per_day: PerDay = 2
    no_show_limit: NoShowLimit = 3
    no_show_window_days: NoShowDays = 90
    no_show_block_days: NoShowDays = 90
    release_at: TimeOfDay | None = None
    offer_for: Duration = timedelta(hours=24)
    offer_share: Share = 0.5
    remind_at: TimeOfDay = time(18)
    remind_before: Duration = timedelta(hours=2)
    publish_at: TimeOfDay = time(0, 30)

    def value(self) -> Policy:
        """Return the policy."""
        return Policy(**{name: getattr(self, name) for name in PolicyEntry.model_fields})


class DepartmentEntry(Entry):
    """An entry of ``departments``."""

    code: Code
    name: Name
    aliases: tuple[Name, ...] = ()
    location: Label | None = None
    notes: Paragraph | None = None
    advance_days: AdvanceDays | None = None
    release_at: TimeOfDay | None = None

    def value(self) -> Department:
        """Return the department."""
        return Department(
            code=self.code,
            name=self.name,
            aliases=self.aliases,
            location=self.location or "",
            notes=self.notes or "",
            advance_days=self.advance_days,
            release_at=self.release_at,
        )


class DoctorEntry(Entry):
    """An entry of ``doctors``."""

    code: Code
    name: Name
    department: Code
    fee: Fee
    title: Name | None = None
    skills: tuple[Name, ...] = ()
    introduction: Paragraph | None = None
    advance_days: AdvanceDays | None = None
    release_at: TimeOfDay | None = None

    def value(self) -> Doctor:
        """Return the doctor."""
        return Doctor(
            code=self.code,
            name=self.name,
            title=self.title or "",
            department=self.department,
            fee=self.fee,
            skills=self.skills,
            introduction=self.introduction or "",
            advance_days=self.advance_days,
            release_at=self.release_at,
        )


class RosterEntry(Entry):
    """An entry of ``rosters``."""

    doctor: Code
    weekdays: tuple[Weekday, ...] = Field(min_length=1)
    start: TimeOfDay
    end: TimeOfDay
    slot_minutes: SlotMinutes
    capacity: Capacity
    room: Name | None = None
    valid_from: Day | None = None
    valid_to: Day | None = None

    def value(self) -> Roster:
        """Return the roster, its weekdays in the order of the week."""
        return Roster(
            doctor=self.doctor,
            weekdays=tuple(sorted(set(self.weekdays))),
            start=self.start,
            end=self.end,
            slot_minutes=self.slot_minutes,
            capacity=self.capacity,
            room=self.room or "",
            valid_from=self.valid_from,
            valid_to=self.valid_to,
        )


class CalendarEntry(Entry):
    """An entry of ``calendar``: a closed day, an extra session, or ``closed: false`` for a holiday worked through."""

    date: Day
    closed: YesOrNo | None = None
    reason: Label | None = None
    department: Code | None = None
    doctor: Code | None = None
    start: TimeOfDay | None = None
    end: TimeOfDay | None = None
    slot_minutes: SlotMinutes | None = None
    capacity: Capacity | None = None
    room: Name | None = None

    def value(self) -> CalendarDay:
        """Return the day."""
        return CalendarDay(
            date=self.date,
            closed=bool(self.closed),
            reason=self.reason or "",
            department=self.department,
            doctor=self.doctor,
            start=self.start,
            end=self.end,
            slot_minutes=self.slot_minutes,
            capacity=self.capacity,
            room=self.room or "",
        )


class TemplateEntry(Entry):
    """An entry of ``templates``: a WeChat template and what each of its fields is filled with."""

    id: Label
    fields: dict[TemplateField, Name] = Field(min_length=1)
    subscription: YesOrNo | None = None

    def value(self) -> Template:
        """Return the template."""
        return Template(self.id, dict(self.fields), subscription=bool(self.subscription))
