"""The moment until which one process renews a launch's tokens, and the others wait."""

import sqlalchemy as sa
from alembic import op

from plugin.store.columns import Moment

revision = "0008"
down_revision: str | None = "0007"


def upgrade() -> None:
    """Add the column."""
    op.add_column("launches", sa.Column("renewing_until", Moment))


def downgrade() -> None:
    """Drop it again."""
    with op.batch_alter_table("launches") as table:
        table.drop_column("renewing_until")
