"""Who did what, countable without opening the trail's words."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision: str | None = "0014"


def upgrade() -> None:
    """Add the column; earlier entries are nobody's to count."""
    op.add_column("trail", sa.Column("person_hash", sa.String(32), nullable=False, server_default=""))
    op.create_index("ix_trail_tenant_at", "trail", ["tenant", "at"])


def downgrade() -> None:
    """Drop it again."""
    op.drop_index("ix_trail_tenant_at", "trail")
    with op.batch_alter_table("trail") as table:
        table.drop_column("person_hash")
