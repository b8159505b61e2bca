"""The trail is chained: a key, the end of each encounter's chain, and the days on which the ends were logged."""

import sqlalchemy as sa
from alembic import op

from plugin.store.columns import Moment

revision = "0005"
down_revision: str | None = "0004"


def upgrade() -> None:
    """Add them; entries from before have no digest, and `audit-trail verify` names them."""
    op.create_table(
        "trail_keys",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("key_sealed", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_trail_keys"),
    )
    op.create_table(
        "trail_days",
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("told_at", Moment),
        sa.PrimaryKeyConstraint("day", name="pk_trail_days"),
    )
    count = sa.Column("trail_count", sa.Integer, nullable=False, server_default="0")
    end = sa.Column("trail_end", sa.String(64), nullable=False, server_default="")
    op.add_column("review_encounters", count)
    op.add_column("review_encounters", end)


def downgrade() -> None:
    """Take them out again."""
    op.drop_column("review_encounters", "trail_end")
    op.drop_column("review_encounters", "trail_count")
    op.drop_table("trail_days")
    op.drop_table("trail_keys")
