"""What patients wrote that was not understood, masked, for staff to read."""

import sqlalchemy as sa
from alembic import op

import storage.columns

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema forward."""
    op.create_table(
        "misunderstood",
        sa.Column("said", sa.String(length=100), nullable=False),
        sa.Column("asked", sa.String(length=40), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("first_at", storage.columns.Instant(timezone=True), nullable=False),
        sa.Column("last_at", storage.columns.Instant(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("said", "asked", name=op.f("pk_misunderstood")),
    )
    op.create_index(op.f("ix_misunderstood_last_at"), "misunderstood", ["last_at"], unique=False)


def downgrade() -> None:
    """Bring the schema back."""
    op.drop_table("misunderstood")
