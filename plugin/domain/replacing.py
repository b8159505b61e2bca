"""A changed copy of a value, of a struct and of a dataclass alike, as `copy.replace` has it from Python 3.13 on."""

import dataclasses
from typing import Any, TypeVar

from msgspec import Struct, structs

T = TypeVar("T")


def replace(value: T, /, **changes: Any) -> T:
    """The value with some fields changed; TypeError for a field it doesn't have."""
    if isinstance(value, Struct):
        return structs.replace(value, **changes)
    return dataclasses.replace(value, **changes)  # type: ignore[type-var]
