"""The generic sink against a server that answers exactly what each test says."""

import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from msgspec import structs
from requests.structures import CaseInsensitiveDict

from fhir_mappings.charge_item import read_charge_item, write_charge_item
from fhir_mappings.lookup import Lookup
from fhir_mappings.systems import CHARGE_IDENTIFIER, CHARGE_MASTER, REVENUE_CODE_URL
from plugin.domain.charge import ChargeDraft, SuggestedCharge
from plugin.domain.replacing import replace
from plugin.ehr.charge_master import BillingCodes, ChargeMaster
from plugin.ehr.errors import EhrError, Paused, SessionEnded, Unreachable
from plugin.ehr.sinks.answers import sent_charge
from plugin.ehr.sinks.fhir_create import OUR_ELEMENTS, FhirCreate
from plugin.ehr.sinks.support import ChargeItemSupport
from plugin.ehr.transport import Answer
from plugin.review.ports import Conflict, NothingSent, Refused, Unknown
from tests.verifies import verifies

NOW = datetime(2026, 3, 2, 20, 0, tzinfo=UTC)
IDENTITY = "ab" * 32
CHARGE = SuggestedCharge(
    "CPT", "96365", 2, (), date(2026, 3, 2), ("MedicationAdministration/m1",), ("K50.90",), (), (), (), ()
)
DRAFT = ChargeDraft(
    identity=IDENTITY,
    encounter="Encounter/e1",
    patient="Patient/p1",
    charge=CHARGE,
    units=2,
    modifiers=("59",),
    status="billable",
    entered_by="Practitioner/c1",
    entered_at=NOW,
    start=None,
    stop=None,
    note="why",
)
BY_ID = ChargeItemSupport(create=True, update=True, client_ids=True, conditional_create=True)
BY_POST = replace(BY_ID, client_ids=False)
OUR_PATH = f"ChargeItem/{IDENTITY}"


def answer(status: int, body: Any = None, **headers: str) -> Answer:
    """An answer with JSON, with text as it is, or with nothing."""
    content = body.encode() if isinstance(body, str) else b"" if body is None else json.dumps(body).encode()
    return Answer(status, CaseInsensitiveDict(headers), content)


def stored(version: str = "1", **changes: Any) -> dict[str, Any]:
    """The charge as the server holds it."""
    resource = write_charge_item(replace(DRAFT, **changes), id=IDENTITY)
    return {**resource, "meta": {"versionId": version}} if version else resource


def bundle(*resources: dict[str, Any], more: bool = False) -> dict[str, Any]:
    """A search result, perhaps with a next page."""
    links = [{"relation": "next", "url": "https://ehr.test/r4?page=2"}] if more else []
    return {"resourceType": "Bundle", "link": links, "entry": [{"resource": each} for each in resources]}


