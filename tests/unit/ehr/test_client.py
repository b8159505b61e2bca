"""The FHIR client: same origin only, GET-only retries, 401 once, refusals in words."""

import contextlib
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from plugin.ehr.client import FhirClient, write_json
from plugin.ehr.errors import BudgetSpent, FhirError, ForeignAddress, SessionEnded, Unreachable
from plugin.ehr.transport import Answer, Transport
from tests.unit.ehr.fakes import BASE, FakeEhr, answer, in_turn, tenant
from tests.verifies import verifies


class FakeGrant:
    """A grant whose next token is known; None means that the session is over."""

    def __init__(self, *following: str) -> None:
        self.following = list(following)
        self.refused: list[str] = []

    def access_token(self) -> str:
        """The first token."""
        return "a1"

    def replace(self, refused: str) -> str:
        """The next token."""
        self.refused.append(refused)
        if not self.following:
            raise SessionEnded("over")
        return self.following.pop(0)


def client(ehr: FakeEhr, grant: Any = None, waits: list[float] | None = None) -> FhirClient:
    """A client of the fake EHR that doesn't sleep."""
    chosen: Any = grant or FakeGrant()
    return FhirClient(ehr, tenant(), chosen, (waits if waits is not None else []).append)


def outcome(*codes: str) -> dict[str, Any]:
    """An OperationOutcome with vendor codes."""
    issues = [
        {"severity": "error", "code": "security", "details": {"coding": [{"code": code}]}, "diagnostics": "Jane Doe"}
        for code in codes
    ]
    return {"resourceType": "OperationOutcome", "issue": issues}


def test_get_sends_token_and_fhir_accept() -> None:
    """Below the base, with the bearer token and the FHIR media type."""
    ehr = FakeEhr(in_turn(answer({"resourceType": "Encounter"})))
    client(ehr).get("Encounter", {"patient": "p1", "date": "ge2026-01-01"})
    assert ehr.sent[0].url == f"{BASE}/Encounter?patient=p1&date=ge2026-01-01"
    assert (ehr.sent[0].headers["Accept"], ehr.sent[0].token) == ("application/fhir+json", "a1")


@verifies("SEC-14")
@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/fhir/Encounter/e1",
        "//evil.example/x",
        "http://ehr.example.org/fhir/Encounter/e1",
        "https://ehr.example.org:8443/fhir/Encounter/e1",
        "https://ehr.example.org@evil.example/",
        "file:///etc/passwd",
    ],
)
def test_no_request_leaves_for_another_origin(address: str) -> None:
    """Wherever an address came from, the token stays with the EHR."""
    ehr = FakeEhr(in_turn())
    with pytest.raises(ForeignAddress):
        client(ehr).get(address)
    assert ehr.sent == []


@pytest.mark.parametrize("address", [f"{BASE}/Encounter?page=2", "/fhir/Encounter?page=2", "Encounter?page=2"])
def test_absolute_and_relative_addresses_of_the_ehr_are_followed(address: str) -> None:
    """Next links come in all forms."""
    ehr = FakeEhr(in_turn(answer({})))
    client(ehr).get(address)
    assert ehr.sent[0].url == f"{BASE}/Encounter?page=2"


@verifies("SEC-14")
def test_redirect_is_an_answer_and_not_followed() -> None:
    """A redirect would carry the token away."""
    ehr = FakeEhr(in_turn(answer(None, 302, Location="https://evil.example/")))
    with pytest.raises(FhirError, match="status 302"):
        client(ehr).read("Encounter/e1")
    assert len(ehr.sent) == 1


def test_401_renews_once_and_repeats_once() -> None:
    """Also a write is repeated: a 401 was not processed."""
    grant = FakeGrant("a2")
    ehr = FakeEhr(in_turn(answer(None, 401), answer({}, 201)))
    assert client(ehr, grant).post("ChargeItem", {"a": 1}).status == 201
    assert ([each.token for each in ehr.sent], grant.refused) == (["a1", "a2"], ["a1"])
    assert ehr.sent[0].data == ehr.sent[1].data == b'{"a": 1}'


def test_second_401_is_the_answer() -> None:
    """No loop of renewals."""
    grant = FakeGrant("a2", "a3")
    ehr = FakeEhr(in_turn(answer(None, 401), answer(None, 401)))
    assert client(ehr, grant).get("Encounter/e1").status == 401
    assert grant.refused == ["a1"]


