"""Oracle Health's ChargeItem: prices, and what is billed, in extensions; `code` is the item of the charge master."""

from typing import Any

from fhir_mappings.vendor_shapes.facts import Posted, Stay
from fhir_mappings.vendor_shapes.oracle_parts import EXTENSION, SITE, hl7, narrative
from fhir_mappings.vendor_shapes.parts import concept, id_of, number


def charge_parts(posted: Posted, stay: Stay) -> dict[str, Any]:
    """What it writes of a charge in its own way."""
    ordering = hl7("v2-0912", "OP", "Ordering Provider")
    return {
        "text": _told(posted),
        "extension": _extensions(posted),
        "code": {"coding": [_scheduled("CDM_SCHED", posted.item.number)]},
        "performer": [
            {
                "function": concept(ordering, text="Ordering Provider"),
                "actor": {"reference": stay.attending.key},
            }
        ],
        "requestingOrganization": {"reference": stay.person.hospital.key},
        "enterer": {"reference": stay.nurse.key},
        "account": [{"reference": f"Account/F{stay.account}"}],
    }


def _told(posted: Posted) -> dict[str, str]:
    charge = posted.charge
    return narrative(
        "Charge Item",
        ("Status", charge.status.title()),
        ("Patient", id_of(charge.patient)),
        ("Encounter", id_of(charge.encounter)),
        ("Code", posted.item.number),
        ("Occurrence", f"{charge.day:%b %d, %Y}"),
    )


def _extensions(posted: Posted) -> list[dict[str, Any]]:
    charge, item = posted.charge, posted.item
    revenue = {"coding": [_scheduled("REVENUE", item.revenue)]}
    return [
        _money("unit-price", number(item.price)),
        _money("net-price", number(item.price * charge.units)),
        {"url": f"{EXTENSION}description", "valueString": item.label},
        _billed("procedure-code", "HCPCS" if charge.code[0].isalpha() else "CPT", charge.code, 1),
        *[_billed("modifier-code", "MODIFIER", code, place) for place, code in enumerate(charge.modifiers, 1)],
        {"url": f"{EXTENSION}revenue-code", "valueCodeableConcept": revenue},
    ]


def _scheduled(kind: str, code: str) -> dict[str, Any]:
    """A billing code with the schedule it belongs to."""
    schedule = {"system": f"{SITE}/codeSet/14002", "code": "615215"}
    return {
        "extension": [{"url": f"{EXTENSION}bill-code-schedule", "valueCoding": schedule}],
        "system": f"{SITE}/CodeSystem/BillCodes-{kind}",
        "code": code,
    }


def _billed(name: str, kind: str, code: str, priority: int) -> dict[str, Any]:
    """What is billed: a procedure or a modifier, by its place."""
    return {
        "url": EXTENSION + name,
        "extension": [
            {"url": "code", "valueCodeableConcept": {"coding": [_scheduled(kind, code)]}},
            {"url": f"{EXTENSION}priority", "valueUnsignedInt": priority},
        ],
    }


def _money(name: str, dollars: float) -> dict[str, Any]:
    """A price."""
    return {"url": EXTENSION + name, "valueMoney": {"value": dollars, "currency": "USD"}}
