"""The first tables: catalogue, sessions, claims, patients."""

import sqlalchemy as sa
from alembic import op

import storage.columns

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema forward."""
    op.create_table(
        "access_log",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", storage.columns.Instant(timezone=True), nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("purpose", sa.String(length=200), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_log")),
    )
    with op.batch_alter_table("access_log", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_access_log_at"), ["at"], unique=False)

    op.create_table(
        "account",
        sa.Column("openid", sa.String(length=64), nullable=False),
        sa.Column("following", sa.Boolean(), nullable=False),
        sa.Column("first_seen_at", storage.columns.Instant(timezone=True), nullable=False),
        sa.Column("follow_changed_at", storage.columns.Instant(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("openid", name=op.f("pk_account")),
    )
    op.create_table(
        "clinic",
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("address", sa.String(length=200), nullable=False),
        sa.Column("phone", sa.String(length=50), nullable=False),
        sa.Column("timezone", sa.String(length=64), nullable=False),
        sa.Column("hours", sa.String(length=200), nullable=False),
        sa.Column("policy", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_clinic")),
    )
    op.create_table(
        "department",
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("aliases", sa.JSON(), nullable=False),
        sa.Column("location", sa.String(length=200), nullable=False),
        sa.Column("notes", sa.String(length=500), nullable=False),
        sa.Column("advance_days", sa.Integer(), nullable=True),
        sa.Column("release_at", sa.Time(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_department")),
    )
    op.create_table(
        "file_counter",
        sa.Column("name", sa.String(length=20), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_file_counter")),
    )
    op.create_table(
        "patient",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("file_number", sa.String(length=20), nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.Column("paper_kind", sa.String(length=20), nullable=False),
        sa.Column("paper_number", sa.LargeBinary(), nullable=False),
        sa.Column("papers_hash", sa.String(length=64), nullable=False),
        sa.Column("sex", sa.String(length=6), nullable=False),
        sa.Column("birth_date", sa.Date(), nullable=False),
        sa.Column("key_id", sa.String(length=8), nullable=False),
        sa.Column("created_at", storage.columns.Instant(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_patient")),
        sa.UniqueConstraint("file_number", name=op.f("uq_patient_file_number")),
        sa.UniqueConstraint("papers_hash", name=op.f("uq_patient_papers_hash")),
    )
    with op.batch_alter_table("patient", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_patient_key_id"), ["key_id"], unique=False)

    op.create_table(
        "pool_repair",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("session", sa.String(length=96), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pool_repair")),
    )
    op.create_table(
        "account_patient",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("openid", sa.String(length=64), nullable=False),
        sa.Column("patient_id", sa.String(length=40), nullable=False),
        sa.Column("mobile", sa.LargeBinary(), nullable=False),
        sa.Column("key_id", sa.String(length=8), nullable=False),
        sa.Column("added_at", storage.columns.Instant(timezone=True), nullable=False),
        sa.Column("removed_at", storage.columns.Instant(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["openid"], ["account.openid"], name=op.f("fk_account_patient_openid")),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_account_patient_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_patient")),
    )
    with op.batch_alter_table("account_patient", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_account_patient_key_id"), ["key_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_account_patient_patient_id"), ["patient_id"], unique=False)
        batch_op.create_index(
            "uq_account_patient_live",
            ["openid", "patient_id"],
            unique=True,
            sqlite_where=sa.text("removed_at IS NULL"),
            postgresql_where=sa.text("removed_at IS NULL"),
        )

    op.create_table(
        "consent",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("openid", sa.String(length=64), nullable=False),
        sa.Column("version", sa.String(length=40), nullable=False),
        sa.Column("agreed_at", storage.columns.Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["openid"], ["account.openid"], name=op.f("fk_consent_openid")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent")),
    )
    with op.batch_alter_table("consent", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_consent_openid"), ["openid"], unique=False)

    op.create_table(
        "doctor",
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("title", sa.String(length=100), nullable=False),
        sa.Column("department", sa.String(length=64), nullable=False),
        sa.Column("fee", sa.Numeric(precision=10, scale=2), nullable=False),
        sa.Column("skills", sa.JSON(), nullable=False),
        sa.Column("introduction", sa.String(length=1000), nullable=False),
        sa.Column("advance_days", sa.Integer(), nullable=True),
        sa.Column("release_at", sa.Time(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["department"], ["department.code"], name=op.f("fk_doctor_department")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_doctor")),
    )
    op.create_table(
        "calendar_day",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("closed", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("department", sa.String(length=64), nullable=True),
        sa.Column("doctor", sa.String(length=64), nullable=True),
        sa.Column("start", sa.Time(), nullable=True),
        sa.Column("end", sa.Time(), nullable=True),
        sa.Column("slot_minutes", sa.Integer(), nullable=True),
        sa.Column("capacity", sa.Integer(), nullable=True),
        sa.Column("room", sa.String(length=100), nullable=False),
        sa.ForeignKeyConstraint(["department"], ["department.code"], name=op.f("fk_calendar_day_department")),
        sa.ForeignKeyConstraint(["doctor"], ["doctor.code"], name=op.f("fk_calendar_day_doctor")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_day")),
    )
    op.create_table(
        "clinic_session",
        sa.Column("id", sa.String(length=96), nullable=False),
        sa.Column("doctor", sa.String(length=64), nullable=False),
        sa.Column("department", sa.String(length=64), nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("starts_at", storage.columns.Instant(timezone=True), nullable=False),
        sa.Column("ends_at", storage.columns.Instant(timezone=True), nullable=False),
        sa.Column("room", sa.String(length=100), nullable=False),
        sa.Column("fee", sa.Numeric(precision=10, scale=2), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("opens_at", storage.columns.Instant(timezone=True), nullable=False),
        sa.Column("gen", sa.Integer(), nullable=False),
        sa.CheckConstraint("state IN ('open', 'closed', 'stopped')", name=op.f("ck_clinic_session_state")),
        sa.ForeignKeyConstraint(["department"], ["department.code"], name=op.f("fk_clinic_session_department")),
        sa.ForeignKeyConstraint(["doctor"], ["doctor.code"], name=op.f("fk_clinic_session_doctor")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clinic_session")),
    )
    with op.batch_alter_table("clinic_session", schema=None) as batch_op:
        batch_op.create_index("ix_clinic_session_date_department", ["date", "department"], unique=False)
        batch_op.create_index("ix_clinic_session_doctor_date", ["doctor", "date"], unique=False)
        batch_op.create_index("ix_clinic_session_ends_at", ["ends_at"], unique=False)

    op.create_table(
        "roster",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("doctor", sa.String(length=64), nullable=False),
        sa.Column("weekdays", sa.JSON(), nullable=False),
        sa.Column("start", sa.Time(), nullable=False),
        sa.Column("end", sa.Time(), nullable=False),
        sa.Column("slot_minutes", sa.Integer(), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("room", sa.String(length=100), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["doctor"], ["doctor.code"], name=op.f("fk_roster_doctor")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roster")),
    )
    op.create_table(
        "slot",
        sa.Column("id", sa.String(length=112), nullable=False),
        sa.Column("session", sa.String(length=96), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("starts_at", storage.columns.Instant(timezone=True), nullable=False),
        sa.Column("ends_at", storage.columns.Instant(timezone=True), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.CheckConstraint("capacity > 0", name=op.f("ck_slot_capacity")),
        sa.ForeignKeyConstraint(["session"], ["clinic_session.id"], name=op.f("fk_slot_session")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_slot")),
    )
    with op.batch_alter_table("slot", schema=None) as batch_op:
        batch_op.create_index("uq_slot_session_position", ["session", "position"], unique=True)

    op.create_table(
        "claim",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("session", sa.String(length=96), nullable=False),
        sa.Column("slot", sa.String(length=112), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("seat", sa.Integer(), nullable=False),
        sa.Column("patient", sa.String(length=40), nullable=False),
        sa.Column("openid", sa.String(length=64), nullable=True),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("gen", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=True),
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.Column("number", sa.String(length=32), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("starts_at", storage.columns.Instant(timezone=True), nullable=False),
        sa.Column("ends_at", storage.columns.Instant(timezone=True), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=True),
        sa.Column("expires_at", storage.columns.Instant(timezone=True), nullable=True),
        sa.Column("created_at", storage.columns.Instant(timezone=True), nullable=False),
        sa.Column("updated_at", storage.columns.Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["patient"], ["patient.id"], name=op.f("fk_claim_patient")),
        sa.ForeignKeyConstraint(["session"], ["clinic_session.id"], name=op.f("fk_claim_session")),
        sa.ForeignKeyConstraint(["slot"], ["slot.id"], name=op.f("fk_claim_slot")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim")),
    )
    with op.batch_alter_table("claim", schema=None) as batch_op:
        batch_op.create_index(
            "ix_claim_booked",
            ["ends_at"],
            unique=False,
            sqlite_where=sa.text("state = 'booked'"),
            postgresql_where=sa.text("state = 'booked'"),
        )
        batch_op.create_index("ix_claim_date", ["date"], unique=False)
        batch_op.create_index(
            "ix_claim_held",
            ["expires_at"],
            unique=False,
            sqlite_where=sa.text("state = 'held'"),
            postgresql_where=sa.text("state = 'held'"),
        )
        batch_op.create_index("ix_claim_openid", ["openid", "date"], unique=False)
        batch_op.create_index(
            "uq_claim_fence", ["session", "gen", "seq"], unique=True, sqlite_where=None, postgresql_where=None
        )
        batch_op.create_index("uq_claim_number", ["number"], unique=True, sqlite_where=None, postgresql_where=None)
        batch_op.create_index(
            "uq_claim_ordinal",
            ["patient", "date", "ordinal"],
            unique=True,
            sqlite_where=sa.text(
                "state IN ('held', 'offered', 'booked', 'arrived', 'completed', 'no_show') AND kind = 'main'"
            ),
            postgresql_where=sa.text(
                "state IN ('held', 'offered', 'booked', 'arrived', 'completed', 'no_show') AND kind = 'main'"
            ),
        )
        batch_op.create_index(
            "uq_claim_patient",
            ["session", "patient"],
            unique=True,
            sqlite_where=sa.text(
                "state IN ('held', 'offered', 'booked', 'arrived', 'completed', 'no_show') AND kind = 'main'"
            ),
            postgresql_where=sa.text(
                "state IN ('held', 'offered', 'booked', 'arrived', 'completed', 'no_show') AND kind = 'main'"
            ),
        )
        batch_op.create_index(
            "uq_claim_request", ["session", "request_id"], unique=True, sqlite_where=None, postgresql_where=None
        )
        batch_op.create_index(
            "uq_claim_seat",
            ["session", "slot", "seat"],
            unique=True,
            sqlite_where=sa.text("state IN ('held', 'offered', 'booked', 'arrived', 'completed', 'no_show')"),
            postgresql_where=sa.text("state IN ('held', 'offered', 'booked', 'arrived', 'completed', 'no_show')"),
        )


def downgrade() -> None:
    """Bring the schema back."""
    with op.batch_alter_table("claim", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_claim_seat",
            sqlite_where=sa.text("state IN ('held', 'offered', 'booked', 'arrived', 'completed', 'no_show')"),
            postgresql_where=sa.text("state IN ('held', 'offered', 'booked', 'arrived', 'completed', 'no_show')"),
        )
        batch_op.drop_index("uq_claim_request", sqlite_where=None, postgresql_where=None)
        batch_op.drop_index(
            "uq_claim_patient",
            sqlite_where=sa.text(
                "state IN ('held', 'offered', 'booked', 'arrived', 'completed', 'no_show') AND kind = 'main'"
            ),
            postgresql_where=sa.text(
                "state IN ('held', 'offered', 'booked', 'arrived', 'completed', 'no_show') AND kind = 'main'"
            ),
        )
        batch_op.drop_index(
            "uq_claim_ordinal",
            sqlite_where=sa.text(
                "state IN ('held', 'offered', 'booked', 'arrived', 'completed', 'no_show') AND kind = 'main'"
            ),
            postgresql_where=sa.text(
                "state IN ('held', 'offered', 'booked', 'arrived', 'completed', 'no_show') AND kind = 'main'"
            ),
        )
        batch_op.drop_index("uq_claim_number", sqlite_where=None, postgresql_where=None)
        batch_op.drop_index("uq_claim_fence", sqlite_where=None, postgresql_where=None)
        batch_op.drop_index("ix_claim_openid")
        batch_op.drop_index(
            "ix_claim_held", sqlite_where=sa.text("state = 'held'"), postgresql_where=sa.text("state = 'held'")
        )
        batch_op.drop_index("ix_claim_date")
        batch_op.drop_index(
            "ix_claim_booked", sqlite_where=sa.text("state = 'booked'"), postgresql_where=sa.text("state = 'booked'")
        )

    op.drop_table("claim")
    with op.batch_alter_table("slot", schema=None) as batch_op:
        batch_op.drop_index("uq_slot_session_position")

    op.drop_table("slot")
    op.drop_table("roster")
    with op.batch_alter_table("clinic_session", schema=None) as batch_op:
        batch_op.drop_index("ix_clinic_session_ends_at")
        batch_op.drop_index("ix_clinic_session_doctor_date")
        batch_op.drop_index("ix_clinic_session_date_department")

    op.drop_table("clinic_session")
    op.drop_table("calendar_day")
    op.drop_table("doctor")
    with op.batch_alter_table("consent", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_consent_openid"))

    op.drop_table("consent")
    with op.batch_alter_table("account_patient", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_account_patient_live",
            sqlite_where=sa.text("removed_at IS NULL"),
            postgresql_where=sa.text("removed_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_account_patient_patient_id"))
        batch_op.drop_index(batch_op.f("ix_account_patient_key_id"))

    op.drop_table("account_patient")
    op.drop_table("pool_repair")
    with op.batch_alter_table("patient", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_patient_key_id"))

    op.drop_table("patient")
    op.drop_table("file_counter")
    op.drop_table("department")
    op.drop_table("clinic")
    op.drop_table("account")
    with op.batch_alter_table("access_log", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_access_log_at"))

    op.drop_table("access_log")
