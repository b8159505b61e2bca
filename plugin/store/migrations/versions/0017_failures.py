"""What failed lately, for the administrator's page."""

import sqlalchemy as sa
from alembic import op

from plugin.store.columns import Moment

revision = "0017"
down_revision: str | None = "0016"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "failures",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("tenant", sa.String(100), nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.Column("reference", sa.String(16), nullable=False),
        sa.Column("content_sealed", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_failures"),
    )
    op.create_index("ix_failures_tenant", "failures", ["tenant"])


def downgrade() -> None:
    """Drop it again."""
    op.drop_table("failures")
