"""ChargeItem and Provenance: what is sent, what is read, and what is refused before sending."""

import copy
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from fhir_mappings.charge_item import read_charge_item, write_charge_item
from fhir_mappings.checking import check_outgoing
from fhir_mappings.lookup import Lookup
from fhir_mappings.provenance import write_provenance
from fhir_mappings.systems import CHARGE_IDENTIFIER, CHARGE_MODIFIER_URL
from plugin.domain import ChargeDraft, Quantity, SuggestedCharge
from plugin.domain.replacing import replace
from tests.mappings.soups import charge_item

EST = timezone(timedelta(hours=-5))
CHARGE = SuggestedCharge(
    system="CPT",
    code="96365",
    units=1,
    modifiers=("59",),
    day=date(2026, 3, 2),
    administrations=("MedicationAdministration/m1", "MedicationAdministration/m2"),
    diagnoses=("K50.90", "E86.0"),
    minutes=(),
    evidence=(),
    rules=("INITIAL-SERVICE",),
    citations=(),
    diagnosis_references=("Condition/c1",),
)
DRAFT = ChargeDraft(
    identity="4f2a",
    encounter="Encounter/e1",
    patient="Patient/p1",
    charge=CHARGE,
    units=2,
    modifiers=("59", "JZ"),
    status="billable",
    entered_by="Practitioner/d1",
    entered_at=datetime(2026, 3, 3, 8, 0, 5, 999, tzinfo=EST),
    start=datetime(2026, 3, 2, 10, 0, tzinfo=EST),
    stop=datetime(2026, 3, 2, 11, 0, tzinfo=EST),
    note="First hour of the initial infusion.",
)
DRUG = replace(
    DRAFT,
    charge=structs.replace(
        CHARGE, system="HCPCS", code="J9312", ndc="50242005306", ndc_quantity=Quantity(Decimal("30.5"), "ML")
    ),
)
WRITTEN: dict[str, Any] = {
    "resourceType": "ChargeItem",
    "extension": [
        {
            "url": CHARGE_MODIFIER_URL,
            "valueCodeableConcept": {
                "coding": [{"system": "http://www.ama-assn.org/go/cpt", "code": "59"}],
                "text": "59",
            },
        },
        {
            "url": CHARGE_MODIFIER_URL,
            "valueCodeableConcept": {
                "coding": [{"system": "https://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets", "code": "JZ"}],
                "text": "JZ",
            },
        },
    ],
    "identifier": [{"system": CHARGE_IDENTIFIER, "value": "4f2a"}],
    "status": "billable",
    "code": {"coding": [{"system": "http://www.ama-assn.org/go/cpt", "code": "96365"}], "text": "96365-59-JZ"},
    "subject": {"reference": "Patient/p1"},
    "context": {"reference": "Encounter/e1"},
    "occurrencePeriod": {"start": "2026-03-02T10:00:00-05:00", "end": "2026-03-02T11:00:00-05:00"},
    "quantity": {"value": 2},
    "enterer": {"reference": "Practitioner/d1"},
    "enteredDate": "2026-03-03T08:00:05-05:00",
    "reason": [
        {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "K50.90"}]},
        {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "E86.0"}]},
    ],
    "service": [{"reference": "MedicationAdministration/m1"}, {"reference": "MedicationAdministration/m2"}],
    "note": [{"text": "First hour of the initial infusion."}],
    "supportingInformation": [{"reference": "Condition/c1"}],
}


def test_a_charge_is_written_whole() -> None:
    """Every element of the contract stands where it belongs, diagnoses in pointer order, modifiers in claim order."""
    assert WRITTEN == write_charge_item(DRAFT)


def test_what_is_written_is_fit_to_send() -> None:
    """The checker finds nothing in it."""
    assert [] == check_outgoing(write_charge_item(DRUG, id="4f2a"))


