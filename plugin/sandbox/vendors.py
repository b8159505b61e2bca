"""Whose EHR the sandbox behaves like: what it serves, how it can be searched, and how it takes a charge.

Add a vendor by adding a row to VENDORS.  What is known of each, and from where, stands in its `about`; none of it was
seen on a vendor's own machine.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from plugin.sandbox.fhir.definitions import RESOURCE_TYPES, ResourceType

_NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Vendor:
    """One way of behaving.

    `absent` types are not served, `read_only` ones not written; `searches` are the only parameters of a type.
    `unknown` parameters are `told` (ignored, with a warning in the Bundle), ignored in silence (`silent`) or `refused`.
    `charges` are made by `create` and update, by `operations` as Oracle Health has them, or by nothing (`none`).
    `instants`: an administration has one moment and the minutes it was to infuse over, and no stop.
    `not_exported` types are left out of bulk exports.
    `only_id`: with `_id`, other search parameters don't count.  `totals`: a searchset says how many matched.
    """

    about: str
    absent: frozenset[str] = _NOTHING
    read_only: frozenset[str] = _NOTHING
    searches: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unknown: str = "told"
    charges: str = "create"
    not_exported: frozenset[str] = _NOTHING
    instants: bool = False
    only_id: bool = False
    totals: bool = True
    transactions: bool = True

    def types(self) -> dict[str, ResourceType]:
        """The table of resource types as this vendor serves it."""
        return {name: self._served(kind) for name, kind in RESOURCE_TYPES.items() if name not in self.absent}

    def _served(self, kind: ResourceType) -> ResourceType:
        taken = self.searches.get(kind.name)
        params = kind.params if taken is None else tuple(param for param in kind.params if param.name in taken)
        writable = kind.writable and kind.name not in self.read_only
        return replace(kind, params=params, writable=writable)


_CHARGES = frozenset({"ChargeItem"})
_ATTESTED = frozenset({"Provenance"})

VENDORS = {
    "plain": Vendor("FHIR R4 as it is written, without anybody's habits."),
    "epic": Vendor(
        "No ChargeItem; Provenance is read only; a parameter it doesn't know is ignored with a warning (4122), and "
        "beside _id every other one. After its capability statement of May 2026.",
        absent=_CHARGES,
        read_only=_ATTESTED,
        charges="none",
        only_id=True,
        transactions=False,
    ),
    "oracle": Vendor(
        "Charges by $create, $modify and $credit with empty answers; billable ones are searched with -status=billable; "
        "administrations are instants with infuse-over-time, can't be searched by encounter, and are left out of bulk "
        "exports. After its public documentation of ChargeItem, MedicationAdministration and bulk data.",
        read_only=_CHARGES,
        searches={
            "MedicationAdministration": ("patient", "status", "effective-time"),
            "ChargeItem": ("context",),
            "Encounter": ("patient", "subject", "date", "status"),
        },
        unknown="refused",
        charges="operations",
        not_exported=frozenset({"MedicationAdministration"}),
        instants=True,
        totals=False,
        transactions=False,
    ),
    "athena": Vendor(
        "Neither MedicationAdministration nor ChargeItem: nothing to code from. After its capability statement.",
        absent=_CHARGES | {"MedicationAdministration"},
        read_only=_ATTESTED,
        charges="none",
        transactions=False,
    ),
    "hapi": Vendor(
        "Everything by plain FHIR; a parameter it doesn't know is refused. As HAPI FHIR 8.8 was seen to do.",
        unknown="refused",
    ),
}


class VendorSwitch:
    """The vendor whose ways are on; may be changed while the sandbox runs."""

    def __init__(self, name: str) -> None:
        self.choose(name)

    def choose(self, name: str) -> None:
        """Behave like this vendor from now on.  Raises ValueError where it is unknown."""
        if name not in VENDORS:
            raise ValueError(f"There is no vendor {name!r}; there are {', '.join(VENDORS)}.")
        vendor = VENDORS[name]
        self.name, self.vendor, self.types = name, vendor, vendor.types()
