"""The text of one file to resources: shapes, places, and what goes wrong."""

import gzip
import json
from decimal import Decimal
from typing import Any

import pytest

from fhir_mappings.lookup import full_url_of
from fhir_mappings.reading import Loaded, load_resources

A = {"resourceType": "Encounter", "id": "a"}
B = {"resourceType": "Condition", "id": "b"}
BUNDLE = {
    "resourceType": "Bundle",
    "type": "searchset",
    "entry": [{"fullUrl": "urn:uuid:1", "resource": A}, {"resource": B}],
}
LINES = f"{json.dumps(A)}\n{json.dumps(B)}\n"


def _kinds(loaded: Loaded) -> list[tuple[str, str]]:
    return [(where, resource["resourceType"]) for where, resource in loaded.resources]


def _told(loaded: Loaded) -> list[tuple[str, bool]]:
    return [(problem.resource, problem.blocks) for problem in loaded.problems]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (json.dumps(A), [("", "Encounter")]),
        (json.dumps(A, indent=2), [("", "Encounter")]),
        (json.dumps(BUNDLE), [("entry 1", "Encounter"), ("entry 2", "Condition")]),
        (LINES, [("line 1", "Encounter"), ("line 2", "Condition")]),
        (LINES.replace("\n", "\r\n\r\n"), [("line 1", "Encounter"), ("line 3", "Condition")]),
        (
            f"{json.dumps(BUNDLE)}\n{json.dumps(B)}",
            [("line 1 entry 1", "Encounter"), ("line 1 entry 2", "Condition"), ("line 2", "Condition")],
        ),
        (
            json.dumps({"resourceType": "Bundle", "entry": [{"resource": BUNDLE}]}),
            [("entry 1 entry 1", "Encounter"), ("entry 1 entry 2", "Condition")],
        ),
        (json.dumps({"resourceType": "Bundle", "type": "collection"}), []),
        ("\ufeff" + json.dumps(A), [("", "Encounter")]),
    ],
    ids=[
        "one",
        "pretty",
        "bundle",
        "lines",
        "blank lines",
        "bundles in lines",
        "bundle in bundle",
        "empty bundle",
        "mark",
    ],
)
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
def test_shapes(data: str, expected: list[tuple[str, str]], packed: bool) -> None:
    """Each shape gives its resources with their places, plain and packed."""
    raw = data.encode()
    loaded = load_resources(gzip.compress(raw) if packed else raw, "f")
    assert expected == _kinds(loaded)
    assert ([("f", True)] if not expected else []) == _told(loaded)


def test_the_full_url_of_an_entry_is_remembered() -> None:
    """References inside a Bundle may use the entry's address."""
    loaded = load_resources(json.dumps(BUNDLE), "f")
    assert ["urn:uuid:1", ""] == [full_url_of(resource) for _, resource in loaded.resources]


@pytest.mark.parametrize(
    "kind", ["searchset", "batch-response", "transaction", "history", "document", "message", "collection"]
)
def test_a_bundle_of_any_type(kind: str) -> None:
    """What type a Bundle says it is makes no difference."""
    assert 2 == len(load_resources(json.dumps({**BUNDLE, "type": kind}), "f").resources)


def test_numbers_are_exact() -> None:
    """Decimals keep every digit, also trailing zeros, and long whole numbers too."""
    text = '{"resourceType": "Basic", "a": 0.10, "b": 12345678901234567890123, "c": 7, "d": NaN}'
    [(_, resource)] = load_resources(text, "f").resources
    assert (Decimal("0.10"), Decimal("12345678901234567890123"), 7, None) == tuple(resource[key] for key in "abcd")
    assert "0.10" == str(resource["a"])