@dataclass
class Script:
    """Answers requests in order with what the test wrote down, and keeps what was asked."""

    answers: list[Answer | EhrError]
    asked: list[tuple[str, str]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    bodies: list[dict[str, Any]] = field(default_factory=list)

    def get(self, path: str, params: Any) -> Answer:
        return self._next("GET", path)

    def post(self, path: str, body: Any, headers: Any) -> Answer:
        self.bodies.append(body)
        self.headers.append(dict(headers))
        return self._next("POST", path)

    def put(self, path: str, body: Any, headers: Any) -> Answer:
        self.bodies.append(body)
        self.headers.append(dict(headers))
        return self._next("PUT", path)

    def _next(self, method: str, path: str) -> Answer:
        self.asked.append((method, path))
        given = self.answers.pop(0)
        if isinstance(given, EhrError):
            raise given
        return given


def sink(*answers: Answer | EhrError, support: ChargeItemSupport = BY_ID, attest: bool = False) -> FhirCreate:
    """A sink before a server that gives these answers."""
    return FhirCreate(Script(list(answers)), support, "infusion-charges test", lambda: NOW, attest)


def script(of: FhirCreate) -> Script:
    """What the server was asked."""
    assert isinstance(of.http, Script)
    return of.http


# --- create --------------------------------------------------------------------------------------


@verifies("WR-04")
def test_create_by_id_says_if_none_match_and_reads_back() -> None:
    """PUT under the identity, only if there is none; then GET."""
    under = sink(answer(201), answer(200, stored()))
    sent = under.create(DRAFT)
    assert script(under).asked == [("PUT", OUR_PATH), ("GET", OUR_PATH)]
    assert script(under).headers == [{"If-None-Match": "*"}]
    assert (sent.reference, sent.version, sent.units, sent.modifiers) == (OUR_PATH, "1", Decimal(2), ("59",))


def test_create_by_post_says_if_none_exist_and_searches_afterwards() -> None:
    """The search shows a double, too."""
    under = sink(answer(201), answer(200, bundle(stored())), support=BY_POST)
    under.create(DRAFT)
    assert script(under).asked == [("POST", "ChargeItem"), ("GET", "ChargeItem")]
    assert script(under).headers == [{"If-None-Exist": f"identifier={CHARGE_IDENTIFIER}|{IDENTITY}"}]
    assert "id" not in script(under).bodies[0]


def test_a_search_that_lags_behind_is_made_up_for_by_the_location() -> None:
    """An empty answer, an index that isn't there yet: the Location header names the charge."""
    place = "https://ehr.test/r4/ChargeItem/x9/_history/1"
    under = sink(
        answer(201, Location=place), answer(200, bundle()), answer(200, {**stored(), "id": "x9"}), support=BY_POST
    )
    assert under.create(DRAFT).reference == "ChargeItem/x9"
    assert script(under).asked[-1] == ("GET", "ChargeItem/x9")


def test_taken_and_nowhere_to_be_seen_is_unknown() -> None:
    """No Location, not found: it may appear later."""
    with pytest.raises(Unknown):
        sink(answer(201), answer(200, bundle()), support=BY_POST).create(DRAFT)


@pytest.mark.parametrize("support", [ChargeItemSupport(), ChargeItemSupport(update=True)])
def test_an_ehr_without_chargeitem_is_told_before_anything_is_sent(support: ChargeItemSupport) -> None:
    """Neither create nor client ids: refused with the remedy."""
    under = sink(support=support)
    with pytest.raises(Refused, match="takes no ChargeItem"):
        under.create(DRAFT)
    assert script(under).asked == []


@verifies("WR-10")
def test_what_would_be_invalid_is_not_sent() -> None:
    """Zero units and the status that is the biller's are caught here."""
    for wrong in (replace(DRAFT, units=0), replace(DRAFT, status="billed"), replace(DRAFT, encounter="")):
        under = sink()
        with pytest.raises(Refused, match="not sent"):
            under.create(wrong)
        assert script(under).asked == []


@pytest.mark.parametrize("status", [400, 403, 404, 405, 422, 301])
def test_a_clear_no_is_refused(status: int) -> None:
    """Nothing was written; the code of the OperationOutcome is told, its text is not."""
    outcome = {"resourceType": "OperationOutcome", "issue": [{"code": "forbidden", "diagnostics": "Mr. Example"}]}
    with pytest.raises(Refused) as refused:
        sink(answer(status, outcome)).create(DRAFT)
    assert str(refused.value) == f"The EHR refused the charge (status {status}, forbidden)."


@pytest.mark.parametrize("status", [202, 408, 425, 500, 502, 503, 504])
def test_anything_less_than_clear_is_unknown(status: int) -> None:
    """Processed, perhaps, or later."""
    with pytest.raises(Unknown):
        sink(answer(status, "<h1>Oops</h1>")).create(DRAFT)


def test_what_a_busy_ehr_did_not_take_was_not_sent() -> None:
    """429 is said before anything is processed; in a pause that nobody sits out nothing leaves."""
    with pytest.raises(NothingSent, match="took nothing"):
        sink(answer(429)).create(DRAFT)
    with pytest.raises(NothingSent, match=r"Nothing was sent\. EHR is busy"):
        sink(Paused("EHR is busy; try again in 60 seconds", 429, "busy")).create(DRAFT)


@verifies("WR-03")
@pytest.mark.parametrize(
    "after",
    [
        answer(403),
        Paused("EHR is busy; try again in 60 seconds", 429, "busy"),
        SessionEnded("open the app again"),
    ],
    ids=["forbidden", "paused", "session over"],
)
@pytest.mark.parametrize("support", [BY_ID, BY_POST], ids=["client id", "If-None-Exist"])
def test_what_was_taken_and_may_not_be_looked_at_is_unknown(after: Answer | EhrError, support: Any) -> None:
    """It was written: that it can't be read back doesn't make it refused."""
    with pytest.raises(Unknown, match="doesn't show it"):
        sink(answer(201), after, support=support).create(DRAFT)


@pytest.mark.parametrize("status", [409, 412])
def test_there_already_is_a_conflict_with_what_is_there(status: int) -> None:
    """Read again and shown."""
    with pytest.raises(Conflict) as conflict:
        sink(answer(status), answer(200, stored(units=7))).create(DRAFT)
    assert conflict.value.found is not None
    assert conflict.value.found.units == 7


def test_no_answer_is_unknown_and_an_ended_session_is_refused() -> None:
    """A timeout says nothing; a refused token says that nothing was processed."""
    with pytest.raises(Unknown):
        sink(Unreachable("no answer in time")).create(DRAFT)
    with pytest.raises(Refused, match="open the app again"):
        sink(SessionEnded("open the app again")).create(DRAFT)


# --- find ----------------------------------------------------------------------------------------


def test_finding_by_id() -> None:
    """There, not there, deleted."""
    found = sink(answer(200, stored("4"))).find(DRAFT)
    assert found is not None
    assert found.version == "4"
    assert sink(answer(404)).find(DRAFT) is None
    with pytest.raises(Conflict, match="deleted"):
        sink(answer(410)).find(DRAFT)


def test_a_search_that_ignores_its_parameter_is_sorted_out_here() -> None:
    """Other charges in the answer are not ours; ours among them is found; a further page leaves it open."""
    other = {**stored(), "id": "x2", "identifier": [{"system": CHARGE_IDENTIFIER, "value": "cd" * 32}]}
    assert sink(answer(200, bundle(other)), support=BY_POST).find(DRAFT) is None
    found = sink(answer(200, bundle(other, stored("3"))), support=BY_POST).find(DRAFT)
    assert found is not None
    assert found.version == "3"
    with pytest.raises(Unknown, match="ignored"):
        sink(answer(200, bundle(other, more=True)), support=BY_POST).find(DRAFT)


@pytest.mark.parametrize("body", ["<html>signed out</html>", "[]", {"resourceType": "Patient"}, "null"])
def test_an_answer_that_is_no_charge_leaves_it_unknown(body: Any) -> None:
    """A login page with status 200 is not "not there"."""
    for support in (BY_ID, BY_POST):
        with pytest.raises(Unknown):
            sink(answer(200, body), support=support).find(DRAFT)


# --- change --------------------------------------------------------------------------------------


def test_a_change_carries_the_version_it_changes() -> None:
    """Read, PUT with If-Match, read back."""
    base = sink(answer(200, stored("2"))).find(DRAFT)
    assert base is not None
    under = sink(answer(200, stored("2")), answer(200), answer(200, stored("3", units=5)))
    changed = under.change(replace(DRAFT, units=5), base)
    assert script(under).asked == [("GET", OUR_PATH), ("PUT", OUR_PATH), ("GET", OUR_PATH)]
    assert script(under).headers == [{"If-Match": 'W/"2"'}]
    assert (changed.version, changed.units) == ("3", Decimal(5))


@pytest.mark.parametrize(
    ("current", "why"),
    [(stored("2", status="billed"), "billed"), (stored("3"), "Somebody else")],
    ids=["billed without a new version", "another version"],
)
def test_a_billed_or_changed_charge_is_not_written(current: dict[str, Any], why: str) -> None:
    """Looked at, shown, left alone; billed counts even where the server gave it no new version."""
    base = sink(answer(200, stored("2"))).find(DRAFT)
    assert base is not None
    under = sink(answer(200, current))
    with pytest.raises(Conflict, match=why):
        under.change(replace(DRAFT, units=5), base)
    assert script(under).asked == [("GET", OUR_PATH)]


def test_a_charge_that_is_gone_is_not_written_again() -> None:
    """Deleted in the EHR: a conflict with nothing to show."""
    base = sink(answer(200, stored("2"))).find(DRAFT)
    assert base is not None
    with pytest.raises(Conflict) as conflict:
        sink(answer(404)).change(DRAFT, base)
    assert conflict.value.found is None


def test_without_versions_nothing_is_changed() -> None:
    """A change could overwrite another's, so it is left to the EHR's own pages."""
    base = sink(answer(200, stored(""))).find(DRAFT)
    assert base is not None
    under = sink(answer(200, stored("")))
    with pytest.raises(Refused, match="no versions"):
        under.change(replace(DRAFT, units=5), base)
    with pytest.raises(Refused, match="doesn't let"):
        sink(support=replace(BY_ID, update=False)).change(DRAFT, base)


def test_what_we_leave_out_of_a_new_version_is_taken_out() -> None:
    """The modifier goes, the biller's extension and account stay."""
    theirs = {"url": "urn:billing:desk", "valueString": "7"}
    current = stored("2")
    current["extension"] = [theirs, *current["extension"]]
    current["account"] = [{"reference": "Account/a1"}]
    base = sink(answer(200, current)).find(DRAFT)
    assert base is not None
    under = sink(answer(200, current), answer(200), answer(200, stored("3", modifiers=())))
    under.change(replace(DRAFT, modifiers=()), base)
    (body,) = script(under).bodies
    assert (body["extension"], body["account"]) == ([theirs], [{"reference": "Account/a1"}])
    assert "meta" not in body


def test_every_element_we_write_is_known_to_be_ours() -> None:
    """Else what we leave out of a later version would be taken for somebody else's and stay."""
    full = replace(
        DRAFT,
        status="not-billable",
        reason="Not performed",
        start=NOW,
        charge=structs.replace(CHARGE, diagnosis_references=("Condition/k1",), ndc="12345678901"),
    )
    timed = replace(full, stop=NOW + timedelta(hours=1))
    written = write_charge_item(full).keys() | write_charge_item(timed).keys()
    assert written - {"resourceType", "id"} <= OUR_ELEMENTS


# --- Provenance ----------------------------------------------------------------------------------


@pytest.mark.parametrize("last", [answer(201), answer(403), answer(500), Unreachable("no answer")])
def test_provenance_is_written_where_it_is_taken_and_never_fatal(last: Answer | EhrError) -> None:
    """Whatever becomes of it, the charge is sent."""
    under = sink(answer(201), answer(200, stored()), last, support=replace(BY_ID, provenance=True), attest=True)
    assert under.create(DRAFT).version == "1"
    assert script(under).asked[-1] == ("POST", "Provenance")
    assert script(under).bodies[-1]["target"] == [{"reference": f"{OUR_PATH}/_history/1"}]


@pytest.mark.parametrize(("provenance", "attest"), [(True, False), (False, True)])
def test_no_provenance_without_scope_and_support(provenance: bool, attest: bool) -> None:
    """Both are needed."""
    support = replace(BY_ID, provenance=provenance)
    under = sink(answer(201), answer(200, stored()), support=support, attest=attest)
    under.create(DRAFT)
    assert script(under).asked == [("PUT", OUR_PATH), ("GET", OUR_PATH)]


# --- what a server declares ----------------------------------------------------------------------


def _statement(*resources: dict[str, Any], mode: str = "server") -> dict[str, Any]:
    return {"resourceType": "CapabilityStatement", "rest": [{"mode": mode, "resource": list(resources)}]}


def _resource(kind: str, *codes: str, **more: Any) -> dict[str, Any]:
    return {"type": kind, "interaction": [{"code": code} for code in codes], **more}


@pytest.mark.parametrize(
    ("statement", "support"),
    [
        (_statement(), ChargeItemSupport()),
        (_statement(_resource("ChargeItem", "read")), ChargeItemSupport()),
        (_statement(_resource("ChargeItem", "create")), ChargeItemSupport(create=True)),
        (_statement(_resource("ChargeItem", "create"), mode="client"), ChargeItemSupport()),
        (
            _statement(_resource("ChargeItem", "create", "update", updateCreate=True, conditionalCreate=True)),
            ChargeItemSupport(create=True, update=True, client_ids=True, conditional_create=True),
        ),
        (_statement(_resource("ChargeItem", "create", updateCreate=True)), ChargeItemSupport(create=True)),
        (
            _statement(_resource("ChargeItem", "create"), _resource("Provenance", "create")),
            ChargeItemSupport(create=True, provenance=True),
        ),
        ({"rest": "odd"}, ChargeItemSupport()),
        ({"rest": [{"resource": [None, {"type": "ChargeItem", "interaction": [1]}]}]}, ChargeItemSupport()),
    ],
)
def test_support_is_read_from_the_capability_statement(statement: Any, support: ChargeItemSupport) -> None:
    """What isn't declared isn't used."""
    assert ChargeItemSupport.of(statement) == support


def test_the_enterer_is_named_where_the_name_is_known():
    """A bill then shows a person, not only a reference; nobody else gets that name."""
    script = Script([answer(201), answer(200, stored()), answer(201), answer(200, stored())])
    sink = FhirCreate(script, BY_ID, "ours 1.0", lambda: NOW, names={"Practitioner/c1": "Dana Coder"})
    sink.create(DRAFT)
    sink.create(replace(DRAFT, entered_by="Practitioner/c2"))
    assert [body["enterer"] for body in script.bodies] == [
        {"reference": "Practitioner/c1", "display": "Dana Coder"},
        {"reference": "Practitioner/c2"},
    ]


def test_the_sites_own_billing_codes_go_with_the_charge() -> None:
    """The charge-master code after the CPT code, which stays the one that is read; the revenue code as an extension."""
    script = Script([answer(201), answer(200, stored()), answer(201), answer(200, stored())])
    code = DRAFT.charge.code
    own = ChargeMaster({code: BillingCodes("4700123", "0510")})
    FhirCreate(script, BY_ID, "ours 1.0", lambda: NOW, charge_master=own).create(DRAFT)
    FhirCreate(script, BY_ID, "ours 1.0", lambda: NOW).create(DRAFT)
    with_codes, without = script.bodies
    assert [each["code"] for each in with_codes["code"]["coding"]] == [code, "4700123"]
    assert with_codes["code"]["coding"][1]["system"] == CHARGE_MASTER
    assert with_codes["extension"][-1] == {
        "url": "https://fhir-ehr.cerner.com/r4/StructureDefinition/revenue-code",
        "valueCodeableConcept": {
            "coding": [{"system": "https://www.nubc.org/CodeSystem/RevenueCodes", "code": "0510"}]
        },
    }
    assert [each["code"] for each in without["code"]["coding"]] == [code]
    assert "revenue-code" not in str(without)
    assert read_charge_item(with_codes, Lookup())[0].code == code


def test_a_change_replaces_our_revenue_code_and_leaves_others_alone() -> None:
    """One of ours in the end, beside what somebody else wrote."""
    theirs = {"url": "https://ehr.example.org/booked", "valueBoolean": True}
    old = {"url": REVENUE_CODE_URL, "valueCodeableConcept": {"coding": [{"code": "0260"}]}}
    current = {**stored(), "extension": [theirs, old]}
    script = Script([answer(200, current), answer(200), answer(200, stored("2"))])
    own = ChargeMaster({DRAFT.charge.code: BillingCodes("", "0510")})
    sink = FhirCreate(script, BY_ID, "ours 1.0", lambda: NOW, charge_master=own)
    sink.change(replace(DRAFT, units=2), sent_charge(stored(), DRAFT.identity))
    written = [each for each in script.bodies[0]["extension"] if each["url"] in (REVENUE_CODE_URL, theirs["url"])]
    assert [each.get("valueCodeableConcept", {}).get("coding") for each in written] == [
        None,
        [{"system": "https://www.nubc.org/CodeSystem/RevenueCodes", "code": "0510"}],
    ]
