"""JSON whose decimals come out as they went in (`1.00` stays `1.00`)."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any, NoReturn


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def load(text: str | bytes) -> Any:
    """Parse JSON with Decimal for numbers that have a point or an exponent.  Raises ValueError."""
    try:
        return json.loads(text, parse_float=Decimal, parse_constant=_refuse)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def dump(value: Any) -> str:
    """Write JSON; a Decimal keeps its digits."""
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(str(name))}:{dump(item)}" for name, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(dump, value)) + "]"
    return json.dumps(value)