@pytest.mark.parametrize(
    ("changes", "element", "expected"),
    [
        ({"start": None, "stop": None}, "occurrenceDateTime", "2026-03-02"),
        ({"stop": None}, "occurrenceDateTime", "2026-03-02T10:00:00-05:00"),
        ({"stop": DRAFT.start}, "occurrenceDateTime", "2026-03-02T10:00:00-05:00"),
        ({"modifiers": ()}, "code", {"coding": WRITTEN["code"]["coding"], "text": "96365"}),
        ({"entered_by": "Jane", "verified": False}, "enterer", {"display": "Jane (unverified)"}),
        ({"entered_by": "Practitioner/d1", "verified": False}, "enterer", {"display": "Practitioner/d1 (unverified)"}),
        (
            {"status": "not-billable", "reason": "charged twice"},
            "note",
            [WRITTEN["note"][0], {"text": "not-billable: charged twice"}],
        ),
        ({"status": "billable", "reason": "units raised"}, "note", WRITTEN["note"]),
        ({"status": "planned"}, "status", "planned"),
        (
            {"charge": structs.replace(CHARGE, system="HCPCS", code="J1745")},
            "code",
            {
                "coding": [{"system": "http://terminology.hl7.org/CodeSystem/HCPCS-all-codes", "code": "J1745"}],
                "text": "J1745-59-JZ",
            },
        ),
    ],
)
def test_variants_of_a_charge(changes: dict[str, Any], element: str, expected: Any) -> None:
    """Moments, days, missing modifiers, unverified people and reasons are each written as agreed."""
    resource = write_charge_item(replace(DRAFT, **changes))
    assert expected == resource[element]
    assert [] == check_outgoing(resource)


def test_elements_without_content_are_left_out() -> None:
    """FHIR has no empty lists and no empty strings."""
    bare = structs.replace(CHARGE, diagnoses=(), diagnosis_references=())
    resource = write_charge_item(replace(DRAFT, charge=bare, modifiers=(), note=""))
    assert not {"extension", "reason", "note", "supportingInformation", "id", "productCodeableConcept"} & set(resource)
    assert [] == check_outgoing(resource)


def test_a_drug_line_carries_its_package_and_how_much_of_it() -> None:
    """The NDC as the product; with its quantity in the extension that Oracle Health publishes, units as on claims."""
    written = write_charge_item(DRUG)
    concept = {"coding": [{"system": "http://hl7.org/fhir/sid/ndc", "code": "50242005306"}]}
    amount = {"value": Decimal("30.5"), "unit": "ML", "system": "http://unitsofmeasure.org", "code": "mL"}
    assert concept == written["productCodeableConcept"]
    assert {
        "url": "https://fhir-ehr.cerner.com/r4/StructureDefinition/national-drug-product",
        "extension": [
            {"url": "national-drug-product-code", "valueCodeableConcept": concept},
            {"url": "national-drug-product-quantity", "valueQuantity": amount},
        ],
    } == written["extension"][-1]


@pytest.mark.parametrize(("unit", "code"), [("UN", "{item}"), ("ML", "mL"), ("GR", "g"), ("F2", "[iU]"), ("ME", "mg")])
def test_every_unit_of_a_claim_has_its_ucum_code(unit: str, code: str) -> None:
    """X12's five units; an item is an annotation in UCUM."""
    charge = structs.replace(DRUG.charge, ndc_quantity=Quantity(Decimal(2), unit))
    [package] = write_charge_item(replace(DRUG, charge=charge, modifiers=()))["extension"]
    measured = package["extension"][1]["valueQuantity"]
    assert (unit, code) == (measured["unit"], measured["code"])


def test_a_package_of_unknown_quantity_is_named_without_one() -> None:
    """Never a made-up amount; without a number nothing at all."""
    charge = structs.replace(DRUG.charge, ndc_quantity=None)
    [package] = write_charge_item(replace(DRUG, charge=charge, modifiers=()))["extension"]
    assert ["national-drug-product-code"] == [part["url"] for part in package["extension"]]
    nameless = write_charge_item(replace(DRUG, charge=structs.replace(charge, ndc=""), modifiers=()))
    assert {"extension", "productCodeableConcept"}.isdisjoint(nameless)


def test_a_moment_without_an_offset_is_refused() -> None:
    """It would be read in another zone, and the day could be wrong."""
    naive = replace(DRAFT, start=datetime(2026, 3, 2, 10, 0))  # noqa: DTZ001
    with pytest.raises(ValueError, match="without an offset"):
        write_charge_item(naive)


def test_provenance_names_the_person_and_the_software() -> None:
    """The person verified, the software assembled, and the administrations are the source."""
    resource = write_provenance(
        DRAFT, "ChargeItem/4f2a/_history/1", software="infusion-charges 1.0", recorded=DRAFT.entered_at
    )
    assert [] == check_outgoing(resource)
    assert [{"reference": "ChargeItem/4f2a/_history/1"}] == resource["target"]
    assert [{"reference": "Practitioner/d1"}, {"display": "infusion-charges 1.0"}] == [
        agent["who"] for agent in resource["agent"]
    ]
    assert ["verifier", "assembler"] == [agent["type"]["coding"][0]["code"] for agent in resource["agent"]]
    assert ["MedicationAdministration/m1", "MedicationAdministration/m2"] == [
        e["what"]["reference"] for e in resource["entity"]
    ]
    assert "CREATE" == resource["activity"]["coding"][0]["code"]