def test_ended_grant_is_told() -> None:
    """When no new token is to be had, the session is over."""
    with pytest.raises(SessionEnded):
        client(FakeEhr(in_turn(answer(None, 401)))).get("Encounter/e1")


@verifies("RD-13")
@pytest.mark.parametrize(("after", "waited"), [("2", 2.0), ("", 0.5), ("nonsense", 0.5)])
def test_busy_server_is_asked_again_after_its_time(after: str, waited: float) -> None:
    """`Retry-After` is honoured; without one a short pause."""
    waits: list[float] = []
    ehr = FakeEhr(in_turn(answer(None, 503, Retry_After=after), answer({"resourceType": "Encounter"})))
    assert client(ehr, waits=waits).read("Encounter/e1") == {"resourceType": "Encounter"}
    assert waits == [pytest.approx(waited, abs=0.2)]


def test_long_waits_are_refused_and_told() -> None:
    """Nobody waits a minute before a page; the user is told that the EHR is busy."""
    ehr = FakeEhr(in_turn(answer(None, 429, Retry_After="60")))
    with pytest.raises(FhirError, match="busy") as caught:
        client(ehr).read("Encounter/e1")
    assert (caught.value.kind, len(ehr.sent)) == ("busy", 1)


@verifies("RD-13")
def test_a_pause_holds_for_every_request_of_the_client() -> None:
    """A write after a busy answer waits as well; after one that asks for a minute nothing more is sent."""
    waits: list[float] = []
    ehr = FakeEhr(in_turn(answer(None, 429, Retry_After="3"), answer({}), answer(None, 429, Retry_After="60")))
    one = client(ehr, waits=waits)
    assert [one.post("ChargeItem", {}).status, one.post("ChargeItem", {}).status] == [429, 200]
    assert waits == [pytest.approx(3.0, abs=0.2)]
    assert one.post("ChargeItem", {}).status == 429
    with pytest.raises(FhirError, match="busy"):
        one.post("ChargeItem", {})
    with pytest.raises(FhirError, match="busy"):
        one.get("ChargeItem/c1")
    assert len(ehr.sent) == 3


def test_three_times_at_most() -> None:
    """A server that stays busy is left alone."""
    ehr = FakeEhr(in_turn(*[answer(None, 503)] * 3))
    assert client(ehr).get("Encounter/e1").status == 503
    assert len(ehr.sent) == 3


@verifies("RD-13")
def test_budget_of_a_launch_bounds_all_retries() -> None:
    """Many busy answers together cost no more than eight extra requests."""
    ehr = FakeEhr(lambda _: answer(None, 503))
    one = client(ehr)
    for _ in range(10):
        one.get("Encounter/e1")
    assert len(ehr.sent) == 10 + 8


@verifies("RD-13")
@pytest.mark.parametrize("method", ["post", "put"])
def test_writes_are_never_repeated(method: str) -> None:
    """Neither busy answers nor silence make a second write."""
    ehr = FakeEhr(in_turn(answer(None, 503), Unreachable("no answer")))
    one = client(ehr)
    assert getattr(one, method)("ChargeItem/x", {}).status == 503
    with pytest.raises(Unreachable):
        getattr(one, method)("ChargeItem/x", {})
    assert len(ehr.sent) == 2


def test_write_headers_reach_the_server() -> None:
    """`If-Match` and the like are passed on; the body is FHIR JSON."""
    ehr = FakeEhr(in_turn(answer({})))
    client(ehr).put("ChargeItem/x", {"quantity": Decimal("1.50")}, {"If-Match": 'W/"3"'})
    assert ehr.sent[0].headers["If-Match"] == 'W/"3"'
    assert ehr.sent[0].headers["Content-Type"] == "application/fhir+json"
    assert ehr.sent[0].data == b'{"quantity": 1.5}'


@verifies("RD-08")
def test_decimals_are_exact_both_ways() -> None:
    """Numbers come in as written; one that can't leave exactly is refused rather than rounded."""
    text = Answer(200, answer({}).headers, b'{"value": 0.10, "big": 125.00}')
    assert str(text.json()["value"]) == "0.10"
    assert write_json({"a": Decimal("2.0")}) == b'{"a": 2}'
    with pytest.raises(ValueError, match="too many digits"):
        write_json({"a": Decimal("0.1234567890123456789")})


