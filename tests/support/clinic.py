"""A small clinic in the database: two departments, three doctors, sessions where a test wants them."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from booking.models import (
    Clinic,
    ClinicSession,
    Department,
    Doctor,
    PaperKind,
    Patient,
    PatientDetails,
    SessionState,
    Sex,
    Slot,
)
from storage.database import SqlDatabase

CLINIC = Clinic(
    code="demo", name="示范门诊部", address="示范路1号", phone="010-00000000", timezone="Asia/Shanghai", hours=""
)
DEPARTMENTS = [
    Department(code="dental", name="口腔科", aliases=("牙科",), location="二楼东", notes="请提前15分钟到达"),
    Department(code="eye", name="眼科", location="三楼西"),
]
DOCTORS = [
    Doctor(code="wang", name="王芳", title="主任医师", department="dental", fee=Decimal("50.00"), skills=("种植牙",)),
    Doctor(code="li", name="李强", title="副主任医师", department="dental", fee=Decimal("30.00")),
    Doctor(code="zhao", name="赵敏", title="主治医师", department="eye", fee=Decimal("20.00"), advance_days=3),
]


async def open_clinic(database: SqlDatabase, **policy: object) -> None:
    """Write the clinic, with the default policy but for what is named."""
    clinic = replace(CLINIC, policy=replace(CLINIC.policy, **policy))  # type: ignore[arg-type]  # a test's shorthand
    async with database.begin() as unit:
        await unit.catalogue.replace(clinic, DEPARTMENTS, DOCTORS, [], [])


async def add_session(
    database: SqlDatabase,
    starts_at: datetime,
    *,
    doctor: str = "wang",
    capacities: tuple[int, ...] = (2, 2),
    state: SessionState = SessionState.OPEN,
    opens_at: datetime | None = None,
) -> str:
    """Write a session of half-hour slots and return its id."""
    local = starts_at.astimezone(CLINIC.zone)
    half_hour = timedelta(minutes=30)
    who = next(d for d in DOCTORS if d.code == doctor)
    session = ClinicSession(
        id=f"{doctor}-{local:%Y%m%d-%H%M}",
        doctor=doctor,
        department=who.department,
        date=local.date(),
        starts_at=starts_at,
        ends_at=starts_at + half_hour * len(capacities),
        room="203",
        fee=who.fee,
        state=state,
        opens_at=opens_at or starts_at - timedelta(days=30),
    )
    slots = [
        Slot(
            id=f"{session.id}-{local + half_hour * n:%H%M}",
            session=session.id,
            position=n,
            starts_at=starts_at + half_hour * n,
            ends_at=starts_at + half_hour * (n + 1),
            capacity=capacity,
        )
        for n, capacity in enumerate(capacities)
    ]
    async with database.begin() as unit:
        assert await unit.sessions.add(session, slots)
    return session.id


async def add_patient(database: SqlDatabase, name: str, *, openid: str, now: datetime) -> Patient:
    """Write a patient and link them to the account; the same name is the same person."""
    details = PatientDetails(
        name=name,
        paper_kind=PaperKind.PASSPORT,
        paper_number=f"E{sum(ord(c) * 31**n for n, c in enumerate(name)) % 10**8:08}",
        sex=Sex.FEMALE,
        birth_date=datetime(1990, 5, 1).date(),  # noqa: DTZ001  # a calendar day
        mobile="13800138000",
    )
    async with database.begin() as unit:
        patient = await unit.patients.by_papers(details) or await unit.patients.add(f"p-{name}", details, now=now)
        await unit.patients.follow(openid, following=True, now=now)
        await unit.patients.link(openid, patient.id, mobile=details.mobile, now=now)
    return patient
