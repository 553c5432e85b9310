"""Stoppages and whom they displace, notices, staff, the audit trail; what slots, claims and accounts need for them."""

import sqlalchemy as sa
from alembic import op

import storage.columns

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

KEPT = ("audit", "audit_chain")
"""Tables whose rows stay as they were written; ``audit_detail`` is sealed anew while keys change."""
HASHES = ("mobile_hash", "name_hash", "number_hash")
QUEUE = {
    "sqlite": [
        """CREATE TRIGGER audit_queued AFTER INSERT ON audit
        BEGIN INSERT INTO audit_queue (audit_id) VALUES (NEW.id); END""",
    ],
    "postgresql": [
        """CREATE FUNCTION queue_audit() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN INSERT INTO audit_queue (audit_id) SELECT id FROM added; RETURN NULL; END $$""",
        """CREATE TRIGGER audit_queued AFTER INSERT ON audit REFERENCING NEW TABLE AS added
        FOR EACH STATEMENT EXECUTE FUNCTION queue_audit()""",
    ],
}
LEAVE = {
    "sqlite": ["DROP TRIGGER audit_queued"],
    "postgresql": ["DROP TRIGGER audit_queued ON audit", "DROP FUNCTION queue_audit()"],
}
"""Every audit row waits in ``audit_queue`` until it is chained."""


