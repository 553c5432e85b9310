"""Tables of stoppages, the sessions they stop, and the patients they displace (R-A14, R-A15)."""

from sqlalchemy import JSON, Column, ForeignKey, Index, Integer, String, Table, text

from storage.columns import Instant, metadata

stoppage = Table(
    "stoppage",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("scope", String(12), nullable=False),
    Column("code", String(96), nullable=False),
    Column("from_at", Instant, nullable=False),
    Column("to_at", Instant, nullable=False),
    Column("reason", String(200), nullable=False),
    Column("text", String(500), nullable=False),
    Column("state", String(16), nullable=False),
    Column("by", String(80), nullable=False),
    Column("channel", String(16), nullable=False),
    Column("request_id", String(64), nullable=False, unique=True),
    Column("worked_until", Instant),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("lifted_by", String(80)),
    Column("lifted_through", String(16)),
)
"""``worked_until`` is the lease of whoever works on its batches."""

_AT_WORK = text("state IN ('stopping', 'offering', 'telling', 'lifting')")
Index("ix_stoppage_at_work", stoppage.c.id, sqlite_where=_AT_WORK, postgresql_where=_AT_WORK)

stoppage_session = Table(
    "stoppage_session",
    metadata,
    Column("stoppage", ForeignKey("stoppage.id"), primary_key=True),
    Column("session", ForeignKey("clinic_session.id"), primary_key=True),
    Column("was", String(16), nullable=False),
    Column("state", String(16), nullable=False),
)
"""Which sessions a stoppage stops, wholly or in part, and what they were before; ``lifting`` and ``lifted`` again."""

Index("ix_stoppage_session_session", stoppage_session.c.session)
_TO_DO = text("state IN ('stopping', 'lifting')")
Index(
    "ix_stoppage_session_to_do",
    stoppage_session.c.stoppage,
    stoppage_session.c.state,
    stoppage_session.c.session,
    sqlite_where=_TO_DO,
    postgresql_where=_TO_DO,
)

displacement = Table(
    "displacement",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("stoppage", ForeignKey("stoppage.id"), nullable=False),
    Column("claim", ForeignKey("claim.id"), nullable=False, unique=True),
    Column("session", String(96), nullable=False),
    Column("patient", ForeignKey("patient.id"), nullable=False),
    Column("openid", String(64)),
    Column("department", String(64), nullable=False),
    Column("doctor", String(64), nullable=False),
    Column("starts_at", Instant, nullable=False),
    Column("first_booked_at", Instant, nullable=False),
    Column("state", String(16), nullable=False),
    Column("offers", JSON, nullable=False),
    Column("deadline", Instant),
    Column("chosen", String(32)),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("told", Integer, nullable=False),
)
"""A patient whose appointment (``claim``) was stopped, and what became of it; ``offers``: claim ids in their order."""

Index("ix_displacement_session", displacement.c.session)
Index("ix_displacement_stoppage", displacement.c.stoppage, displacement.c.state, displacement.c.first_booked_at)
_NEXT_IN_LINE = text("state = 'unoffered'")
Index(
    "ix_displacement_next", displacement.c.first_booked_at, sqlite_where=_NEXT_IN_LINE, postgresql_where=_NEXT_IN_LINE
)
_OFFERED = text("state = 'offered'")
Index("ix_displacement_deadline", displacement.c.deadline, sqlite_where=_OFFERED, postgresql_where=_OFFERED)
