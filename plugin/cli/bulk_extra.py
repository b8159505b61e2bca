"""What to say where the extra `bulk` is not installed."""

import sys

UNUSABLE = 2


def without_extra(command: str, missing: ImportError) -> int:
    """Name the package that is missing and how to get it; exit status 2."""
    name = missing.name or "a package"
    remedy = "install it with: pip install 'infusion-charges[bulk]'"
    print(f"infusion-charges {command}: {name} is not installed; {remedy}", file=sys.stderr)
    return UNUSABLE