def upgrade() -> None:
    """Bring the schema forward."""
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", storage.columns.Instant(timezone=True), nullable=False),
        sa.Column("actor_kind", sa.String(length=12), nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("entity", sa.String(length=20), nullable=False),
        sa.Column("entity_id", sa.String(length=112), nullable=False),
        sa.Column("before", sa.JSON(), nullable=True),
        sa.Column("after", sa.JSON(), nullable=True),
        sa.Column("detail_hash", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    op.create_index("ix_audit_entity", "audit", ["entity", "entity_id"], unique=False)
    op.create_table(
        "job_run",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("due", sa.String(length=40), nullable=False),
        sa.Column("leased_until", storage.columns.Instant(timezone=True), nullable=False),
        sa.Column("done_at", storage.columns.Instant(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("name", "due", name=op.f("pk_job_run")),
    )
    op.create_table(
        "notice",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("dedupe_key", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("openid", sa.String(length=64), nullable=True),
        sa.Column("patient", sa.String(length=40), nullable=True),
        sa.Column("claim", sa.String(length=32), nullable=True),
        sa.Column("stoppage", sa.String(length=32), nullable=True),
        sa.Column("displacement", sa.String(length=32), nullable=True),
        sa.Column("visit_at", storage.columns.Instant(timezone=True), nullable=True),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", storage.columns.Instant(timezone=True), nullable=False),
        sa.Column("leased_until", storage.columns.Instant(timezone=True), nullable=True),
        sa.Column("first_tried_at", storage.columns.Instant(timezone=True), nullable=True),
        sa.Column("void_after", storage.columns.Instant(timezone=True), nullable=True),
        sa.Column("msgid", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("shown", sa.Boolean(), nullable=False),
        sa.Column("asks_until", storage.columns.Instant(timezone=True), nullable=True),
        sa.Column("answer", sa.String(length=16), nullable=True),
        sa.Column("answered_at", storage.columns.Instant(timezone=True), nullable=True),
        sa.Column("meant_by", sa.String(length=64), nullable=True),
        sa.Column("outcome", sa.String(length=16), nullable=True),
        sa.Column("called_by", sa.String(length=80), nullable=True),
        sa.Column("called_at", storage.columns.Instant(timezone=True), nullable=True),
        sa.Column("created_at", storage.columns.Instant(timezone=True), nullable=False),
        sa.Column("sent_at", storage.columns.Instant(timezone=True), nullable=True),
        sa.Column("updated_at", storage.columns.Instant(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
        sa.UniqueConstraint("dedupe_key", name=op.f("uq_notice_dedupe_key")),
    )
    op.create_index(
        "ix_notice_asking",
        "notice",
        ["openid", "created_at"],
        unique=False,
        sqlite_where=sa.text("asks_until IS NOT NULL AND answer IS NULL"),
        postgresql_where=sa.text("asks_until IS NOT NULL AND answer IS NULL"),
    )
    op.create_index(
        "ix_notice_claim",
        "notice",
        ["claim"],
        unique=False,
        sqlite_where=sa.text("claim IS NOT NULL"),
        postgresql_where=sa.text("claim IS NOT NULL"),
    )
    op.create_index(
        "ix_notice_meant_by",
        "notice",
        ["meant_by"],
        unique=False,
        sqlite_where=sa.text("meant_by IS NOT NULL"),
        postgresql_where=sa.text("meant_by IS NOT NULL"),
    )
    op.create_index(
        "ix_notice_msgid",
        "notice",
        ["msgid"],
        unique=False,
        sqlite_where=sa.text("msgid IS NOT NULL"),
        postgresql_where=sa.text("msgid IS NOT NULL"),
    )
    op.create_index(
        "ix_notice_newest",
        "notice",
        ["updated_at"],
        unique=False,
        sqlite_where=sa.text("asks_until IS NOT NULL AND answer IS NULL"),
        postgresql_where=sa.text("asks_until IS NOT NULL AND answer IS NULL"),
    )
    op.create_index(
        "ix_notice_pending",
        "notice",
        ["due_at"],
        unique=False,
        sqlite_where=sa.text("state = 'pending'"),
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_index(
        "ix_notice_sending",
        "notice",
        ["leased_until"],
        unique=False,
        sqlite_where=sa.text("state = 'sending'"),
        postgresql_where=sa.text("state = 'sending'"),
    )
    op.create_index(
        "ix_notice_stoppage",
        "notice",
        ["stoppage"],
        unique=False,
        sqlite_where=sa.text("stoppage IS NOT NULL"),
        postgresql_where=sa.text("stoppage IS NOT NULL"),
    )
    op.create_index(
        "ix_notice_uncalled",
        "notice",
        ["visit_at"],
        unique=False,
        sqlite_where=sa.text("state IN ('unreachable', 'unknown', 'failed') AND outcome IS NULL"),
        postgresql_where=sa.text("state IN ('unreachable', 'unknown', 'failed') AND outcome IS NULL"),
    )
    op.create_table(
        "notice_consent",
        sa.Column("openid", sa.String(length=64), nullable=False),
        sa.Column("template", sa.String(length=100), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("event", sa.String(length=64), nullable=False),
        sa.Column("updated_at", storage.columns.Instant(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("openid", "template", name=op.f("pk_notice_consent")),
    )
    op.create_table(
        "notice_outcome",
        sa.Column("msgid", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("status", sa.String(length=64), nullable=False),
        sa.Column("at", storage.columns.Instant(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("msgid", name=op.f("pk_notice_outcome")),
    )
    op.create_table(
        "stoppage",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("scope", sa.String(length=12), nullable=False),
        sa.Column("code", sa.String(length=96), nullable=False),
        sa.Column("from_at", storage.columns.Instant(timezone=True), nullable=False),
        sa.Column("to_at", storage.columns.Instant(timezone=True), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("text", sa.String(length=500), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.Column("worked_until", storage.columns.Instant(timezone=True), nullable=True),
        sa.Column("created_at", storage.columns.Instant(timezone=True), nullable=False),
        sa.Column("updated_at", storage.columns.Instant(timezone=True), nullable=False),
        sa.Column("lifted_by", sa.String(length=80), nullable=True),
        sa.Column("lifted_through", sa.String(length=16), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stoppage")),
        sa.UniqueConstraint("request_id", name=op.f("uq_stoppage_request_id")),
    )
    op.create_index(
        "ix_stoppage_at_work",
        "stoppage",
        ["id"],
        unique=False,
        sqlite_where=sa.text("state IN ('stopping', 'offering', 'telling', 'lifting')"),
        postgresql_where=sa.text("state IN ('stopping', 'offering', 'telling', 'lifting')"),
    )
    op.create_table(
        "audit_chain",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("audit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["audit_id"], ["audit.id"], name=op.f("fk_audit_chain_audit_id")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit_chain")),
        sa.UniqueConstraint("audit_id", name=op.f("uq_audit_chain_audit_id")),
    )
    op.create_table(
        "audit_queue",
        sa.Column(
            "audit_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("audit_id", name=op.f("pk_audit_queue")),
    )
    op.create_table(
        "audit_detail",
        sa.Column("audit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("key_id", sa.String(length=8), nullable=False),
        sa.ForeignKeyConstraint(["audit_id"], ["audit.id"], name=op.f("fk_audit_detail_audit_id")),
        sa.PrimaryKeyConstraint("audit_id", name=op.f("pk_audit_detail")),
    )
    op.create_index(op.f("ix_audit_detail_key_id"), "audit_detail", ["key_id"], unique=False)
    op.create_table(
        "staff",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("doctor", sa.String(length=64), nullable=True),
        sa.Column("openid", sa.String(length=64), nullable=True),
        sa.Column("code_hash", sa.String(length=64), nullable=True),
        sa.Column("code_expires_at", storage.columns.Instant(timezone=True), nullable=True),
        sa.Column("request_id", sa.String(length=64), nullable=True),
        sa.Column("created_at", storage.columns.Instant(timezone=True), nullable=False),
        sa.Column("bound_at", storage.columns.Instant(timezone=True), nullable=True),
        sa.Column("removed_at", storage.columns.Instant(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["doctor"], ["doctor.code"], name=op.f("fk_staff_doctor")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff")),
    )
    op.create_index("ix_staff_code_hash", "staff", ["code_hash"], unique=False)
    op.create_index(
        "uq_staff_name",
        "staff",
        ["name"],
        unique=True,
        sqlite_where=sa.text("removed_at IS NULL"),
        postgresql_where=sa.text("removed_at IS NULL"),
    )
    op.create_index(
        "uq_staff_openid",
        "staff",
        ["openid"],
        unique=True,
        sqlite_where=sa.text("openid IS NOT NULL"),
        postgresql_where=sa.text("openid IS NOT NULL"),
    )
    op.create_table(
        "stoppage_session",
        sa.Column("stoppage", sa.String(length=32), nullable=False),
        sa.Column("session", sa.String(length=96), nullable=False),
        sa.Column("was", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(["session"], ["clinic_session.id"], name=op.f("fk_stoppage_session_session")),
        sa.ForeignKeyConstraint(["stoppage"], ["stoppage.id"], name=op.f("fk_stoppage_session_stoppage")),
        sa.PrimaryKeyConstraint("stoppage", "session", name=op.f("pk_stoppage_session")),
    )
    op.create_index("ix_stoppage_session_session", "stoppage_session", ["session"], unique=False)
    op.create_index(
        "ix_stoppage_session_to_do",
        "stoppage_session",
        ["stoppage", "state", "session"],
        unique=False,
        sqlite_where=sa.text("state IN ('stopping', 'lifting')"),
        postgresql_where=sa.text("state IN ('stopping', 'lifting')"),
    )
    op.create_table(
        "displacement",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("stoppage", sa.String(length=32), nullable=False),
        sa.Column("claim", sa.String(length=32), nullable=False),
        sa.Column("session", sa.String(length=96), nullable=False),
        sa.Column("patient", sa.String(length=40), nullable=False),
        sa.Column("openid", sa.String(length=64), nullable=True),
        sa.Column("department", sa.String(length=64), nullable=False),
        sa.Column("doctor", sa.String(length=64), nullable=False),
        sa.Column("starts_at", storage.columns.Instant(timezone=True), nullable=False),
        sa.Column("first_booked_at", storage.columns.Instant(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("offers", sa.JSON(), nullable=False),
        sa.Column("deadline", storage.columns.Instant(timezone=True), nullable=True),
        sa.Column("chosen", sa.String(length=32), nullable=True),
        sa.Column("created_at", storage.columns.Instant(timezone=True), nullable=False),
        sa.Column("updated_at", storage.columns.Instant(timezone=True), nullable=False),
        sa.Column("told", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["claim"], ["claim.id"], name=op.f("fk_displacement_claim")),
        sa.ForeignKeyConstraint(["patient"], ["patient.id"], name=op.f("fk_displacement_patient")),
        sa.ForeignKeyConstraint(["stoppage"], ["stoppage.id"], name=op.f("fk_displacement_stoppage")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_displacement")),
        sa.UniqueConstraint("claim", name=op.f("uq_displacement_claim")),
    )
    op.create_index(
        "ix_displacement_deadline",
        "displacement",
        ["deadline"],
        unique=False,
        sqlite_where=sa.text("state = 'offered'"),
        postgresql_where=sa.text("state = 'offered'"),
    )
    op.create_index(
        "ix_displacement_next",
        "displacement",
        ["first_booked_at"],
        unique=False,
        sqlite_where=sa.text("state = 'unoffered'"),
        postgresql_where=sa.text("state = 'unoffered'"),
    )
    op.create_index("ix_displacement_session", "displacement", ["session"], unique=False)
    op.create_index("ix_displacement_stoppage", "displacement", ["stoppage", "state", "first_booked_at"], unique=False)
    op.add_column("account", sa.Column("reminders", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.add_column(
        "claim",
        sa.Column(
            "first_booked_at",
            storage.columns.Instant(timezone=True),
            nullable=False,
            server_default=sa.text("'2000-01-01 00:00:00.000000'"),
        ),
    )
    op.execute("UPDATE claim SET first_booked_at = created_at")
    op.add_column("claim", sa.Column("displacement", sa.String(length=32), nullable=True))
    op.add_column("claim", sa.Column("waived", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_index(
        "ix_claim_displacement",
        "claim",
        ["displacement"],
        unique=False,
        sqlite_where=sa.text("displacement IS NOT NULL"),
        postgresql_where=sa.text("displacement IS NOT NULL"),
    )
    op.create_index(
        "ix_claim_offered",
        "claim",
        ["expires_at"],
        unique=False,
        sqlite_where=sa.text("state = 'offered'"),
        postgresql_where=sa.text("state = 'offered'"),
    )
    op.add_column("clinic_session", sa.Column("adjusted", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("clinic", sa.Column("templates", sa.JSON(), nullable=False, server_default="{}"))
    op.create_index("ix_claim_patient", "claim", ["patient", "date"], unique=False)
    op.add_column("patient", sa.Column("mobile", sa.LargeBinary(), nullable=True))
    _let_staff_find()
    op.add_column("slot", sa.Column("stoppage", sa.String(length=32), nullable=True))
    op.create_index(
        "ix_slot_stoppage",
        "slot",
        ["stoppage"],
        unique=False,
        sqlite_where=sa.text("stoppage IS NOT NULL"),
        postgresql_where=sa.text("stoppage IS NOT NULL"),
    )
    _watch_over_the_trail()


def downgrade() -> None:
    """Bring the schema back."""
    for statement in [*LEAVE[op.get_bind().dialect.name], *(line for table in KEPT for line in _let_go(table))]:
        op.execute(statement)
    op.drop_index(
        "ix_slot_stoppage",
        table_name="slot",
        sqlite_where=sa.text("stoppage IS NOT NULL"),
        postgresql_where=sa.text("stoppage IS NOT NULL"),
    )
    op.drop_column("slot", "stoppage")
    op.drop_index(op.f("ix_account_patient_mobile_hash"), table_name="account_patient")
    op.drop_column("account_patient", "mobile_hash")
    for column in HASHES:
        op.drop_index(op.f(f"ix_patient_{column}"), table_name="patient")
        op.drop_column("patient", column)
    op.drop_column("patient", "mobile")
    op.drop_index("ix_claim_patient", table_name="claim")
    op.drop_column("clinic", "templates")
    op.drop_column("clinic_session", "adjusted")
    op.drop_index(
        "ix_claim_offered",
        table_name="claim",
        sqlite_where=sa.text("state = 'offered'"),
        postgresql_where=sa.text("state = 'offered'"),
    )
    op.drop_index(
        "ix_claim_displacement",
        table_name="claim",
        sqlite_where=sa.text("displacement IS NOT NULL"),
        postgresql_where=sa.text("displacement IS NOT NULL"),
    )
    op.drop_column("claim", "waived")
    op.drop_column("claim", "displacement")
    op.drop_column("claim", "first_booked_at")
    op.drop_column("account", "reminders")
    op.drop_index("ix_displacement_stoppage", table_name="displacement")
    op.drop_index("ix_displacement_session", table_name="displacement")
    op.drop_index(
        "ix_displacement_next",
        table_name="displacement",
        sqlite_where=sa.text("state = 'unoffered'"),
        postgresql_where=sa.text("state = 'unoffered'"),
    )
    op.drop_index(
        "ix_displacement_deadline",
        table_name="displacement",
        sqlite_where=sa.text("state = 'offered'"),
        postgresql_where=sa.text("state = 'offered'"),
    )
    op.drop_table("displacement")
    op.drop_index(
        "ix_stoppage_session_to_do",
        table_name="stoppage_session",
        sqlite_where=sa.text("state IN ('stopping', 'lifting')"),
        postgresql_where=sa.text("state IN ('stopping', 'lifting')"),
    )
    op.drop_index("ix_stoppage_session_session", table_name="stoppage_session")
    op.drop_table("stoppage_session")
    op.drop_index(
        "uq_staff_name",
        table_name="staff",
        sqlite_where=sa.text("removed_at IS NULL"),
        postgresql_where=sa.text("removed_at IS NULL"),
    )
    op.drop_index(
        "uq_staff_openid",
        table_name="staff",
        sqlite_where=sa.text("openid IS NOT NULL"),
        postgresql_where=sa.text("openid IS NOT NULL"),
    )
    op.drop_index("ix_staff_code_hash", table_name="staff")
    op.drop_table("staff")
    op.drop_index(op.f("ix_audit_detail_key_id"), table_name="audit_detail")
    op.drop_table("audit_detail")
    op.drop_table("audit_queue")
    op.drop_table("audit_chain")
    op.drop_index(
        "ix_stoppage_at_work",
        table_name="stoppage",
        sqlite_where=sa.text("state IN ('stopping', 'offering', 'telling', 'lifting')"),
        postgresql_where=sa.text("state IN ('stopping', 'offering', 'telling', 'lifting')"),
    )
    op.drop_table("stoppage")
    op.drop_index(
        "ix_notice_uncalled",
        table_name="notice",
        sqlite_where=sa.text("state IN ('unreachable', 'unknown', 'failed') AND outcome IS NULL"),
        postgresql_where=sa.text("state IN ('unreachable', 'unknown', 'failed') AND outcome IS NULL"),
    )
    op.drop_index(
        "ix_notice_stoppage",
        table_name="notice",
        sqlite_where=sa.text("stoppage IS NOT NULL"),
        postgresql_where=sa.text("stoppage IS NOT NULL"),
    )
    op.drop_index(
        "ix_notice_sending",
        table_name="notice",
        sqlite_where=sa.text("state = 'sending'"),
        postgresql_where=sa.text("state = 'sending'"),
    )
    op.drop_index(
        "ix_notice_newest",
        table_name="notice",
        sqlite_where=sa.text("asks_until IS NOT NULL AND answer IS NULL"),
        postgresql_where=sa.text("asks_until IS NOT NULL AND answer IS NULL"),
    )
    op.drop_index(
        "ix_notice_pending",
        table_name="notice",
        sqlite_where=sa.text("state = 'pending'"),
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.drop_index(
        "ix_notice_msgid",
        table_name="notice",
        sqlite_where=sa.text("msgid IS NOT NULL"),
        postgresql_where=sa.text("msgid IS NOT NULL"),
    )
    op.drop_index(
        "ix_notice_claim",
        table_name="notice",
        sqlite_where=sa.text("claim IS NOT NULL"),
        postgresql_where=sa.text("claim IS NOT NULL"),
    )
    op.drop_index(
        "ix_notice_asking",
        table_name="notice",
        sqlite_where=sa.text("asks_until IS NOT NULL AND answer IS NULL"),
        postgresql_where=sa.text("asks_until IS NOT NULL AND answer IS NULL"),
    )
    op.drop_table("notice_outcome")
    op.drop_table("notice_consent")
    op.drop_table("notice")
    op.drop_table("job_run")
    op.drop_index("ix_audit_entity", table_name="audit")
    op.drop_table("audit")


def _let_staff_find() -> None:
    for table, column in [*(("patient", column) for column in HASHES), ("account_patient", "mobile_hash")]:
        op.add_column(table, sa.Column(column, sa.String(length=64), nullable=True))
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column], unique=False)


def _watch_over_the_trail() -> None:
    for statement in [*(line for table in KEPT for line in _keep(table)), *QUEUE[op.get_bind().dialect.name]]:
        op.execute(statement)


def _keep(table: str) -> list[str]:
    if op.get_bind().dialect.name == "sqlite":
        return [
            f"CREATE TRIGGER {table}_no_{deed} BEFORE {deed.upper()} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            for deed in ("update", "delete")
        ]
    deeds = "UPDATE OR DELETE OR TRUNCATE"
    trigger = f"CREATE TRIGGER {table}_append_only BEFORE {deeds} ON {table}"
    return [f"{trigger} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"]


def _let_go(table: str) -> list[str]:
    if op.get_bind().dialect.name == "sqlite":
        return [f"DROP TRIGGER {table}_no_{deed}" for deed in ("update", "delete")]
    return [f"DROP TRIGGER {table}_append_only ON {table}"]
