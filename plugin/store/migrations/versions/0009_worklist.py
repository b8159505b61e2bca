"""The worklist: one row of counts and days for each encounter that was seen or found."""

import sqlalchemy as sa
from alembic import op

from plugin.store.columns import Moment

revision = "0009"
down_revision: str | None = "0008"

COUNTS = ("cents", "unpriced", "questions", "ready", "accepted", "posted", "unknown", "failed", "stale", "dismissed")
OVER_TIME = ("infusions", "missing_stops", "missing_ever", "questions_ever")


def upgrade() -> None:
    """Make the table."""
    of_encounter = ["review_encounters.tenant", "review_encounters.encounter"]
    op.create_table(
        "worklist",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("tenant", sa.String(100), nullable=False),
        sa.Column("encounter", sa.String(200), nullable=False),
        sa.Column("patient", sa.String(200), nullable=False),
        sa.Column("person_sealed", sa.Text, nullable=False),
        sa.Column("unit", sa.String(200), nullable=False),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("due", sa.String(10), nullable=False),
        sa.Column("is_open", sa.Boolean, nullable=False),
        *(sa.Column(name, sa.Integer, nullable=False) for name in (*COUNTS, *OVER_TIME)),
        sa.Column("dismissed_by", sa.Text, nullable=False),
        sa.Column("claimed_by", sa.Text, nullable=False),
        sa.Column("claimed_name", sa.Text, nullable=False),
        sa.Column("held_by", sa.Text, nullable=False),
        sa.Column("held_sealed", sa.Text, nullable=False),
        sa.Column("first_seen_at", Moment, nullable=False),
        sa.Column("seen_at", Moment, nullable=False),
        sa.Column("posted_at", Moment),
        sa.PrimaryKeyConstraint("id", name="pk_worklist"),
        sa.UniqueConstraint("tenant", "encounter", name="uq_worklist_tenant_encounter"),
        sa.ForeignKeyConstraint(["tenant", "encounter"], of_encounter, name="fk_worklist_tenant_encounter"),
    )
    op.create_index("ix_worklist_tenant_is_open_cents", "worklist", ["tenant", "is_open", "cents"])
    op.create_index("ix_worklist_tenant_day", "worklist", ["tenant", "day"])


def downgrade() -> None:
    """Drop it again."""
    op.drop_table("worklist")