@pytest.mark.parametrize(
    ("data", "resources", "problems"),
    [
        (f"{json.dumps(A)}\n{{broken\n{json.dumps(B)}", 2, [("f: line 2", True)]),
        (f"{{broken\n{json.dumps(A)}\n{json.dumps(B)}", 2, [("f: line 1", True)]),
        (f"{json.dumps(A)}\n[1]\n17\n", 1, [("f: line 2", False), ("f: line 2 item 1", True), ("f: line 3", True)]),
        (
            json.dumps({**BUNDLE, "entry": [{"resource": A}, 3, {"resource": {"id": "x"}}, {}]}),
            1,
            [("f: entry 2", True), ("f: entry 4", True), ("f: entry 3", True)],
        ),
        ('{"resourceType": "Encounter",\n "id": }', 0, [("f", True)]),
        ('{"resourceType": "Encounter", "id": ', 0, [("f: line 1", True)]),
        (json.dumps([A, B]), 2, [("f", False)]),
        ('{"resourceType": "Encounter", "status": "planned", "status": "finished"}', 1, [("f", True)]),
        ("<html>Sign in</html>", 0, [("f: line 1", True)]),
        ("", 0, [("f", True)]),
        ("null", 0, [("f", True)]),
        ("[" * 5000, 0, [("f: line 1", True)]),
        (json.dumps({**BUNDLE, "link": [{"relation": "next", "url": "http://x/?page=2"}]}), 2, [("f", True)]),
    ],
    ids=[
        "bad line",
        "bad first line",
        "lines that are no objects",
        "bad entries",
        "bad document",
        "cut off",
        "list",
        "key twice",
        "html",
        "empty",
        "null",
        "deep",
        "page missing",
    ],
)
def test_what_goes_wrong_is_named_and_the_rest_goes_on(
    data: str, resources: int, problems: list[tuple[str, bool]]
) -> None:
    """Each failure names file and place; everything else is read."""
    loaded = load_resources(data, "f")
    assert resources == len(loaded.resources)
    assert problems == _told(loaded)


def test_a_caller_that_follows_pages_is_not_told_of_them() -> None:
    """A reader of pages knows about the next one."""
    page = json.dumps({**BUNDLE, "link": [{"relation": "next", "url": "http://x/?page=2"}]})
    assert [] == load_resources(page, "f", paged=True).problems


@pytest.mark.parametrize(
    ("data", "resources"),
    [
        (gzip.compress(LINES.encode())[:-9], 0),
        (b"\x1f\x8b\x08\x00garbage", 0),
        (b'{"resourceType": "Encounter", "id": "\xff"}', 1),
    ],
    ids=["cut gzip", "no gzip", "no utf-8"],
)
def test_damaged_bytes(data: bytes, resources: int) -> None:
    """Damaged bytes are a problem that names the file, and never an exception."""
    loaded = load_resources(data, "f")
    assert resources == len(loaded.resources)
    assert ["f"] == [problem.resource for problem in loaded.problems]


def test_two_byte_text() -> None:
    """Windows programs write UTF-16."""
    assert [("", "Encounter")] == _kinds(load_resources(json.dumps(A).encode("utf-16"), "f"))


@pytest.mark.parametrize(
    ("issue", "blocks"),
    [
        ({"severity": "error", "code": "processing", "diagnostics": "no"}, True),
        ({"severity": "fatal", "code": "required"}, True),
        (
            {
                "severity": "warning",
                "code": "suppressed",
                "details": {"coding": [{"code": "4119"}], "text": "partial data"},
            },
            True,
        ),
        ({"severity": "warning", "code": "informational", "details": {"coding": [{"code": "4119"}]}}, True),
        ({"severity": "warning", "code": "invalid"}, False),
        ({"severity": "information", "code": "informational", "details": {"text": "no results"}}, False),
    ],
)
@pytest.mark.parametrize("as_response", [False, True])
def test_outcomes_become_issues(issue: dict[str, Any], blocks: bool, as_response: bool) -> None:
    """Errors and withheld data block the word complete; information does not."""
    outcome = {"resourceType": "OperationOutcome", "issue": [issue]}
    entry = {"response": {"status": "500", "outcome": outcome}} if as_response else {"resource": outcome}
    loaded = load_resources(json.dumps({**BUNDLE, "entry": [*BUNDLE["entry"], entry]}), "f")
    assert 2 == len(loaded.resources)
    assert [("f: entry 3", blocks)] == _told(loaded)


def test_problems_hold_no_content_of_broken_text() -> None:
    """A parse error tells line and column, not what a patient's record says there."""
    loaded = load_resources('{"resourceType": "Patient", "name": "Jane Doe" "x"}', "f")
    assert "Jane" not in str(loaded.problems)
    assert "column 48" in loaded.problems[0].found
