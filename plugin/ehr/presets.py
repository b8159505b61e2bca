"""Well-known EHRs to begin with: a tenant that names one takes its values, and says only what is its own."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any


@dataclass(frozen=True, slots=True)
class Preset:
    """`values` are keys of a tenant; `note` is for people, `source` says where the values come from.

    `last_checked` is the day somebody launched this app against it, empty when nobody has.
    """

    name: str
    note: str
    source: str
    last_checked: str
    values: Mapping[str, Any]


@cache
def presets() -> Mapping[str, Preset]:
    """Every preset by name, in the order of the table."""
    content = tomllib.loads(files("plugin.ehr").joinpath("presets.toml").read_text("utf-8"))
    return {name: _read(name, dict(table)) for name, table in content.items()}


def _read(name: str, table: dict[str, Any]) -> Preset:
    return Preset(name, table.pop("note"), table.pop("source"), table.pop("last_checked"), table)
