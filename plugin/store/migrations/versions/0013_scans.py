"""How far the scan of a tenant is, so that it is seen, and goes on after a break."""

import sqlalchemy as sa
from alembic import op

from plugin.store.columns import Moment

revision = "0013"
down_revision: str | None = "0012"


def upgrade() -> None:
    """Make both tables."""
    op.create_table(
        "scans",
        sa.Column("tenant", sa.String(100), nullable=False),
        sa.Column("asked", sa.String(100), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("whole", sa.Boolean, nullable=False),
        *(sa.Column(name, sa.Integer, nullable=False) for name in ("total", "found", "uncharged", "unread")),
        sa.Column("started_at", Moment, nullable=False),
        sa.Column("moved_at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("tenant", name="pk_scans"),
    )
    op.create_table(
        "scan_places",
        sa.Column("tenant", sa.String(100), nullable=False),
        sa.Column("encounter", sa.String(200), nullable=False),
        sa.Column("patient", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "encounter", name="pk_scan_places"),
    )


def downgrade() -> None:
    """Drop them again."""
    op.drop_table("scan_places")
    op.drop_table("scans")
