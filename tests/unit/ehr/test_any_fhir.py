"""Whatever an EHR answers: a chart with its issues, coded and shown, or an error fit for a page; nothing else."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from requests.structures import CaseInsensitiveDict

from plugin.codebook import CodeBook
from plugin.domain import Chart
from plugin.ehr.errors import EhrError
from plugin.ehr.transport import Answer, NotJsonError
from plugin.review.prepare import ReviewSettings, code_chart
from tests.unit.ehr.fakes import answer, bundle
from tests.unit.ehr.test_chart_source import administration, full_ehr, source
from tests.unit.web.test_page_view import page_of
from tests.verifies import verifies

KINDS = (
    "Encounter",
    "MedicationAdministration",
    "Condition",
    "MedicationRequest",
    "Medication",
    "ChargeItem",
    "Patient",
)
TEXTS = st.sampled_from(
    [
        "",
        "Encounter/e1",
        "Patient/p1",
        "2026-13-45",
        "0000-00-00T99:99:99Z",
        "9999-12-31T23:59:60-14:00",
        "\x00",
        "\u202e",
    ]
)
NUMBERS = st.sampled_from([0, -1, 10**400, 1.5, -1e300])
LEAVES = st.none() | st.booleans() | NUMBERS | TEXTS | st.text(max_size=8)
NAMES = st.sampled_from(
    [
        *(
            "resourceType",
            "entry",
            "resource",
            "link",
            "url",
            "relation",
            "id",
            "status",
            "subject",
            "context",
            "period",
        ),
        *("start", "end", "effectivePeriod", "effectiveDateTime", "dosage", "dose", "value", "coding", "code", "meta"),
        *("extension", "valueDuration", "contained", "reference", "issue", "severity", "medicationCodeableConcept"),
    ]
)
ANY_JSON = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=5), max_leaves=25
)
BOOK = CodeBook.load()


def raw(content: bytes) -> Answer:
    """An answer with these bytes."""
    return Answer(200, CaseInsensitiveDict({"Content-Type": "application/fhir+json"}), content)


def outcome_of(kind: str, reply: Callable[[], Answer]) -> Chart | EhrError:
    """Read the chart while one kind is answered so, and if it can be read code it and show it."""
    ehr = full_ehr()
    ehr.special[kind] = reply
    try:
        chart = source(ehr).read_chart()
    except EhrError as error:
        return error
    page_of(code_chart(chart, BOOK, ReviewSettings()))
    return chart


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(KINDS), ANY_JSON)
@verifies("RD-06")
def test_any_json_where_a_resource_or_a_bundle_should_be(kind: str, body: Any) -> None:
    """Not FHIR, or FHIR of another kind, or odd FHIR."""
    outcome_of(kind, lambda: answer(body) if not isinstance(body, str) else raw(json.dumps(body).encode()))


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(KINDS[1:6]), ANY_JSON)
@verifies("RD-06")
def test_any_json_as_an_entry_of_a_bundle(kind: str, body: Any) -> None:
    """Beside a good entry, which is not lost for it."""
    outcome_of(kind, lambda: answer({"resourceType": "Bundle", "entry": [{"resource": body}, body]}))


@given(NAMES, ANY_JSON)
@verifies("RD-06", "RD-07")
def test_any_json_in_any_element_of_an_administration(name: str, value: Any) -> None:
    """One element odd, the rest as it should be."""
    odd = {**administration("m1"), name: value}
    outcome_of("MedicationAdministration", lambda: answer(bundle(odd, administration("m2"))))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "content",
    [
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
        b"[" * 200_000,
        b'{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Condition","id":' + b"9" * 5000 + b"}}]}",
        b'{"resourceType":"Bundle","total":1e999999999,"entry":[]}',
        b'{"resourceType":"Patient","id":"p1","x":NaN,"y":Infinity}',
        b"\xff\xfe\x00",
        b"",
        b"<html>signed out</html>",
        b'{"resourceType":"Bundle","resourceType":"Bundle","entry":{"a":1}}',
    ],
    ids=["deep objects", "deep lists", "endless id", "huge exponent", "NaN", "bytes", "nothing", "HTML", "odd entry"],
)
@verifies("RD-06")
def test_what_is_no_fhir_at_all(kind: str, content: bytes) -> None:
    """Too deep, too long, too large, or none: told, never a traceback."""
    outcome_of(kind, lambda: raw(content))


@pytest.mark.parametrize("value", ["1e999999999", "-1e999999999", "1e-999999999", "9" * 4000, "0." + "3" * 4000])
@verifies("RD-06", "RD-08")
def test_numbers_beyond_all_measure(value: str) -> None:
    """A dose nobody can give: read as an issue or as it stands, quickly and in little memory."""
    given_ = json.dumps(administration("m1"))
    dose = f'"dosage":{{"dose":{{"value":{value},"unit":"mg"}},"rateQuantity":{{"value":{value},"unit":"mL/h"}}}},'
    entry = given_.replace("{", "{" + dose, 1)
    content = f'{{"resourceType":"Bundle","entry":[{{"resource":{entry}}}]}}'
    assert isinstance(outcome_of("MedicationAdministration", lambda: raw(content.encode())), Chart | EhrError)


def test_a_bare_number_too_long_for_python_is_no_json() -> None:
    """Told as such, not as a ValueError of the parser."""
    with pytest.raises(NotJsonError):
        raw(b"9" * 10_000).json()
