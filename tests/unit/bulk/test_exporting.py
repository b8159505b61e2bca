"""Bulk data from an EHR: asked for once, waited for politely, brought whole, gone on with after a break."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from requests.structures import CaseInsensitiveDict

from plugin.bulk.crawling import crawl
from plugin.bulk.errors import BulkError
from plugin.bulk.exporting import STATE, NoAdministrations, export, seconds_to_wait
from plugin.ehr.client import FhirClient
from plugin.ehr.errors import ForeignAddress
from plugin.ehr.transport import Answer
from tests.unit.bulk.exports import encounter, infusion, patient, weight
from tests.unit.ehr.fakes import FakeEhr, tenant

STATUS = "https://ehr.example.org/fhir/status/1"
FILES = [
    {"type": "Encounter", "url": "https://ehr.example.org/f/1"},
    {"type": "MedicationAdministration", "url": "https://ehr.example.org/f/2"},
]


def answer(status: int, body: Any = None, **headers: str) -> Answer:
    """An answer with headers, underscores standing for hyphens."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, CaseInsensitiveDict(named), json.dumps(body).encode())


class Server:
    """Answers in turn; files by their address, an exception where a list of bytes runs out."""

    def __init__(self, *answers: Answer, files: dict[str, int] | None = None) -> None:
        self.answers, self.files = list(answers), files or {}
        self.asked: list[tuple[str, Any, Any]] = []
        self.brought: list[tuple[str, bool]] = []

    def get(self, path, params=(), headers=None) -> Answer:
        self.asked.append((path, params, headers))
        return self.answers.pop(0)

    def download(self, address, file, *, with_token) -> int:
        self.brought.append((address, with_token))
        status = self.files.get(address, 200)
        if status == 200:
            file.write(f"{address}\n".encode())
        return status


def began() -> Answer:
    """The export was taken on."""
    return answer(202, Content_Location=STATUS)


def test_an_export_is_asked_for_waited_for_and_brought(tmp_path):
    """Kick-off, two polls at the server's own pace, two files under our own names."""
    busy = answer(202, Retry_After="7", X_Progress="40%")
    server = Server(began(), busy, answer(429, Retry_After="30"), answer(200, {"output": FILES}))
    slept, said = [], []
    count = export(server, tmp_path / "e", "g1", "2026-01-01T00:00:00Z", sleep=slept.append, told=said.append)
    path, given, headers = server.asked[0]
    params = dict(given)

    assert (count, slept) == (2, [7.0, 30.0])
    assert (path, headers) == ("Group/g1/$export", {"Prefer": "respond-async, handling=lenient"})
    assert "MedicationAdministration" in params["_type"].split(",")
    assert "Observation" not in params["_type"]
    assert params["_since"] == "2026-01-01T00:00:00Z"
    assert [asked for asked, _, _ in server.asked[1:]] == [STATUS] * 3
    assert "40%" in said
    assert (tmp_path / "e" / "Encounter.0000.ndjson").read_text() == "https://ehr.example.org/f/1\n"
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "e").iterdir()} == {0o600}


MEASURES = ["29463-7", "3141-9", "8335-2", "3142-7", "8277-6", "3140-1"]


def test_weights_and_surfaces_are_asked_for_in_bulk_where_they_are_wanted(tmp_path):
    """Only those, one filter a code: an older server takes a comma for the end of a filter."""
    server = Server(began(), answer(200, {"output": FILES}))
    export(server, tmp_path, sleep=lambda _: None, measures=True)
    asked = server.asked[0][1]

    assert [value for name, value in asked if name == "_typeFilter"] == [f"Observation?code={m}" for m in MEASURES]
    assert {"Encounter", "Observation"} <= set(dict(asked)["_type"].split(","))


@pytest.mark.parametrize("refused", [400, 422, 501])
def test_an_ehr_that_refuses_the_filter_is_asked_for_all_observations(refused, tmp_path):
    """And that is told, since there may be many."""
    server, said = Server(answer(refused), began(), answer(200, {"output": FILES})), []
    export(server, tmp_path, sleep=lambda _: None, measures=True, told=said.append)
    asked = server.asked[1][1]

    assert "Observation" in dict(asked)["_type"].split(",")
    assert "_typeFilter" not in dict(asked)
    assert any("all Observations" in words for words in said)


