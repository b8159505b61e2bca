"""Keyed hashes of the words that an encounter of the worklist is found by."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision: str | None = "0009"


def upgrade() -> None:
    """Make the table; rows that are there already get their words when the app starts."""
    of_encounter = ["review_encounters.tenant", "review_encounters.encounter"]
    op.create_table(
        "worklist_words",
        sa.Column("tenant", sa.String(100), nullable=False),
        sa.Column("word", sa.String(32), nullable=False),
        sa.Column("encounter", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "word", "encounter", name="pk_worklist_words"),
        sa.ForeignKeyConstraint(["tenant", "encounter"], of_encounter, name="fk_worklist_words_tenant_encounter"),
    )
    op.create_index("ix_worklist_words_tenant_encounter", "worklist_words", ["tenant", "encounter"])
    op.add_column("worklist", sa.Column("hashed_by", sa.String(12), nullable=False, server_default=""))


def downgrade() -> None:
    """Drop both again."""
    with op.batch_alter_table("worklist") as table:
        table.drop_column("hashed_by")
    op.drop_table("worklist_words")
