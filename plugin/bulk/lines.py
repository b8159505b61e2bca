"""A line of an export, and the resources it holds."""

from typing import Any

from fhir_mappings.json_line import UNREADABLE, read_line
from fhir_mappings.paths import BODY_MEASURES
from fhir_mappings.reading import load_resources

CHARGE, CLAIM = "Charge", "Claim"
Line = tuple[str, str | bytes]
"""Type and JSON text of a resource."""
MEASURES = (*BODY_MEASURES, r"\u002", r"\u003")
"""One of these stands in each line that holds a body measure: its code, or a hyphen or digit written as an escape."""


def parse(text: str | bytes, kind: str = "") -> list[Any]:
    """A line's resource, in its regular form if it is of that `kind` and has one; what the fast parser refuses is read
    as a single file would be.
    """
    try:
        resource = read_line(text, kind)
    except UNREADABLE:
        return [each for _, each in load_resources(text, "line").resources]
    return [] if resource is None else [resource]
