"""The two ways of reading a resource: a regular line the short way, everything else with what is odd noted."""

from collections.abc import Callable
from typing import TypeVar

from fhir_mappings.json_line import JsonLine
from fhir_mappings.lookup import Lookup, Resource
from fhir_mappings.regular import IrregularError
from plugin.domain import MappingIssue

T = TypeVar("T")
Noting = Callable[[Resource, Lookup], tuple[T, list[MappingIssue]]]


def either(
    resource: Resource, context: Lookup, short: Callable[[JsonLine, Lookup], T], noting: Noting[T]
) -> tuple[T, list[MappingIssue]]:
    """What `short` makes of a regular line, else what `noting` makes of the resource, with the issues met."""
    if isinstance(resource, JsonLine):
        try:
            return short(resource, context), []
        except IrregularError:
            pass
    return noting(resource, context)