def test_an_unverified_person_is_marked_in_provenance() -> None:
    """A name nobody verified is no reference to a practitioner."""
    draft = replace(DRAFT, verified=False, entered_by="Jane")
    resource = write_provenance(draft, "ChargeItem/x", software="s 1", recorded=DRAFT.entered_at, amends=True)
    assert {"display": "Jane (unverified)"} == resource["agent"][0]["who"]
    assert "UPDATE" == resource["activity"]["coding"][0]["code"]


# --- the checker ---


@pytest.mark.parametrize(
    ("path", "value", "complaint"),
    [
        (("status",), "proposed", "ChargeItem.status: not a code"),
        (("status",), "billed", "ChargeItem.status: billed is the biller's"),
        (("quantity", "value"), 0, "ChargeItem.quantity"),
        (("quantity", "value"), Decimal("1.5"), "ChargeItem.quantity"),
        (("quantity", "value"), True, "ChargeItem.quantity"),
        (("subject",), {"display": "Jane Doe"}, "ChargeItem.subject"),
        (("context",), {}, "ChargeItem.context"),
        (("code",), {"text": "96365"}, "ChargeItem.code"),
        (("occurrencePeriod",), None, "ChargeItem.occurrence"),
        (("occurrenceDateTime",), "2026-03-02", "ChargeItem.occurrence"),
        (("id",), "a_b", "ChargeItem.id"),
        (("id",), "x" * 65, "ChargeItem.id"),
        (("priority",), "high", "ChargeItem.priority"),
        (("note",), "text", "ChargeItem.note"),
        (("enteredDate",), "yesterday", "ChargeItem.enteredDate"),
    ],
)
def test_each_mistake_is_found(path: tuple[str, ...], value: Any, complaint: str) -> None:
    """Unknown codes, part units, missing references and elements R4 has not are complaints that name the element."""
    resource = copy.deepcopy(WRITTEN)
    target = resource
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = value
    if value is None:
        del target[path[-1]]
    assert [text for text in check_outgoing(resource) if text.startswith(complaint)]


def test_complaints_hold_no_content() -> None:
    """What a complaint says can be logged: elements and rules, no name, no note."""
    resource = {**WRITTEN, "note": "Jane Doe was here", "status": "Jane", "enteredDate": "Jane"}
    assert "Jane" not in " ".join(check_outgoing(resource))


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"entity": [{"role": "cause", "what": {"reference": "X/1"}}]}, "Provenance.entity.role"),
        ({"agent": []}, "Provenance.agent"),
        ({"agent": [{"who": {"display": "x"}}]}, "Provenance.agent.type"),
        ({"agent": [{"type": {"coding": [{"code": "boss"}]}, "who": {"display": "x"}}]}, "Provenance.agent.type"),
        ({"recorded": "2026-03-02"}, "Provenance.recorded"),
    ],
)
def test_mistakes_in_provenance_are_found(change: dict[str, Any], complaint: str) -> None:
    """Codes of the bindings and the moment of recording are checked."""
    resource = write_provenance(DRAFT, "ChargeItem/x", software="s 1", recorded=DRAFT.entered_at)
    assert [text for text in check_outgoing({**resource, **change}) if text.startswith(complaint)]


@pytest.mark.parametrize("resource", [{}, {"resourceType": "Patient"}, {"resourceType": ["ChargeItem"]}])
def test_nothing_else_is_sent(resource: dict[str, Any]) -> None:
    """Only the resources this product writes pass."""
    assert ["resourceType: nothing of this type is sent"] == check_outgoing(resource)


# --- reading ---


def test_what_was_written_reads_back() -> None:
    """Code, units, modifiers, day and identity survive the round trip."""
    charge, issues = read_charge_item({**write_charge_item(DRAFT, id="c7"), "meta": {"versionId": "4"}}, Lookup())
    assert [] == issues
    assert ("ChargeItem/c7", "Encounter/e1", "Patient/p1") == (charge.id, charge.encounter, charge.patient)
    assert ("CPT", "96365", Decimal(2), ("59", "JZ")) == (charge.system, charge.code, charge.units, charge.modifiers)
    assert (date(2026, 3, 2), "billable", "4") == (charge.day, charge.status, charge.version)
    assert ((f"{CHARGE_IDENTIFIER}|4f2a",), "Practitioner/d1") == (charge.identifiers, charge.entered_by)


