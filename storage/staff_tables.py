"""Tables of staff accounts, the audit trail with its chain, and runs of what is done once a day (R-A16, R-B7)."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
)

from storage.columns import Instant, metadata

_Counted = BigInteger().with_variant(Integer, "sqlite")

staff = Table(
    "staff",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("name", String(40), nullable=False),
    Column("role", String(16), nullable=False),
    Column("doctor", ForeignKey("doctor.code")),
    Column("openid", String(64)),
    Column("code_hash", String(64)),
    Column("code_expires_at", Instant),
    Column("request_id", String(64)),
    Column("created_at", Instant, nullable=False),
    Column("bound_at", Instant),
    Column("removed_at", Instant),
)
"""Who works here and through which account. ``code_hash`` is the keyed hash of a binding code not used yet;
``request_id`` what they were added by, so that the same again adds nobody."""

_BOUND = staff.c.openid.is_not(None)
Index("uq_staff_openid", staff.c.openid, unique=True, sqlite_where=_BOUND, postgresql_where=_BOUND)
_HERE = staff.c.removed_at.is_(None)
Index("uq_staff_name", staff.c.name, unique=True, sqlite_where=_HERE, postgresql_where=_HERE)
Index("ix_staff_code_hash", staff.c.code_hash)

audit = Table(
    "audit",
    metadata,
    Column("id", _Counted, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("actor_kind", String(12), nullable=False),
    Column("actor", String(80), nullable=False),
    Column("channel", String(16), nullable=False),
    Column("action", String(40), nullable=False),
    Column("entity", String(20), nullable=False),
    Column("entity_id", String(112), nullable=False),
    Column("before", JSON),
    Column("after", JSON),
    Column("detail_hash", String(64)),
    Index("ix_audit_entity", "entity", "entity_id"),
)
"""Every change: before, after, who, through what, when. Triggers of migration 0003 keep rows as written.

Personal data stands sealed in ``audit_detail``, so that keys can rotate; ``detail_hash`` commits to it.
"""

audit_detail = Table(
    "audit_detail",
    metadata,
    Column("audit_id", ForeignKey("audit.id"), primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("key_id", String(8), nullable=False, index=True),
)

audit_chain = Table(
    "audit_chain",
    metadata,
    Column("seq", _Counted, primary_key=True),
    Column("audit_id", ForeignKey("audit.id"), nullable=False),
    Column("hash", String(64), nullable=False),
    UniqueConstraint("audit_id"),
)
"""Committed audit rows in the order in which they were chained; each hash covers the one before and its row."""

audit_queue = Table(
    "audit_queue",
    metadata,
    Column("audit_id", _Counted, primary_key=True, autoincrement=False),
)
"""Audit rows that wait to be chained. A trigger writes them with the row, so that none is missed, however late its
transaction ends; who chains a row takes it out."""

job_run = Table(
    "job_run",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("due", String(40), primary_key=True),
    Column("leased_until", Instant, nullable=False),
    Column("done_at", Instant),
)
"""What is done once for each time it is due, by whichever worker comes first."""
