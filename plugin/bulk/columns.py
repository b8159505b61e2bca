"""The columns of a finding, which every format and engine shares."""

COLUMNS = {
    "encounter": "VARCHAR",
    "date": "DATE",
    "system": "VARCHAR",
    "code": "VARCHAR",
    "modifiers": "VARCHAR[]",
    "units_charged": "DECIMAL(18,3)",
    "units_supported": "DECIMAL(18,3)",
    "direction": "VARCHAR",
    "rule": "VARCHAR",
    "evidence": "VARCHAR",
    "query": "VARCHAR",
    "question": "VARCHAR",
    "administrations": "VARCHAR[]",
    "amount": "DECIMAL(18,2)",
    "group": "VARCHAR",
    "unit": "VARCHAR",
}
"""Name to DuckDB type; `amount` in dollars, `unit` where in the house it was."""

ORDER = ("encounter", "date", "code", "modifiers", "direction", "query", "question", "administrations")
"""What puts findings in an order that no run, number of processes or engine changes."""