def test_a_busy_ehr_is_not_asked_at_once_again(tmp_path):
    """429 says nothing of the filter."""
    server = Server(answer(429))
    with pytest.raises(BulkError, match="another export may be running"):
        export(server, tmp_path, sleep=lambda _: None, measures=True)
    assert len(server.asked) == 1


def test_a_broken_off_export_brings_only_what_is_missing(tmp_path):
    """No second kick-off: the export of before is asked about, and the file that had arrived stays."""
    first = Server(began(), answer(200, {"output": FILES}), files={FILES[1]["url"]: 503})
    with pytest.raises(BulkError, match="status 503"):
        export(first, tmp_path, sleep=lambda _: None)
    assert not (tmp_path / "MedicationAdministration.0001.ndjson").exists()
    second = Server()

    assert export(second, tmp_path, sleep=lambda _: None) == 2
    assert second.brought == [(FILES[1]["url"], True)]
    assert second.asked == []


def test_files_that_need_no_token_are_brought_without_it(tmp_path):
    """A token goes nowhere it isn't asked for."""
    server = Server(began(), answer(200, {"output": FILES[1:], "requiresAccessToken": False}))
    export(server, tmp_path, sleep=lambda _: None)

    assert server.brought == [(FILES[1]["url"], False)]


def test_another_export_is_not_mixed_with_one_that_was_begun(tmp_path):
    """One folder, one export."""
    export(Server(began(), answer(200, {"output": FILES})), tmp_path, sleep=lambda _: None)

    with pytest.raises(BulkError, match="another export was begun"):
        export(Server(), tmp_path, "g2", sleep=lambda _: None)


@pytest.mark.parametrize("output", [FILES[:1], []])
def test_an_export_without_administrations_says_so(output, tmp_path):
    """Everything arrived, and an audit of it would find nothing: the way that helps is named, again at the next run."""
    for answers in ([began(), answer(200, {"output": output})], [answer(200, {"output": output})]):
        with pytest.raises(NoAdministrations, match=r"patient by patient.*--patients FILE"):
            export(Server(*answers), tmp_path, sleep=lambda _: None)
    assert len(list(tmp_path.glob("*.ndjson"))) == len(output)


def test_nothing_was_given_since_then(tmp_path):
    """Of what changed since a day an export may well hold no administration."""
    server = Server(began(), answer(200, {"output": FILES[:1]}))
    assert export(server, tmp_path, since="2026-01-01T00:00:00Z", sleep=lambda _: None) == 1


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        ([answer(429)], "another export may be running"),
        ([answer(404)], "not begun: the EHR answered with status 404"),
        ([began(), answer(500)], "the export failed"),
        ([began(), answer(200, {"output": "x"})], "can't be read"),
        ([began(), answer(200, {"output": [{"type": "../../etc/x", "url": "https://x"}]})], "can't be read"),
    ],
)
def test_what_stops_an_export_is_said(answers, told, tmp_path):
    """And nothing is left that looks like a file of it."""
    with pytest.raises(BulkError, match=told):
        export(Server(*answers), tmp_path, sleep=lambda _: None)
    assert {path.name for path in tmp_path.iterdir()} <= {STATE}


def test_a_server_is_waited_for_as_it_says_within_bounds():
    """Seconds, a date, nothing, nonsense, and more than anybody would wait."""
    now = datetime(2026, 3, 2, 12, tzinfo=UTC)
    written = ["5", "Mon, 02 Mar 2026 12:01:00 GMT", "", "soon", "999999", "0"]

    assert [seconds_to_wait(each, lambda: now) for each in written] == [5, 60, 10, 10, 600, 1]


def page(*resources, link: str = "") -> Answer:
    """A page of a search."""
    links = [{"relation": "next", "url": link}] if link else []
    return answer(200, {"resourceType": "Bundle", "entry": [{"resource": r} for r in resources], "link": links})


def chart_of(*administrations) -> list[Answer]:
    """What a patient's searches answer, in their order."""
    return [answer(200, patient()), page(encounter()), page(*administrations), *[page()] * 4]


