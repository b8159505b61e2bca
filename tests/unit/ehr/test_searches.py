"""Searches over pages: all of them, each resource once, and told when something is missing."""

from typing import Any

import pytest

from plugin.ehr.client import FhirClient
from plugin.ehr.errors import FhirError
from plugin.ehr.searches import Found, search
from plugin.ehr.transport import Answer
from tests.unit.ehr.fakes import BASE, FakeEhr, answer, bundle, in_turn, tenant
from tests.verifies import verifies


def encounter(name: str, version: str = "1") -> dict[str, Any]:
    """An Encounter of some version."""
    return {"resourceType": "Encounter", "id": name, "meta": {"versionId": version}}


def searched(*answers: Answer, cap: int = 20) -> tuple[Found, FakeEhr]:
    """Search encounters."""
    ehr = FakeEhr(in_turn(*answers))
    of = tenant(page_cap=cap)
    return search(FhirClient(ehr, of, None, lambda _: None), of, "Encounter", [("patient", "p1")]), ehr


def names(found: Found) -> list[str]:
    """Ids in order."""
    return [each["id"] for each in found.resources]


def test_pages_are_followed_to_the_end() -> None:
    """Relative and absolute next links; the page size is asked for."""
    found, ehr = searched(
        answer(bundle(encounter("a"), next_url=f"{BASE}?page=2")),
        answer(bundle(encounter("b"), next_url="Encounter?page=3")),
        answer(bundle(encounter("c"))),
    )
    assert (names(found), found.truncated, found.issues) == (["a", "b", "c"], False, [])
    assert ehr.sent[0].params == {"patient": "p1", "_count": "100"}
    assert [each.url for each in ehr.sent[1:]] == [f"{BASE}?page=2", f"{BASE}/Encounter?page=3"]


@verifies("RD-03")
def test_repeats_over_pages_count_once() -> None:
    """Servers repeat entries when data changes between pages; the later one stands."""
    found, _ = searched(
        answer(bundle(encounter("a"), encounter("b"), next_url="?2")),
        answer(bundle(encounter("b", "2"), encounter("c"))),
    )
    assert names(found) == ["a", "b", "c"]
    assert found.resources[1]["meta"]["versionId"] == "2"


@verifies("RD-03")
@pytest.mark.parametrize(
    ("second", "told"),
    [
        (answer(bundle(next_url=f"{BASE}?2")), "in a circle"),
        (answer("<html>"), "no FHIR"),
        (answer(None, 500), "status 500"),
    ],
)
def test_what_cannot_be_followed_truncates(second: Answer, told: str) -> None:
    """A circle or a failing page leaves what was read, marked as incomplete, and blocks the word complete."""
    found, _ = searched(answer(bundle(encounter("a"), next_url=f"{BASE}?2")), second)
    assert (names(found), found.truncated) == (["a"], True)
    assert told in found.issues[0].found
    assert found.issues[0].blocks


@verifies("RD-03")
@verifies("SEC-14")
def test_foreign_next_link_is_not_followed() -> None:
    """The token stays here, and the rest is told as missing."""
    found, ehr = searched(answer(bundle(encounter("a"), next_url="https://evil.example/?2")))
    assert (len(ehr.sent), found.truncated, found.issues[0].blocks) == (1, True, True)


@verifies("RD-03")
def test_page_cap_truncates() -> None:
    """An endless server is left after the tenant's cap."""
    ehr_pages = [answer(bundle(encounter(str(n)), next_url=f"?{n}")) for n in range(5)]
    found, ehr = searched(*ehr_pages, cap=3)
    assert (len(ehr.sent), found.truncated, names(found)) == (3, True, ["0", "1", "2"])


@verifies("RD-04")
def test_outcome_entries_are_told_and_not_read_as_data() -> None:
    """Warnings come as entries; held-back data blocks, a plain warning doesn't, information isn't told."""
    page = bundle(
        encounter("a"),
        {"resourceType": "OperationOutcome", "issue": [{"severity": "warning", "code": "not-supported"}]},
        {"resourceType": "OperationOutcome", "issue": [{"severity": "information", "code": "informational"}]},
        {
            "resourceType": "OperationOutcome",
            "issue": [{"severity": "warning", "details": {"coding": [{"code": "4119"}]}}],
        },
    )
    found, _ = searched(answer(page))
    assert names(found) == ["a"]
    assert [(issue.blocks, issue.found) for issue in found.issues] == [
        (False, "the EHR sent a warning with its answer (not-supported)"),
        (True, "the EHR says that it held data back (4119)"),
    ]


@verifies("RD-06")
def test_one_bad_entry_does_not_lose_the_page() -> None:
    """Entries without a resource are told; other types are passed over."""
    page = {"resourceType": "Bundle", "entry": ["x", {"resource": 5}, {"resource": encounter("a")}, {"resource": {}}]}
    found, _ = searched(answer(page))
    assert names(found) == ["a"]
    assert [issue.blocks for issue in found.issues] == [True, True]


def test_first_page_must_be_had() -> None:
    """Without any page there is nothing to mark as incomplete: the caller decides."""
    with pytest.raises(FhirError):
        searched(answer(None, 403))


@pytest.mark.parametrize("page", [{"resourceType": "Bundle", "entry": 5}, {"resourceType": "Encounter"}])
def test_strange_pages_are_told(page: dict[str, Any]) -> None:
    """A page that is no list of entries is incomplete, not empty."""
    found, _ = searched(answer(page))
    assert (found.resources, found.truncated, found.issues[0].blocks) == ([], True, True)


@pytest.mark.parametrize(
    "gone", [answer({"resourceType": "OperationOutcome", "issue": [{"code": "4113"}]}, 400), answer(None, 410)]
)
@verifies("RD-03")
def test_a_search_whose_pages_were_forgotten_begins_again_once(gone: Answer) -> None:
    """From the first page; forgotten again, it is cut off and says so."""
    first = answer(bundle(encounter("a"), next_url="?2"))
    found, ehr = searched(first, gone, first, answer(bundle(encounter("b"))))
    assert (names(found), found.truncated, len(ehr.sent)) == (["a", "b"], False, 4)
    found, ehr = searched(first, gone, first, gone)
    assert (names(found), found.truncated, len(ehr.sent)) == (["a"], True, 4)
