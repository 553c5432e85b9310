"""The outbox: a row is a notice, written with its cause and sent afterwards (R-A8, R-A14, R-B3)."""

from sqlalchemy import JSON, BigInteger, Boolean, Column, Index, Integer, String, Table, text

from storage.columns import Instant, metadata

notice = Table(
    "notice",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("dedupe_key", String(64), nullable=False, unique=True),
    Column("kind", String(24), nullable=False),
    Column("openid", String(64)),
    Column("patient", String(40)),
    Column("claim", String(32)),
    Column("stoppage", String(32)),
    Column("displacement", String(32)),
    Column("visit_at", Instant),
    Column("payload", JSON, nullable=False),
    Column("state", String(16), nullable=False),
    Column("channel", String(16)),
    Column("attempts", Integer, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("leased_until", Instant),
    Column("first_tried_at", Instant),
    Column("void_after", Instant),
    Column("msgid", BigInteger),
    Column("reason", String(200), nullable=False),
    Column("shown", Boolean, nullable=False),
    Column("asks_until", Instant),
    Column("answer", String(16)),
    Column("answered_at", Instant),
    Column("meant_by", String(64)),
    Column("outcome", String(16)),
    Column("called_by", String(80)),
    Column("called_at", Instant),
    Column("created_at", Instant, nullable=False),
    Column("sent_at", Instant),
    Column("updated_at", Instant, nullable=False),
)
"""``visit_at`` is when the visit begins it is about. ``shown``: its choices were read, so that a digit can mean it.
``asks_until``: until when it may be answered. ``meant_by``: the message that was taken for its answer. ``outcome``,
``called_*``: what a telephone call led to.
"""


def _index(name: str, *columns: str, where: str) -> None:
    condition = text(where)
    Index(name, *(notice.c[c] for c in columns), sqlite_where=condition, postgresql_where=condition)


_index("ix_notice_pending", "due_at", where="state = 'pending'")
_index("ix_notice_sending", "leased_until", where="state = 'sending'")
_index("ix_notice_msgid", "msgid", where="msgid IS NOT NULL")
_index("ix_notice_asking", "openid", "created_at", where="asks_until IS NOT NULL AND answer IS NULL")
_index("ix_notice_meant_by", "meant_by", where="meant_by IS NOT NULL")
_index("ix_notice_newest", "updated_at", where="asks_until IS NOT NULL AND answer IS NULL")
_UNREACHED = "state IN ('unreachable', 'unknown', 'failed')"
unreached = text(_UNREACHED)
_index("ix_notice_uncalled", "visit_at", where=f"{_UNREACHED} AND outcome IS NULL")
_index("ix_notice_stoppage", "stoppage", where="stoppage IS NOT NULL")
_index("ix_notice_claim", "claim", where="claim IS NOT NULL")

notice_consent = Table(
    "notice_consent",
    metadata,
    Column("openid", String(64), primary_key=True),
    Column("template", String(100), primary_key=True),
    Column("count", Integer, nullable=False),
    Column("event", String(64), nullable=False),
    Column("updated_at", Instant, nullable=False),
)
"""Consents to subscription notices: each is worth one message, and nobody but us counts them.

``event`` is the last one counted, which may be delivered again.
"""

notice_outcome = Table(
    "notice_outcome",
    metadata,
    Column("msgid", BigInteger, primary_key=True, autoincrement=False),
    Column("status", String(64), nullable=False),
    Column("at", Instant, nullable=False),
)
"""How templates ended, until that is noted at their notice: the event may come before the msgid is recorded."""
