"""The access log keeps its rows as they were written (R-A11, R-C4)."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

FORWARD = {
    "sqlite": [
        """CREATE TRIGGER access_log_no_update BEFORE UPDATE ON access_log
        BEGIN SELECT RAISE(ABORT, 'access_log is append-only'); END""",
        """CREATE TRIGGER access_log_no_delete BEFORE DELETE ON access_log
        BEGIN SELECT RAISE(ABORT, 'access_log is append-only'); END""",
    ],
    "postgresql": [
        """CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$""",
        """CREATE TRIGGER access_log_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON access_log
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()""",
    ],
}
BACK = {
    "sqlite": ["DROP TRIGGER access_log_no_update", "DROP TRIGGER access_log_no_delete"],
    "postgresql": ["DROP TRIGGER access_log_append_only ON access_log", "DROP FUNCTION refuse_change()"],
}


def upgrade() -> None:
    """Bring the schema forward."""
    for statement in FORWARD[op.get_bind().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    """Bring the schema back."""
    for statement in BACK[op.get_bind().dialect.name]:
        op.execute(statement)
