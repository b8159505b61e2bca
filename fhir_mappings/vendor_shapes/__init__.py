"""Domain values to FHIR as EHRs of different make write it: what generated exports are made of.

The shapes differ where real servers do: what they write at all, how the drug is named, where the route stands, what a
reference looks like.
Sources: the vendors' public documentation of R4 resources with its examples (Epic on FHIR, Oracle Health Millennium),
HAPI FHIR, US Core 6.1; seen 2026-11-22.  Names, numbers and texts are our own.
"""

from enum import Enum

from fhir_mappings.vendor_shapes.absolute import Absolute
from fhir_mappings.vendor_shapes.epic import Epic
from fhir_mappings.vendor_shapes.oracle import Oracle
from fhir_mappings.vendor_shapes.plain import Plain
from fhir_mappings.vendor_shapes.us_core import UsCore


class Shape(Enum):
    """Whose way of writing it is."""

    US_CORE = "us-core"
    PLAIN = "plain"
    ABSOLUTE = "absolute"
    EPIC = "epic"
    ORACLE = "oracle"


HOUSES: dict[Shape, Plain] = {
    Shape.US_CORE: UsCore(),
    Shape.PLAIN: Plain(),
    Shape.ABSOLUTE: Absolute(),
    Shape.EPIC: Epic(),
    Shape.ORACLE: Oracle(),
}
"""Who writes in which shape."""
