"""Charges for EHRs that take none: the lines of the export to billing, and its files."""

import sqlalchemy as sa
from alembic import op

from plugin.store.columns import Moment

revision = "0007"
down_revision: str | None = "0006"


def upgrade() -> None:
    """Make the two tables."""
    op.create_table(
        "export_batches",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("tenant", sa.String(100), nullable=False),
        sa.Column("made_at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_export_batches"),
    )
    of_encounter = ["review_encounters.tenant", "review_encounters.encounter"]
    op.create_table(
        "export_lines",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("tenant", sa.String(100), nullable=False),
        sa.Column("encounter", sa.String(200), nullable=False),
        sa.Column("identity", sa.String(64), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("content_sealed", sa.Text, nullable=False),
        sa.Column("written_at", Moment, nullable=False),
        sa.Column("batch", sa.Integer),
        sa.PrimaryKeyConstraint("id", name="pk_export_lines"),
        sa.UniqueConstraint("identity", "number", name="uq_export_lines_identity_number"),
        sa.ForeignKeyConstraint(["batch"], ["export_batches.id"], name="fk_export_lines_batch"),
        sa.ForeignKeyConstraint(["tenant", "encounter"], of_encounter, name="fk_export_lines_tenant_encounter"),
    )
    op.create_index("ix_export_lines_tenant_batch", "export_lines", ["tenant", "batch"])


def downgrade() -> None:
    """Drop them again."""
    op.drop_table("export_lines")
    op.drop_table("export_batches")
