"""Tables of patients, accounts and who looked at whom. Sealed columns hold what ``storage.sealing`` makes."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
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

patient = Table(
    "patient",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("file_number", String(20), nullable=False),
    Column("name", LargeBinary, nullable=False),
    Column("paper_kind", String(20), nullable=False),
    Column("paper_number", LargeBinary, nullable=False),
    Column("papers_hash", String(64), nullable=False),
    Column("sex", String(6), nullable=False),
    Column("birth_date", Date, nullable=False),
    Column("key_id", String(8), nullable=False, index=True),
    Column("created_at", Instant, nullable=False),
    Column("mobile", LargeBinary),
    Column("mobile_hash", String(64), index=True),
    Column("name_hash", String(64), index=True),
    Column("number_hash", String(64), index=True),
    UniqueConstraint("file_number"),
    UniqueConstraint("papers_hash"),
)
"""One row a person, however many accounts know them (R-C1). ``papers_hash`` finds them again.

``mobile`` is the number given to the front desk; one given in chat belongs to the link with that account. By the other
hashes staff find them; rows of before there were any get theirs in the background (``storage.resealing``).
"""

account = Table(
    "account",
    metadata,
    Column("openid", String(64), primary_key=True),
    Column("following", Boolean, nullable=False),
    Column("first_seen_at", Instant, nullable=False),
    Column("follow_changed_at", Instant, nullable=False),
    Column("reminders", Boolean, nullable=False),
)

account_patient = Table(
    "account_patient",
    metadata,
    Column("id", _Counted, primary_key=True),
    Column("openid", String(64), ForeignKey("account.openid"), nullable=False),
    Column("patient_id", String(40), ForeignKey("patient.id"), nullable=False, index=True),
    Column("mobile", LargeBinary, nullable=False),
    Column("key_id", String(8), nullable=False, index=True),
    Column("added_at", Instant, nullable=False),
    Column("removed_at", Instant),
    Column("mobile_hash", String(64), index=True),
)
"""Which account knows which person, with the mobile number it gave. Removed links stay as history."""

Index(
    "uq_account_patient_live",
    account_patient.c.openid,
    account_patient.c.patient_id,
    unique=True,
    sqlite_where=account_patient.c.removed_at.is_(None),
    postgresql_where=account_patient.c.removed_at.is_(None),
)

consent = Table(
    "consent",
    metadata,
    Column("id", _Counted, primary_key=True),
    Column("openid", String(64), ForeignKey("account.openid"), nullable=False, index=True),
    Column("version", String(40), nullable=False),
    Column("agreed_at", Instant, nullable=False),
)
"""Every agreement with the version of the text agreed to and the time (R-C3); the newest counts."""

access_log = Table(
    "access_log",
    metadata,
    Column("id", _Counted, primary_key=True),
    Column("at", Instant, nullable=False, index=True),
    Column("actor", String(80), nullable=False),
    Column("channel", String(20), nullable=False),
    Column("purpose", String(200), nullable=False),
    Column("subject", String(200), nullable=False),
)
"""Who looked at whom, when, why and through what (R-A11, R-C4). Triggers of migration 0002 keep rows as written."""

file_counter = Table(
    "file_counter",
    metadata,
    Column("name", String(20), primary_key=True),
    Column("value", BigInteger, nullable=False),
)
"""The newest file number, counted in the transaction that registers the person."""