@verifies("RD-05")
@pytest.mark.parametrize(
    ("reply", "kind", "status"),
    [
        (answer("<html>sign in</html>"), "not-fhir", 200),
        (answer(None, 200), "not-fhir", 200),
        (answer({"hello": 1}), "not-fhir", 200),
        (answer("gateway", 502), "refused", 502),
        (answer(outcome(), 403), "forbidden", 403),
        (answer(outcome("4130"), 403), "break-the-glass", 403),
        (answer(outcome("4113"), 400), "expired-page", 400),
        (answer(None, 406), "refused", 406),
        (answer(outcome("x"), 404), "not-found", 404),
    ],
)
def test_refusals_have_a_kind_and_no_patient_data(reply: Answer, kind: str, status: int) -> None:
    """HTML with 200, empty bodies, break-the-glass and gateways are told apart; the server's text is not repeated."""
    ehr = FakeEhr(in_turn(reply))
    with pytest.raises(FhirError) as caught:
        client(ehr).read("Encounter/e1")
    assert (caught.value.kind, caught.value.status) == (kind, status)
    assert "Jane" not in str(caught.value)
    assert len(ehr.sent) == 1


def test_all_sessions_share_one_pool() -> None:
    """Every session of the process uses the same connections."""
    transport = Transport()
    first, second = transport.bearer_session("app", "a1"), transport.plain_session()
    assert first.get_adapter("https://x") is second.get_adapter("https://y")
    assert first.get_adapter("https://x") is first.get_adapter("http://localhost")


def test_http_date_in_retry_after_counts_from_now() -> None:
    """A date that has passed means at once."""
    waits: list[float] = []
    past = datetime(2020, 1, 1, tzinfo=UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
    ehr = FakeEhr(in_turn(answer(None, 503, Retry_After=past), answer({})))
    client(ehr, waits=waits).get("Encounter/e1")
    assert waits == []


@verifies("RD-13")
def test_reading_has_a_budget_of_requests_and_writing_has_none() -> None:
    """Beyond it nothing is asked of the EHR any more, and the user is told; a charge is still written."""
    ehr = FakeEhr(lambda _: answer({"resourceType": "Patient"}))
    client = FhirClient(ehr, tenant(request_budget=3), None, lambda _: None).for_one_page()
    for _ in range(3):
        client.read("Patient/p1")
    with pytest.raises(BudgetSpent, match="more requests or data for this chart"):
        client.read("Patient/p1")
    assert client.post("ChargeItem", {}).status == 200
    assert [each.method for each in ehr.sent] == ["GET", "GET", "GET", "POST"]


def test_a_strange_retry_after_is_no_reason_to_fail() -> None:
    """Digits of another script, a number without end, a date that is none."""
    for value in ("\u00b2", "9" * 400, "tomorrow"):
        ehr = FakeEhr(in_turn(answer(None, 503, Retry_After=value), *[answer({"resourceType": "Patient"})] * 2))
        with contextlib.suppress(FhirError):
            FhirClient(ehr, tenant(), None, lambda _: None).read("Patient/p1")


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        (answer(None, 405), True),
        (answer(None, 501), True),
        (answer(outcome("not-supported"), 400), True),
        (answer(outcome("not-supported"), 404), True),
        (answer(outcome("not-found"), 404), False),
        (answer(None, 400), False),
        (answer(outcome("not-supported"), 200), False),
    ],
)
def test_what_is_not_supported_puts_the_statement_in_doubt(reply: Answer, told: bool) -> None:
    """Reading and writing alike; that something isn't there says nothing of what the EHR can do."""
    heard: list[str] = []
    asked = FhirClient(FakeEhr(in_turn(reply, reply)), tenant(), None, not_supported=lambda: heard.append("doubt"))
    asked.get("ChargeItem/x1")
    asked.post("ChargeItem", {})
    assert heard == ["doubt", "doubt"] * told


@verifies("RD-13")
def test_how_long_the_ehr_wants_to_be_left_alone_is_told() -> None:
    """A pause too long to sit out: the seconds stand in the text of the answer, and of what isn't sent after it."""
    ehr = FakeEhr(in_turn(answer(None, 429, **{"Retry-After": "90"})))
    asked = client(ehr)
    for _ in range(2):
        with pytest.raises(FhirError, match=r"is busy; try again in (90|89) seconds") as busy:
            asked.read("Encounter/e1")
        assert busy.value.kind == "busy"
    assert len(ehr.sent) == 1
