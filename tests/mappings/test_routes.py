"""Route and technique: the vocabularies, the words, and their contradictions."""

from typing import Any

import pytest

from fhir_mappings.concepts import read_concept
from fhir_mappings.elements import Element, Log
from fhir_mappings.routes import read_way, way_of_text
from fhir_mappings.systems import ROUTE_SYSTEMS
from plugin.domain import Route, Technique

IV, IM, SC = Route.INTRAVENOUS, Route.INTRAMUSCULAR, Route.SUBCUTANEOUS
PUSH, INFUSION, INJECTION = Technique.PUSH, Technique.INFUSION, Technique.INJECTION
V3 = "http://terminology.hl7.org/CodeSystem/v3-RouteOfAdministration"
V2_METHOD = "http://terminology.hl7.org/CodeSystem/v2-0165"
SNOMED = "http://snomed.info/sct"
EDQM = "http://standardterms.edqm.eu"


def _read(
    route: dict[str, Any], method: dict[str, Any] | None = None, text: str = ""
) -> tuple[object, object, list[bool]]:
    log = Log("x")
    dosage = Element({"route": route, "method": method or {}}, "dosage", log)
    way = read_way(dosage, read_concept(dosage.child("route")), read_concept(dosage.child("method")), text)
    return way.route, way.technique, [issue.blocks for issue in log.issues]


def _code(system: str, code: str, text: str = "") -> dict[str, Any]:
    return (
        {"coding": [{"system": system, "code": code}], "text": text}
        if text
        else {"coding": [{"system": system, "code": code}]}
    )


@pytest.mark.parametrize(
    ("system", "code", "route", "technique"),
    [
        (SNOMED, "47625008", IV, None),
        (SNOMED, "255560000", IV, None),
        (SNOMED, "418114005", IV, None),
        (SNOMED, "78421000", IM, INJECTION),
        (SNOMED, "34206005", SC, INJECTION),
        (SNOMED, "58100008", Route.INTRA_ARTERIAL, None),
        (SNOMED, "72607000", Route.INTRATHECAL, None),
        (SNOMED, "372464004", Route.INTRADERMAL, INJECTION),
        (SNOMED, "26643006", Route.ENTERAL, None),
        ("http://snomed.info/sct/731000124108/version/20250301", "47625008", IV, None),
        ("urn:oid:2.16.840.1.113883.6.96", "47625008", IV, None),
        (V3, "IVPUSH", IV, PUSH),
        (V3, "IVPB", IV, INFUSION),
        (V3, "IV", IV, None),
        (V3, "IVINJ", IV, PUSH),
        (V3, "IVINJBOL", IV, PUSH),
        (V3, "IVC", IV, INFUSION),
        (V3, "IVCC", IV, INFUSION),
        (V3, "IVCI", IV, INFUSION),
        (V3, "SQ", SC, INJECTION),
        (V3, "SC", SC, INJECTION),
        (V3, "SQINFUS", SC, INFUSION),
        (V3, "IM", IM, INJECTION),
        (V3, "IA", Route.INTRA_ARTERIAL, INFUSION),
        (V3, "IARTINJ", Route.OTHER, None),
        (V3, "PO", Route.ENTERAL, None),
        ("http://hl7.org/fhir/v3/RouteOfAdministration", "IVPUSH", IV, PUSH),
        (V2_METHOD, "IVP", IV, PUSH),
        (V2_METHOD, "IVPB", IV, INFUSION),
        (EDQM, "20045000", IV, None),
        (EDQM, "20035000", IM, INJECTION),
        (EDQM, "20066000", SC, INJECTION),
        (EDQM, "20053000", Route.ENTERAL, None),
        ("http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl", "C38274", IV, PUSH),
    ],
)
def test_codes(system: str, code: str, route: Route, technique: Technique | None) -> None:
    """Each vocabulary names the route, and the technique where it says so."""
    assert (route, technique, []) == _read(_code(system, code))


