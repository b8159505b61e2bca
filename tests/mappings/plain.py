"""Domain values as plain text, so that an expectation can be written by hand and compared whole."""

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from msgspec import Struct

from plugin.domain import Drug, Ingredient, MappingIssue, Quantity, Rate, Term

NEVER_READ = "attested"  # what people state in the app; no chart says it


def plain(value: Any) -> Any:
    """The value as strings, numbers, lists and tables; what has no content becomes an empty string."""
    if value is None or value == ():
        return ""
    for kind, write in WRITERS:
        if isinstance(value, kind):
            return write(value)
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    if is_dataclass(value) or isinstance(value, Struct):
        names = [field.name for field in fields(value)] if is_dataclass(value) else value.__struct_fields__
        return {name: plain(getattr(value, name)) for name in names if name != NEVER_READ}
    return value


def _drug(drug: Drug) -> dict[str, Any]:
    return {"text": drug.text, "terms": plain(drug.terms), "ingredients": plain(drug.ingredients)}


def _ingredient(item: Ingredient) -> str:
    strength = plain(item.strength)
    return f"{item.text} [{' '.join(plain(item.terms) or [])}] {strength}".strip()


def _moment(value: date) -> str:
    return value.isoformat()


WRITERS: tuple[tuple[type, Callable[[Any], Any]], ...] = (
    (Enum, lambda v: v.value),
    (datetime, _moment),
    (date, _moment),
    (Decimal, str),
    (Term, lambda v: f"{v.system}|{v.code}|{v.text}"),
    (Quantity, lambda v: f"{v.value} {v.unit}"),
    (Rate, lambda v: f"{plain(v.amount)} per {plain(v.per)}"),
    (Drug, _drug),
    (Ingredient, _ingredient),
)


def listed(issues: list[MappingIssue] | tuple[MappingIssue, ...]) -> list[str]:
    """Issues by their path, blocking ones with an exclamation mark before it."""
    return [("!" if issue.blocks else "") + issue.path for issue in issues]


ABSENT = "<absent>"


def patched(base: Any, patch: Any) -> Any:
    """`base` with `patch` laid over it: objects are merged, `<absent>` takes a key away, all else replaces."""
    if not isinstance(base, dict) or not isinstance(patch, dict):
        return patch
    merged = {**base, **{key: patched(base.get(key), value) for key, value in patch.items()}}
    return {key: value for key, value in merged.items() if value != ABSENT}
