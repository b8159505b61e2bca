"""The app's signing keys, and counts that limit how often something is done."""

import sqlalchemy as sa
from alembic import op

from plugin.store.columns import Moment

revision = "0003"
down_revision: str | None = "0002"


def upgrade() -> None:
    """Make the two tables."""
    op.create_table(
        "signing_keys",
        sa.Column("tenant", sa.String(100), nullable=False),
        sa.Column("kid", sa.String(64), nullable=False),
        sa.Column("algorithm", sa.String(10), nullable=False),
        sa.Column("private_sealed", sa.Text, nullable=False),
        sa.Column("signs_from", Moment, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "kid", name="pk_signing_keys"),
    )
    op.create_table(
        "rate_counts",
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("expires_at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_rate_counts"),
    )
    op.create_index("ix_rate_counts_expires_at", "rate_counts", ["expires_at"])


def downgrade() -> None:
    """Drop them again."""
    op.drop_table("rate_counts")
    op.drop_table("signing_keys")
