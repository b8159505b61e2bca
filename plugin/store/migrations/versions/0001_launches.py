"""Launches: pending authorization requests and open launches."""

import sqlalchemy as sa
from alembic import op

from plugin.store.columns import Moment

revision = "0001"
down_revision: str | None = None


def upgrade() -> None:
    """Make the two tables."""
    op.create_table(
        "pending_launches",
        sa.Column("state_hash", sa.String(64), nullable=False),
        sa.Column("browser_hash", sa.String(64), nullable=False),
        sa.Column("tenant", sa.String(100), nullable=False),
        sa.Column("iss", sa.Text, nullable=False),
        sa.Column("aud", sa.Text, nullable=False),
        sa.Column("secrets_sealed", sa.Text, nullable=False),
        sa.Column("started_at", Moment, nullable=False),
        sa.Column("used_at", Moment),
        sa.PrimaryKeyConstraint("state_hash", name="pk_pending_launches"),
    )
    op.create_index("ix_pending_launches_started_at", "pending_launches", ["started_at"])
    op.create_table(
        "launches",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("browser_hash", sa.String(64), nullable=False),
        sa.Column("tenant", sa.String(100), nullable=False),
        sa.Column("iss", sa.Text, nullable=False),
        sa.Column("patient", sa.String(200), nullable=False),
        sa.Column("encounter", sa.String(200), nullable=False),
        sa.Column("user_reference", sa.Text, nullable=False),
        sa.Column("user_name", sa.Text, nullable=False),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("scopes", sa.Text, nullable=False),
        sa.Column("need_patient_banner", sa.Boolean, nullable=False),
        sa.Column("tokens_sealed", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("opened_at", Moment, nullable=False),
        sa.Column("seen_at", Moment, nullable=False),
        sa.Column("expires_at", Moment, nullable=False),
        sa.Column("closed_at", Moment),
        sa.PrimaryKeyConstraint("id", name="pk_launches"),
    )
    op.create_index("ix_launches_expires_at", "launches", ["expires_at"])


def downgrade() -> None:
    """Drop them again."""
    op.drop_table("launches")
    op.drop_table("pending_launches")
