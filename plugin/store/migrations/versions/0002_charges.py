"""From decision to charge: encounters under review, decisions, intents, sent charges, the trail."""

import sqlalchemy as sa
from alembic import op

from plugin.store.columns import Moment

revision = "0002"
down_revision: str | None = "0001"

_UNSETTLED = sa.text("state IN ('open', 'unknown')")


def _place() -> tuple[sa.Column[str], sa.Column[str]]:
    return sa.Column("tenant", sa.String(100), nullable=False), sa.Column("encounter", sa.String(200), nullable=False)


def _of_encounter(table: str) -> sa.ForeignKeyConstraint:
    target = ["review_encounters.tenant", "review_encounters.encounter"]
    return sa.ForeignKeyConstraint(["tenant", "encounter"], target, name=f"fk_{table}_tenant_encounter")


def _index_by_encounter(table: str) -> None:
    op.create_index(f"ix_{table}_tenant_encounter", table, ["tenant", "encounter"])


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "review_encounters",
        *_place(),
        sa.Column("writer", sa.String(100), nullable=False),
        sa.Column("writer_until", Moment),
        sa.PrimaryKeyConstraint("tenant", "encounter", name="pk_review_encounters"),
    )
    op.create_table(
        "shown_lines",
        *_place(),
        sa.Column("basis", sa.String(100), nullable=False),
        sa.Column("content_sealed", sa.Text, nullable=False),
        sa.Column("shown_at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "encounter", "basis", name="pk_shown_lines"),
    )
    op.create_index("ix_shown_lines_shown_at", "shown_lines", ["shown_at"])
    _make_decisions()
    _make_intents()
    _make_sent_charges()
    _make_trail()


def _make_decisions() -> None:
    op.create_table(
        "decisions",
        sa.Column("id", sa.Integer, nullable=False),
        *_place(),
        sa.Column("identity", sa.String(64), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("action", sa.String(20), nullable=False),
        sa.Column("content_sealed", sa.Text, nullable=False),
        sa.Column("decided_at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_decisions"),
        sa.UniqueConstraint("identity", "number", name="uq_decisions_identity_number"),
        _of_encounter("decisions"),
    )
    _index_by_encounter("decisions")


def _make_intents() -> None:
    op.create_table(
        "intents",
        sa.Column("id", sa.Integer, nullable=False),
        *_place(),
        sa.Column("identity", sa.String(64), nullable=False),
        sa.Column("decision_number", sa.Integer, nullable=False),
        sa.Column("sink", sa.String(40), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("content_sealed", sa.Text, nullable=False),
        sa.Column("result_sealed", sa.Text, nullable=False),
        sa.Column("stored_at", Moment, nullable=False),
        sa.Column("changed_at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_intents"),
        _of_encounter("intents"),
    )
    _index_by_encounter("intents")
    op.create_index(
        "ix_intents_unsettled",
        "intents",
        ["identity"],
        unique=True,
        sqlite_where=_UNSETTLED,
        postgresql_where=_UNSETTLED,
    )


def _make_sent_charges() -> None:
    op.create_table(
        "sent_charges",
        sa.Column("identity", sa.String(64), nullable=False),
        *_place(),
        sa.Column("reference", sa.Text, nullable=False),
        sa.Column("resource_version", sa.Text, nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("content_sealed", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("changed_at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("identity", name="pk_sent_charges"),
        _of_encounter("sent_charges"),
    )
    _index_by_encounter("sent_charges")


def _make_trail() -> None:
    op.create_table(
        "trail",
        sa.Column("id", sa.Integer, nullable=False),
        *_place(),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("identity", sa.String(64), nullable=False),
        sa.Column("content_sealed", sa.Text, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_trail"),
        sa.UniqueConstraint("tenant", "encounter", "number", name="uq_trail_tenant_encounter_number"),
        _of_encounter("trail"),
    )


def downgrade() -> None:
    """Drop them again."""
    for table in ("trail", "sent_charges", "intents", "decisions", "shown_lines", "review_encounters"):
        op.drop_table(table)