def test_a_crawl_brings_patient_after_patient_with_what_they_point_to(tmp_path):
    """Pages followed, a Medication brought once, a pause before each request."""
    pointing = infusion("m2", "11:00", "12:00") | {"medicationReference": {"reference": "Medication/b"}}
    first = [answer(200, patient()), page(encounter()), page(infusion("m1", "09:00", "10:00"), link="https://ehr/next")]
    server = Server(*first, page(pointing), *[page()] * 4, answer(200, {"resourceType": "Medication", "id": "b"}))
    slept: list[float] = []

    assert crawl(server, tmp_path, ["p1"], pause=0.25, sleep=slept.append) == 1
    given = [json.loads(line)["id"] for line in (tmp_path / "MedicationAdministration.ndjson").read_text().splitlines()]
    assert given == ["m1", "m2"]
    assert server.asked[3][0] == "https://ehr/next"
    assert server.asked[-1][0] == "Medication/b"
    assert slept == [0.25] * len(server.asked)


def test_a_crawl_brings_weights_and_surfaces_where_they_are_wanted(tmp_path):
    """Only those, by their LOINC codes; an EHR that doesn't know the search is passed over."""
    server = Server(*chart_of(), page(weight("w1", 70)), *chart_of(), answer(400))

    assert crawl(server, tmp_path, ["p1", "p2"], pause=0, sleep=lambda _: None, measures=True) == 2
    asked = [params["code"].split(",") for path, params, _ in server.asked if path == "Observation"]
    assert len(asked) == 2
    assert {"29463-7", "8277-6"} <= set(asked[0])
    assert json.loads((tmp_path / "Observation.ndjson").read_text())["id"] == "w1"


def test_a_crawl_keeps_every_digit(tmp_path):
    """A dose of more digits than a float has."""
    found = page(infusion("m1", "09:00", "10:00") | {"dosage": {"dose": {"value": "AMOUNT"}}})
    exact = replace(found, content=found.content.replace(b'"AMOUNT"', b"100.00000000000000001"))
    server = Server(answer(200, patient()), page(encounter()), exact, *[page()] * 4)
    crawl(server, tmp_path, ["p1"], pause=0, sleep=lambda _: None)
    assert '"value":100.00000000000000001' in (tmp_path / "MedicationAdministration.ndjson").read_text()


def test_a_crawl_goes_on_with_the_next_patient(tmp_path):
    """The one that was written before the break is not asked for again."""
    crawl(Server(*chart_of()), tmp_path, ["p1"], pause=0, sleep=lambda _: None)
    server = Server(*chart_of())
    crawl(server, tmp_path, ["p1", "p2"], pause=0, sleep=lambda _: None)

    assert server.asked[0][0] == "Patient/p2"
    assert {params.get("patient", "p2") for _, params, _ in server.asked} == {"p2"}


def test_a_crawl_drops_the_half_line_that_a_killed_one_left(tmp_path):
    """Of a resource, and of the note that patient p12 is done, which is not p1's."""
    (tmp_path / "Encounter.ndjson").write_text('{"resourceType":"Encounter","id":"e0"}\n{"resourceType":"Enc')
    (tmp_path / "patients.done").write_text("p0\np1")
    server = Server(*chart_of())

    assert crawl(server, tmp_path, ["p0", "p1"], pause=0, sleep=lambda _: None) == 2
    assert server.asked[0][0] == "Patient/p1"
    kept = (tmp_path / "Encounter.ndjson").read_text().splitlines()
    assert [json.loads(line)["id"] for line in kept] == ["e0", "e1"]
    assert (tmp_path / "patients.done").read_text() == "p0\np1\n"


def test_a_busy_server_is_given_the_time_it_asks_for(tmp_path):
    """429 with Retry-After, then the answer."""
    server, slept = Server(answer(429, Retry_After="20"), *chart_of()), []
    crawl(server, tmp_path, ["p1"], pause=0, sleep=slept.append)

    assert 20.0 in slept


def test_without_a_search_for_administrations_there_is_nothing_to_audit(tmp_path):
    """Said, instead of an export that looks whole."""
    server = Server(answer(200, patient()), page(encounter()), answer(400))

    with pytest.raises(BulkError, match="MedicationAdministration by patient"):
        crawl(server, tmp_path, ["p1"], pause=0, sleep=lambda _: None)


@pytest.mark.parametrize("with_token", [True, False])
def test_a_file_on_a_host_nobody_named_is_not_fetched(with_token, tmp_path):
    """Neither with the token nor without."""
    client = FhirClient(FakeEhr(lambda _: answer(200)), tenant(), None)

    with pytest.raises(ForeignAddress), (tmp_path / "f").open("wb") as file:
        client.download("https://elsewhere.example.net/f/1", file, with_token=with_token)
