"""Questions that were sent to somebody, and the replies."""

import sqlalchemy as sa
from alembic import op

from plugin.store.columns import Moment

revision = "0006"
down_revision: str | None = "0005"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "sent_questions",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("tenant", sa.String(100), nullable=False),
        sa.Column("encounter", sa.String(200), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("reference", sa.Text, nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("content_sealed", sa.Text, nullable=False),
        sa.Column("reply_sealed", sa.Text, nullable=False),
        sa.Column("sent_at", Moment, nullable=False),
        sa.Column("changed_at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sent_questions"),
        sa.UniqueConstraint("tenant", "encounter", "number", name="uq_sent_questions_tenant_encounter_number"),
        sa.ForeignKeyConstraint(
            ["tenant", "encounter"],
            ["review_encounters.tenant", "review_encounters.encounter"],
            name="fk_sent_questions_tenant_encounter",
        ),
    )


def downgrade() -> None:
    """Drop it again."""
    op.drop_table("sent_questions")
