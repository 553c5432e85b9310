"""The tables of catalogue, sessions and claims. Alembic's migrations build the same (a test compares)."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    Numeric,
    String,
    Table,
    Time,
    literal_column,
    text,
)

from booking.models import LIVE
from storage.columns import Instant, metadata

_LIVE = "state IN ({})".format(", ".join(f"'{state}'" for state in LIVE))
_LIVE_MAIN = f"{_LIVE} AND kind = 'main'"

clinic = Table(
    "clinic",
    metadata,
    Column("code", String(64), primary_key=True),
    Column("name", String(100), nullable=False),
    Column("address", String(200), nullable=False),
    Column("phone", String(50), nullable=False),
    Column("timezone", String(64), nullable=False),
    Column("hours", String(200), nullable=False),
    Column("policy", JSON, nullable=False),
    Column("version", Integer, nullable=False),
    Column("templates", JSON, nullable=False),
)

department = Table(
    "department",
    metadata,
    Column("code", String(64), primary_key=True),
    Column("position", Integer, nullable=False),
    Column("name", String(100), nullable=False),
    Column("aliases", JSON, nullable=False),
    Column("location", String(200), nullable=False),
    Column("notes", String(500), nullable=False),
    Column("advance_days", Integer),
    Column("release_at", Time),
    Column("active", Boolean, nullable=False),
)

doctor = Table(
    "doctor",
    metadata,
    Column("code", String(64), primary_key=True),
    Column("position", Integer, nullable=False),
    Column("name", String(100), nullable=False),
    Column("title", String(100), nullable=False),
    Column("department", ForeignKey("department.code"), nullable=False),
    Column("fee", Numeric(10, 2), nullable=False),
    Column("skills", JSON, nullable=False),
    Column("introduction", String(1000), nullable=False),
    Column("advance_days", Integer),
    Column("release_at", Time),
    Column("active", Boolean, nullable=False),
)

roster = Table(
    "roster",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("doctor", ForeignKey("doctor.code"), nullable=False),
    Column("weekdays", JSON, nullable=False),
    Column("start", Time, nullable=False),
    Column("end", Time, nullable=False),
    Column("slot_minutes", Integer, nullable=False),
    Column("capacity", Integer, nullable=False),
    Column("room", String(100), nullable=False),
    Column("valid_from", Date),
    Column("valid_to", Date),
)

calendar_day = Table(
    "calendar_day",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("date", Date, nullable=False),
    Column("closed", Boolean, nullable=False),
    Column("reason", String(200), nullable=False),
    Column("department", ForeignKey("department.code")),
    Column("doctor", ForeignKey("doctor.code")),
    Column("start", Time),
    Column("end", Time),
    Column("slot_minutes", Integer),
    Column("capacity", Integer),
    Column("room", String(100), nullable=False),
)

clinic_session = Table(
    "clinic_session",
    metadata,
    Column("id", String(96), primary_key=True),
    Column("doctor", ForeignKey("doctor.code"), nullable=False),
    Column("department", ForeignKey("department.code"), nullable=False),
    Column("date", Date, nullable=False),
    Column("starts_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False),
    Column("room", String(100), nullable=False),
    Column("fee", Numeric(10, 2), nullable=False),
    Column("state", String(16), nullable=False),
    Column("opens_at", Instant, nullable=False),
    Column("gen", Integer, nullable=False),
    Column("adjusted", Boolean, nullable=False),
    CheckConstraint("state IN ('open', 'closed', 'stopped')", name="state"),
    Index("ix_clinic_session_date_department", "date", "department"),
    Index("ix_clinic_session_doctor_date", "doctor", "date"),
    Index("ix_clinic_session_ends_at", "ends_at"),
)

slot = Table(
    "slot",
    metadata,
    Column("id", String(112), primary_key=True),
    Column("session", ForeignKey("clinic_session.id"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("starts_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False),
    Column("capacity", Integer, nullable=False),
    Column("stoppage", String(32)),
    CheckConstraint("capacity > 0", name="capacity"),
    Index("uq_slot_session_position", "session", "position", unique=True),
)
_STOPPED = slot.c.stoppage.is_not(None)
Index("ix_slot_stoppage", slot.c.stoppage, sqlite_where=_STOPPED, postgresql_where=_STOPPED)

# No seat is sold twice, and nothing acts twice, because of these indexes. Each guards inside one session, so that
# sessions can be spread over machines; the day's limit is the patient's, and the number must be findable alone.
ONE_SEAT = "uq_claim_seat"
ONE_PER_SESSION = "uq_claim_patient"
ONE_FENCE = "uq_claim_fence"
ONE_REQUEST = "uq_claim_request"
ONE_ORDINAL = "uq_claim_ordinal"
ONE_NUMBER = "uq_claim_number"

claim = Table(
    "claim",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("session", ForeignKey("clinic_session.id"), nullable=False),
    Column("slot", ForeignKey("slot.id"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("seat", Integer, nullable=False),
    Column("patient", ForeignKey("patient.id"), nullable=False),
    Column("openid", String(64)),
    Column("kind", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("gen", Integer, nullable=False),
    Column("seq", Integer),
    Column("request_id", String(64), nullable=False),
    Column("number", String(32), nullable=False),
    Column("channel", String(16), nullable=False),
    Column("date", Date, nullable=False),
    Column("starts_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False),
    Column("ordinal", Integer),
    Column("expires_at", Instant),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("first_booked_at", Instant, nullable=False),
    Column("displacement", String(32)),
    Column("waived", Boolean, nullable=False),
)

# Written out, not bound: a partial index serves only a query that says the same words.
is_live = claim.c.state.in_([literal_column(f"'{state}'") for state in LIVE])
is_main = claim.c.kind == literal_column("'main'")
is_held = claim.c.state == literal_column("'held'")
is_booked = claim.c.state == literal_column("'booked'")


def _guard(name: str, *columns: str, where: str | None = None) -> None:
    condition = None if where is None else text(where)
    Index(name, *(claim.c[c] for c in columns), unique=True, sqlite_where=condition, postgresql_where=condition)


_guard(ONE_SEAT, "session", "slot", "seat", where=_LIVE)
_guard(ONE_PER_SESSION, "session", "patient", where=_LIVE_MAIN)
_guard(ONE_FENCE, "session", "gen", "seq")
_guard(ONE_REQUEST, "session", "request_id")
_guard(ONE_ORDINAL, "patient", "date", "ordinal", where=_LIVE_MAIN)
_guard(ONE_NUMBER, "number")
_HELD = text("state = 'held'")
_BOOKED = text("state = 'booked'")
Index("ix_claim_held", claim.c.expires_at, sqlite_where=_HELD, postgresql_where=_HELD)
Index("ix_claim_booked", claim.c.ends_at, sqlite_where=_BOOKED, postgresql_where=_BOOKED)
_FOR_DISPLACED = claim.c.displacement.is_not(None)
Index("ix_claim_displacement", claim.c.displacement, sqlite_where=_FOR_DISPLACED, postgresql_where=_FOR_DISPLACED)
Index(
    "ix_claim_offered",
    claim.c.expires_at,
    sqlite_where=text("state = 'offered'"),
    postgresql_where=text("state = 'offered'"),
)
Index("ix_claim_openid", claim.c.openid, claim.c.date)
Index("ix_claim_date", claim.c.date)
Index("ix_claim_patient", claim.c.patient, claim.c.date)

pool_repair = Table(
    "pool_repair",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("session", String(96), nullable=False),
    Column("owner", String(64), nullable=False),
)
