"""The tables. A column that ends in `_sealed` holds text encrypted by `plugin.store.cipher`."""

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
    true,
)
from sqlalchemy.schema import SchemaItem

from plugin.store.columns import Moment

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# An authorization request on its way to the EHR's authorization server; single use.
pending_launches = Table(
    "pending_launches",
    metadata,
    Column("state_hash", String(64), primary_key=True),
    Column("browser_hash", String(64), nullable=False),
    Column("tenant", String(100), nullable=False),
    Column("iss", Text, nullable=False),
    Column("aud", Text, nullable=False),
    Column("secrets_sealed", Text, nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("used_at", Moment),
    Index(None, "started_at"),
)

# A launch that succeeded: whose chart, which person, and the tokens until it is closed.
launches = Table(
    "launches",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("browser_hash", String(64), nullable=False),
    Column("tenant", String(100), nullable=False),
    Column("iss", Text, nullable=False),
    Column("patient", String(200), nullable=False),
    Column("encounter", String(200), nullable=False),
    Column("user_reference", Text, nullable=False),
    Column("user_name", Text, nullable=False),
    Column("role", String(20), nullable=False),
    Column("scopes", Text, nullable=False),
    Column("need_patient_banner", Boolean, nullable=False),
    Column("style", Text),
    Column("tokens_sealed", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("opened_at", Moment, nullable=False),
    Column("seen_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("closed_at", Moment),
    Column("renewing_until", Moment),
    Column("user_asked", Boolean, nullable=False, server_default=true()),
    Column("came_from_sealed", Text, nullable=False, server_default=""),
    Index(None, "expires_at"),
)

# Launches whose chart is being read, or was read while nobody could wait for it.
readings = Table(
    "readings",
    metadata,
    Column("launch_id", String(64), primary_key=True),
    Column("reader", String(16), nullable=False),
    Column("reader_until", Moment, nullable=False),
    Column("began_at", Moment, nullable=False),
    Column("content_sealed", Text, nullable=False),
    Index(None, "reader_until"),
)

# Pages that could not be shown, under the reference their reader was given.
failures = Table(
    "failures",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("tenant", String(100), nullable=False),
    Column("at", Moment, nullable=False),
    Column("reference", String(16), nullable=False),
    Column("content_sealed", Text, nullable=False),
    Index(None, "tenant"),
)

# The app's signing keys: each is published from the start and signs from `signs_from` on.
signing_keys = Table(
    "signing_keys",
    metadata,
    Column("tenant", String(100), primary_key=True),
    Column("kid", String(64), primary_key=True),
    Column("algorithm", String(10), nullable=False),
    Column("private_sealed", Text, nullable=False),
    Column("signs_from", Moment, nullable=False),
)

# How often something was done in a stretch of time, counted for every process together.
rate_counts = Table(
    "rate_counts",
    metadata,
    Column("key", String(200), primary_key=True),
    Column("count", Integer, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Index(None, "expires_at"),
)

# One row per encounter under review: whoever changes anything about it locks this row first, and the one process that
# may write charges for it stands in it until its turn runs out.
review_encounters = Table(
    "review_encounters",
    metadata,
    Column("tenant", String(100), primary_key=True),
    Column("encounter", String(200), primary_key=True),
    Column("writer", String(100), nullable=False),
    Column("writer_until", Moment),
    Column("trail_count", Integer, nullable=False, server_default="0"),
    Column("trail_end", String(64), nullable=False, server_default=""),
)


def _of_encounter() -> tuple[SchemaItem, ...]:
    """The columns of a row about an encounter under review."""
    return (
        Column("tenant", String(100), nullable=False),
        Column("encounter", String(200), nullable=False),
        ForeignKeyConstraint(["tenant", "encounter"], ["review_encounters.tenant", "review_encounters.encounter"]),
    )


# What a page showed, by the digest of what it rested on; to say what changed since.
shown_lines = Table(
    "shown_lines",
    metadata,
    Column("tenant", String(100), primary_key=True),
    Column("encounter", String(200), primary_key=True),
    Column("basis", String(100), primary_key=True),
    Column("content_sealed", Text, nullable=False),
    Column("shown_at", Moment, nullable=False),
    Index(None, "shown_at"),
)

# Every decision on every line, only ever added to; `number` counts them for one line.
decisions = Table(
    "decisions",
    metadata,
    Column("id", Integer, primary_key=True),
    *_of_encounter(),
    Column("identity", String(64), nullable=False),
    Column("number", Integer, nullable=False),
    Column("action", String(20), nullable=False),
    Column("content_sealed", Text, nullable=False),
    Column("decided_at", Moment, nullable=False),
    UniqueConstraint("identity", "number"),
    Index(None, "tenant", "encounter"),
)

# What was about to be sent, stored before it was; at most one for each charge is unsettled.
UNSETTLED_STATES = ("open", "unknown")
UNSETTLED = "state IN ('open', 'unknown')"
intents = Table(
    "intents",
    metadata,
    Column("id", Integer, primary_key=True),
    *_of_encounter(),
    Column("identity", String(64), nullable=False),
    Column("decision_number", Integer, nullable=False),
    Column("sink", String(40), nullable=False),
    Column("state", String(20), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("content_sealed", Text, nullable=False),
    Column("result_sealed", Text, nullable=False),
    Column("stored_at", Moment, nullable=False),
    Column("changed_at", Moment, nullable=False),
    Index(None, "tenant", "encounter"),
    Index(
        "ix_intents_unsettled", "identity", unique=True, sqlite_where=text(UNSETTLED), postgresql_where=text(UNSETTLED)
    ),
)

# Charges in the EHR as we last wrote them.
sent_charges = Table(
    "sent_charges",
    metadata,
    Column("identity", String(64), primary_key=True),
    *_of_encounter(),
    Column("reference", Text, nullable=False),
    Column("resource_version", Text, nullable=False),
    Column("status", String(20), nullable=False),
    Column("content_sealed", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("changed_at", Moment, nullable=False),
    Index(None, "tenant", "encounter"),
)

# What people stated in answer to questions, and what of it was taken back; only ever added to.
attestations = Table(
    "attestations",
    metadata,
    Column("id", Integer, primary_key=True),
    *_of_encounter(),
    Column("number", Integer, nullable=False),
    Column("action", String(20), nullable=False),
    Column("content_sealed", Text, nullable=False),
    Column("at", Moment, nullable=False),
    UniqueConstraint("tenant", "encounter", "number", "action"),
)

# Questions that were sent to somebody, and the last reply that was seen.
sent_questions = Table(
    "sent_questions",
    metadata,
    Column("id", Integer, primary_key=True),
    *_of_encounter(),
    Column("number", Integer, nullable=False),
    Column("reference", Text, nullable=False),
    Column("state", String(20), nullable=False),
    Column("content_sealed", Text, nullable=False),
    Column("reply_sealed", Text, nullable=False),
    Column("sent_at", Moment, nullable=False),
    Column("changed_at", Moment, nullable=False),
    UniqueConstraint("tenant", "encounter", "number"),
)

# What goes to billing by a file, only ever added to; `number` counts the lines of one charge, `batch` is the file.
export_batches = Table(
    "export_batches",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("tenant", String(100), nullable=False),
    Column("made_at", Moment, nullable=False),
)
export_lines = Table(
    "export_lines",
    metadata,
    Column("id", Integer, primary_key=True),
    *_of_encounter(),
    Column("identity", String(64), nullable=False),
    Column("number", Integer, nullable=False),
    Column("kind", String(10), nullable=False),
    Column("content_sealed", Text, nullable=False),
    Column("written_at", Moment, nullable=False),
    Column("batch", Integer, ForeignKey("export_batches.id")),
    UniqueConstraint("identity", "number"),
    Index(None, "tenant", "batch"),
)

# One row for each encounter that the app or a scan has seen: counts and days, nothing of what was charted.
# `day` and `due` are ISO dates, 9999-12-31 where unknown, so that they sort last; `missing_ever` and `questions_ever`
# are the most there ever were.
worklist = Table(
    "worklist",
    metadata,
    Column("id", Integer, primary_key=True),
    *_of_encounter(),
    Column("patient", String(200), nullable=False),
    Column("person_sealed", Text, nullable=False),
    Column("hashed_by", String(12), nullable=False, server_default=""),
    Column("unit", String(200), nullable=False),
    Column("day", String(10), nullable=False),
    Column("due", String(10), nullable=False),
    Column("is_open", Boolean, nullable=False),
    *(
        Column(name, Integer, nullable=False)
        for name in (
            *("cents", "unpriced", "questions", "ready", "accepted", "posted", "unknown", "failed", "stale"),
            *("dismissed", "infusions", "missing_stops", "missing_ever", "questions_ever"),
        )
    ),
    Column("dismissed_by", Text, nullable=False),
    Column("claimed_by", Text, nullable=False),
    Column("claimed_name", Text, nullable=False),
    Column("held_by", Text, nullable=False),
    Column("held_sealed", Text, nullable=False),
    Column("first_seen_at", Moment, nullable=False),
    Column("seen_at", Moment, nullable=False),
    Column("posted_at", Moment),
    UniqueConstraint("tenant", "encounter"),
    Index(None, "tenant", "is_open", "cents"),
    Index(None, "tenant", "day"),
)

# The words that a row of the worklist is found by, as keyed hashes; `worklist.hashed_by` names their key.
worklist_words = Table(
    "worklist_words",
    metadata,
    Column("tenant", String(100), primary_key=True),
    Column("word", String(32), primary_key=True),
    Column("encounter", String(200), primary_key=True),
    Index(None, "tenant", "encounter"),
    ForeignKeyConstraint(["tenant", "encounter"], ["review_encounters.tenant", "review_encounters.encounter"]),
)

# The last scan of each tenant, and the encounters that it has not read yet.
scans = Table(
    "scans",
    metadata,
    Column("tenant", String(100), primary_key=True),
    Column("asked", String(100), nullable=False),
    Column("state", String(10), nullable=False),
    Column("whole", Boolean, nullable=False),
    *(Column(name, Integer, nullable=False) for name in ("total", "found", "uncharged", "unread")),
    Column("started_at", Moment, nullable=False),
    Column("moved_at", Moment, nullable=False),
)
scan_places = Table(
    "scan_places",
    metadata,
    Column("tenant", String(100), primary_key=True),
    Column("encounter", String(200), primary_key=True),
    Column("patient", String(200), nullable=False),
)

# What happened, only ever added to; `digest` chains an encounter's entries (`plugin.store.trail_chain`).
trail = Table(
    "trail",
    metadata,
    Column("id", Integer, primary_key=True),
    *_of_encounter(),
    Column("number", Integer, nullable=False),
    Column("at", Moment, nullable=False),
    Column("kind", String(20), nullable=False),
    Column("identity", String(64), nullable=False),
    Column("content_sealed", Text, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("person_hash", String(32), nullable=False, server_default=""),
    UniqueConstraint("tenant", "encounter", "number"),
    Index(None, "tenant", "at"),
)

# The one key of all chains.
trail_keys = Table(
    "trail_keys",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key_sealed", Text, nullable=False),
)

# The days on which the ends of the chains were written to the log.
trail_days = Table("trail_days", metadata, Column("day", String(10), primary_key=True), Column("told_at", Moment))
