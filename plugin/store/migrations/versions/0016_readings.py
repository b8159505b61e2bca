"""Charts that are being read, so that a page of any process can wait for them."""

import sqlalchemy as sa
from alembic import op

from plugin.store.columns import Moment

revision = "0016"
down_revision: str | None = "0015"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "readings",
        sa.Column("launch_id", sa.String(64), nullable=False),
        sa.Column("reader", sa.String(16), nullable=False),
        sa.Column("reader_until", Moment, nullable=False),
        sa.Column("began_at", Moment, nullable=False),
        sa.Column("content_sealed", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("launch_id", name="pk_readings"),
    )
    op.create_index("ix_readings_reader_until", "readings", ["reader_until"])


def downgrade() -> None:
    """Drop it again."""
    op.drop_table("readings")
