"""The tables. A column that ends in `_sealed` holds text encrypted by `plugin.store.cipher`."""

from sqlalchemy import Boolean, Column, Index, Integer, MetaData, String, Table, Text

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
    Column("tokens_sealed", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("opened_at", Moment, nullable=False),
    Column("seen_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("closed_at", Moment),
    Index(None, "expires_at"),
)