@pytest.mark.parametrize(
    ("text", "route", "technique"),
    [
        ("by the moon", None, None),
        ("IV push", IV, PUSH),
        ("IV Push over 2 min", IV, PUSH),
        ("IVP", IV, PUSH),
        ("slow IVP", IV, PUSH),
        ("IV bolus", IV, PUSH),
        ("Intravenous injection", IV, PUSH),
        ("Injection, intravenous, push", IV, PUSH),
        ("IVPB", IV, INFUSION),
        ("IV Piggyback", IV, INFUSION),
        ("IV piggy-back", IV, INFUSION),
        ("Intravenous infusion", IV, INFUSION),
        ("Infusion, intravenous", IV, INFUSION),
        ("IV drip", IV, INFUSION),
        ("IV fluid bolus", IV, INFUSION),
        ("IV continuous", IV, INFUSION),
        ("Intravenous", IV, None),
        ("IV", IV, None),
        ("I.V.", IV, None),
        ("i.v. push", IV, PUSH),
        ("S.C.", SC, INJECTION),
        ("IM", IM, INJECTION),
        ("Intramuscular", IM, INJECTION),
        ("SC", SC, INJECTION),
        ("SubQ", SC, INJECTION),
        ("Sub-Q", SC, INJECTION),
        ("subcut", SC, INJECTION),
        ("Subcutaneous infusion", SC, INFUSION),
        ("Intracatheter", Route.CATHETER_CLEARANCE, None),
        ("Intrathecal", Route.INTRATHECAL, None),
        ("Intra-arterial", Route.INTRA_ARTERIAL, None),
        ("Oral", Route.ENTERAL, None),
        ("PO", Route.ENTERAL, None),
        ("Nebulized", Route.INHALED, None),
        ("Epidural", Route.OTHER, None),
    ],
)
def test_words(text: str, route: Route | None, technique: Technique | None) -> None:
    """The words charts use; a route that is only words blocks when nothing is known of it."""
    assert (route, technique, [] if route else [True]) == _read({"text": text})


@pytest.mark.parametrize("text", ["give it with food", "see id band", "after ia consult", "pump was silent"])
def test_short_forms_inside_a_sentence_name_no_route(text: str) -> None:
    """Short forms that are words or could be anything count only when they stand alone."""
    assert way_of_text(text).route is None


@pytest.mark.parametrize(
    ("route", "method", "text", "expected"),
    [
        (_code(SNOMED, "47625008", "IV Piggyback"), {}, "", (IV, INFUSION, [])),
        (_code(SNOMED, "47625008"), {"text": "Continuous infusion"}, "", (IV, INFUSION, [])),
        (_code(SNOMED, "47625008"), _code(SNOMED, "420620005"), "", (IV, PUSH, [])),
        (_code(SNOMED, "47625008"), {}, "IV push", (IV, PUSH, [])),
        (_code(SNOMED, "34206005"), {"text": "infusion"}, "", (SC, INFUSION, [])),
        ({}, {"text": "IVPB"}, "", (IV, INFUSION, [])),
        ({}, {}, "60 mg subcut", (SC, INJECTION, [])),
        ({}, {}, "", (None, None, [])),
        (_code(SNOMED, "26643006"), {}, "then IV push", (Route.ENTERAL, None, [])),
        (_code(V3, "IVPUSH", "IV Piggyback"), {}, "", (IV, PUSH, [True])),
        (_code(SNOMED, "78421000", "IV push"), {}, "", (IV, PUSH, [True])),
        (_code(SNOMED, "47625008", "Intramuscular"), {}, "", (IV, None, [True])),
        (_code(SNOMED, "26643006", "Topical"), {}, "", (Route.ENTERAL, None, [False])),
        (_code(V3, "IVPB"), {"text": "push"}, "", (IV, INFUSION, [True])),
    ],
)
def test_parts_together(route: dict[str, Any], method: dict[str, Any], text: str, expected: tuple[Any, ...]) -> None:
    """Parts fill each other's gaps; where they contradict each other the one that says more wins, with an issue."""
    assert expected == _read(route, method, text)


def test_every_vocabulary_of_the_table_has_an_address() -> None:
    """No row of the code table can be unreachable."""
    from fhir_mappings.routes import _codes  # noqa: PLC0415

    assert {vocabulary for vocabulary, _ in _codes()} == set(ROUTE_SYSTEMS.values())
