"""Whether the EHR has been asked who the user of a launch is, where its id_token doesn't say all."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision: str | None = "0013"


def upgrade() -> None:
    """Add the column; launches that are open already were asked about before they were kept."""
    op.add_column("launches", sa.Column("user_asked", sa.Boolean, nullable=False, server_default=sa.true()))


def downgrade() -> None:
    """Drop it again."""
    with op.batch_alter_table("launches") as table:
        table.drop_column("user_asked")
