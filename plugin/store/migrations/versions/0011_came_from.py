"""The row of the worklist that a chart was opened from, for the way back and on to the next."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision: str | None = "0010"


def upgrade() -> None:
    """Add the column."""
    op.add_column("launches", sa.Column("came_from_sealed", sa.Text, nullable=False, server_default=""))


def downgrade() -> None:
    """Drop it again."""
    with op.batch_alter_table("launches") as table:
        table.drop_column("came_from_sealed")
