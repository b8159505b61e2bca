"""What must outlive a request: launches, encrypted tokens, decisions, write intents, the audit trail.

SQLite by default, PostgreSQL for many machines. `plugin.store.engine.open_store` is the door.
"""
