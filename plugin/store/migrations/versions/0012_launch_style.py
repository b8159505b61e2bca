"""The colours and lengths of the EHR's look, with the launch that brought them."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision: str | None = "0011"


def upgrade() -> None:
    """Add the column."""
    op.add_column("launches", sa.Column("style", sa.Text))


def downgrade() -> None:
    """Drop it again."""
    with op.batch_alter_table("launches") as table:
        table.drop_column("style")
