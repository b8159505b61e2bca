"""What to say where the extra `bulk` is not installed."""

import sys
from importlib.util import find_spec

NEEDED = ("duckdb", "jinja2", "zstandard")
UNUSABLE = 2


def lacks_extra(command: str) -> bool:
    """Whether a package of the extra is missing; then it is named, with how to get it.

    They are looked for and not loaded: DuckDB is a matter of processes apart.
    """
    missing = next((name for name in NEEDED if find_spec(name) is None), "")
    if missing:
        remedy = "install it with: pip install 'infusion-charges[bulk]'"
        print(f"infusion-charges {command}: {missing} is not installed; {remedy}", file=sys.stderr)
    return bool(missing)