@given(
    st.sampled_from(["96365", "96366", "J1745"]),
    st.integers(1, 999),
    st.lists(st.sampled_from(["59", "25", "JZ", "JW", "XS"]), unique=True, max_size=4),
    st.sampled_from(["planned", "billable", "not-billable", "aborted"]),
)
def test_any_charge_is_fit_to_send_and_reads_back(code: str, units: int, modifiers: list[str], status: str) -> None:
    """Whatever was accepted, it passes the checker and is recognised when it is read again."""
    charge = structs.replace(CHARGE, code=code, system="CPT" if code[0].isdigit() else "HCPCS")
    draft = replace(DRAFT, charge=charge, units=units, modifiers=tuple(modifiers), status=status)
    resource = write_charge_item(draft)
    assert [] == check_outgoing(resource)
    found, _ = read_charge_item(resource, Lookup())
    assert (charge.system, code, Decimal(units), tuple(modifiers)) == (
        found.system,
        found.code,
        found.units,
        found.modifiers,
    )


@pytest.mark.parametrize(
    ("more", "field", "expected"),
    [
        ({}, "units", Decimal(1)),
        ({"quantity": {"value": 3}}, "units", Decimal(3)),
        ({"occurrenceDateTime": "2026-03-02"}, "day", date(2026, 3, 2)),
        ({"occurrencePeriod": {"end": "2026-03-02T10:00:00Z"}}, "day", date(2026, 3, 2)),
        ({"occurrenceDateTime": "2026-03"}, "day", None),
        (
            {
                "code": {
                    "coding": [
                        {"system": "urn:local", "code": "CDM1"},
                        {"system": "http://terminology.hl7.org/CodeSystem/HCPCS-all-codes", "code": "j1745"},
                    ]
                }
            },
            "code",
            "J1745",
        ),
        (
            {
                "code": {
                    "coding": [{"system": "https://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets", "code": "96365"}]
                }
            },
            "system",
            "CPT",
        ),
        (
            {
                "code": {"text": "x"},
                "extension": [
                    {
                        "url": "https://fhir-ehr.cerner.com/r4/StructureDefinition/procedure-code",
                        "valueCodeableConcept": {
                            "coding": [{"system": "http://www.ama-assn.org/go/cpt", "code": "96374"}]
                        },
                    }
                ],
            },
            "code",
            "96374",
        ),
        (
            {
                "extension": [
                    {
                        "url": "https://fhir-ehr.cerner.com/r4/StructureDefinition/modifier-code",
                        "valueCodeableConcept": {"coding": [{"code": "59"}, {"code": "xs"}]},
                    }
                ]
            },
            "modifiers",
            ("59", "XS"),
        ),
        ({"status": "billed"}, "counts", True),
        ({"status": "planned"}, "counts", False),
        ({"context": {"reference": "https://ehr.test/r4/Encounter/e1"}}, "encounter", "Encounter/e1"),
    ],
)
def test_charges_of_others_are_read(more: dict[str, Any], field: str, expected: Any) -> None:
    """Other systems write codes, modifiers, days and quantities their own way."""
    charge, _ = read_charge_item({**charge_item(), **more}, Lookup())
    assert expected == getattr(charge, field)


def test_a_charge_without_a_billing_code_says_so() -> None:
    """It can be shown, and is compared with nothing."""
    charge, issues = read_charge_item({**charge_item(), "code": {"text": "room"}}, Lookup())
    assert ("", ["ChargeItem.code"]) == (charge.code, [issue.path for issue in issues])


def test_who_gave_it_and_who_provided_it_are_written() -> None:
    """DESIGN section 8: performer and performing organization, where the chart says."""
    draft = replace(DRAFT, performers=("Practitioner/n1", "Practitioner/n2"), organization="Organization/o1")

    written = write_charge_item(draft)

    assert [{"actor": {"reference": "Practitioner/n1"}}, {"actor": {"reference": "Practitioner/n2"}}] == written[
        "performer"
    ]
    assert {"reference": "Organization/o1"} == written["performingOrganization"]
    assert [] == check_outgoing(written)
