"""A nurse's correction to one line of the MAR."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from plugin.sandbox.fhir.dates import span_of
from plugin.sandbox.fhir.indexing import elements_at
from plugin.sandbox.fhir.resources import Resource

STATUSES = ("in-progress", "not-done", "on-hold", "completed", "entered-in-error", "stopped", "unknown")
_OFFSET = re.compile(r"(Z|[+-]\d{2}:\d{2})$")


class EditError(ValueError):
    """The form can't be taken; the text says why."""


@dataclass(frozen=True, slots=True)
class MarForm:
    """What the form shows: times as a browser's date field writes them, and the offset they are in."""

    start: str
    stop: str
    offset: str
    status: str


def form_of(resource: Resource) -> MarForm:
    """The form for a charted administration."""
    start = _first(resource, "effectivePeriod.start") or _first(resource, "effectiveDateTime")
    stop = _first(resource, "effectivePeriod.end")
    found = _OFFSET.search(start) or _OFFSET.search(stop)
    status = _first(resource, "status")
    return MarForm(_OFFSET.sub("", start), _OFFSET.sub("", stop), found[1] if found else "", status)


def _first(resource: Any, path: str) -> str:
    return str(next(elements_at(resource, path), ""))


def edited(resource: Resource, form: Mapping[str, str]) -> Resource:
    """The administration as the form says; without a stop time it stays, or becomes, an instant or an open period.

    Raises EditError on a time that can't be read, a stop before the start, or an unknown status.
    """
    offset = form_of(resource).offset
    start, stop = (_moment(form, name, offset) for name in ("start", "stop"))
    if form.get("status") not in STATUSES:
        raise EditError("Choose a status from the list.")
    if start and stop and span_of(stop)[0] < span_of(start)[0]:
        raise EditError("The stop time is before the start time.")
    changed = {name: value for name, value in resource.items() if name not in ("effectiveDateTime", "effectivePeriod")}
    changed["status"] = form["status"]
    if start and not stop and "effectiveDateTime" in resource:
        changed["effectiveDateTime"] = start
    elif start or stop:
        changed["effectivePeriod"] = {name: at for name, at in (("start", start), ("end", stop)) if at}
    return changed


def _moment(form: Mapping[str, str], name: str, offset: str) -> str:
    """A field as a FHIR dateTime: seconds added, the charted offset put back."""
    text = form.get(name, "").strip()
    if not text:
        return ""
    seconds = ":00" if re.fullmatch(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}", text) else ""
    try:
        span_of(text + seconds + (offset if "T" in text else ""))
    except ValueError:
        raise EditError(f"The {name} time is no date and time.") from None
    return text + seconds + (offset if "T" in text else "")
