"""What people state in answer to questions, apart from the chart."""

import sqlalchemy as sa
from alembic import op

from plugin.store.columns import Moment

revision = "0004"
down_revision: str | None = "0003"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "attestations",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("tenant", sa.String(100), nullable=False),
        sa.Column("encounter", sa.String(200), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("action", sa.String(20), nullable=False),
        sa.Column("content_sealed", sa.Text, nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_attestations"),
        sa.UniqueConstraint(
            "tenant", "encounter", "number", "action", name="uq_attestations_tenant_encounter_number_action"
        ),
        sa.ForeignKeyConstraint(
            ["tenant", "encounter"],
            ["review_encounters.tenant", "review_encounters.encounter"],
            name="fk_attestations_tenant_encounter",
        ),
    )


def downgrade() -> None:
    """Drop it again."""
    op.drop_table("attestations")
