"""What the doctor says of EHRs as they are: complete, poor, odd, and down."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin.ehr.credentials import Credentials
from plugin.ehr.errors import Unreachable
from plugin.ehr.findings import Report, Standing
from plugin.ehr.preflight import examine
from plugin.ehr.signing import make_signing_key
from plugin.ehr.tenants import Tenant
from plugin.ehr.transport import Answer
from plugin.store.signing_keys import SigningKey
from tests.unit.ehr.fakes import BASE, FakeEhr, Sent, answer, tenant
from tests.verifies import verifies

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
ANSWERED = {
    "authorization_endpoint": "https://ehr.example.org/authorize",
    "token_endpoint": "https://ehr.example.org/token",
    "revocation_endpoint": "https://ehr.example.org/revoke",
    "issuer": "https://ehr.example.org",
    "jwks_uri": "https://ehr.example.org/jwks",
    "code_challenge_methods_supported": ["S256"],
    "capabilities": ["launch-ehr", "context-ehr-encounter", "permission-v2"],
}
KINDS = ("Patient", "Encounter", "Condition", "MedicationAdministration", "Medication", "MedicationRequest")
READY = {
    "roles": {"Practitioner/p1": "coder"},
    "frame_ancestors": ("https://ehr.example.org",),
    "zone": "any",
}


def resource(kind: str, *interactions: str, **more: Any) -> dict[str, Any]:
    """One entry of a CapabilityStatement."""
    return {"type": kind, "interaction": [{"code": code} for code in interactions], **more}


def statement(*resources: dict[str, Any], version: str = "4.0.1") -> dict[str, Any]:
    """A CapabilityStatement."""
    rest = [{"mode": "server", "resource": list(resources)}]
    return {"resourceType": "CapabilityStatement", "fhirVersion": version, "rest": rest}


def readable(*without: str) -> list[dict[str, Any]]:
    """Everything the app reads but these."""
    parameters = [{"name": name} for name in ("patient", "context", "effective-time")]
    kinds = [kind for kind in (*KINDS, "ChargeItem") if kind not in without]
    return [resource(kind, "read", "search-type", searchParam=parameters) for kind in kinds]


WRITES = [resource("ChargeItem", "read", "search-type", "create", "update"), resource("Provenance", "create")]
COMPLETE = statement(*readable("ChargeItem"), *WRITES)


def ehr(configuration: Any = None, declared: Any = None, token: bool = True) -> FakeEhr:
    """An EHR with these two documents; an Answer or an exception stands for itself."""

    def reply(sent: Sent) -> Answer:
        asked = configuration if sent.url.endswith("smart-configuration") else declared
        if sent.method == "POST":
            return answer({"access_token": "t", "token_type": "Bearer"} if token else {"error": "invalid_client"})
        given = {**ANSWERED} if asked is None and sent.url.endswith("smart-configuration") else asked
        found = COMPLETE if given is None else given
        if isinstance(found, Exception):
            raise found
        return found if isinstance(found, Answer) else answer(found)

    return FakeEhr(reply)


def report(at: FakeEhr, of: Tenant | None = None, *keys: SigningKey) -> Report:
    """What the doctor says of it, knowing these signing keys."""
    return examine(of or tenant(**READY), at, Credentials(keys_of=lambda _: keys), NOW)


def told(found: Report, standing: Standing) -> dict[str, str]:
    """What stands like this, with what it means."""
    return {each.says: each.means for each in found.findings if each.standing is standing}


@verifies("RD-01")
def test_a_complete_ehr_has_nothing_to_look_at() -> None:
    """Two public documents are read, without a token, and each line is good."""
    at = ehr()
    found = report(at)
    assert (found.usable, {each.standing for each in found.findings}) == (True, {Standing.GOOD})
    assert [each.url for each in at.sent] == [f"{BASE}/.well-known/smart-configuration", f"{BASE}/metadata"]
    assert {each.token for each in at.sent} == {""}
    good = told(found, Standing.GOOD)
    assert "People sign in at ehr.example.org." in good
    assert "It announces context-ehr-encounter, launch-ehr, permission-v2." in good
    assert "It offers MedicationAdministration, searched by context, effective-time, patient." in good
    assert "Administrations are found by visit." in good
    assert good["Charges go by fhir_create."].startswith("Accepted charges are written to the EHR")


@verifies("RD-01")
@pytest.mark.parametrize(
    ("without", "means"),
    [
        ("MedicationAdministration", "This EHR cannot support infusion charges"),
        ("Encounter", "nothing can be coded"),
    ],
)
def test_an_ehr_without_the_essential_can_not_be_used(without: str, means: str) -> None:
    """As athenahealth and MEDITECH are today: told before anybody launches."""
    found = report(ehr(declared=statement(*readable(without), *WRITES)))
    assert not found.usable
    assert means in told(found, Standing.STOP)[f"It doesn't offer {without}."]


@pytest.mark.parametrize("without", ["Patient", "Condition", "Medication", "MedicationRequest"])
def test_an_ehr_without_something_else_says_what_is_lost(without: str) -> None:
    """Usable, with a line for whoever has to explain it."""
    found = report(ehr(declared=statement(*readable(without, "ChargeItem"), *WRITES)))
    assert found.usable
    assert told(found, Standing.LOOK)[f"It doesn't offer {without}."]


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        (Unreachable("ehr.example.org could not be reached; try again in a moment"), "could not be reached"),
        (answer("<html>Welcome</html>"), "is not JSON"),
        (answer({}, 404), "status 404"),
        (answer([1]), "holds no JSON object"),
        (answer({**ANSWERED, "token_endpoint": "https://elsewhere.example/t"}), "add it to hosts of tenant general"),
    ],
)
def test_a_sign_in_that_can_not_be_found_stops_everything(reply: Any, says: str) -> None:
    """Down, a web page, nothing, something else, another host: each in its own words."""
    found = report(ehr(configuration=reply))
    assert not found.usable
    ((text, means),) = told(found, Standing.STOP).items()
    assert says in text
    assert means == "Nobody can launch the app from this EHR until this is mended."


@pytest.mark.parametrize(
    "reply",
    [
        Unreachable("ehr.example.org did not answer in time"),
        answer("<html>"),
        answer({}, 500),
        answer({"resourceType": "OperationOutcome"}),
        answer([]),
    ],
)
def test_without_a_statement_nothing_can_be_accepted(reply: Any) -> None:
    """What it says of the sign-in is told all the same."""
    found = report(ehr(declared=reply))
    assert not found.usable
    assert list(told(found, Standing.STOP).values()) == [
        "What it offers is not known; nothing can be accepted until it says so."
    ]
    assert "People sign in at ehr.example.org." in told(found, Standing.GOOD)


@pytest.mark.parametrize(
    ("interactions", "says"),
    [
        (("read",), "It offers Condition, one by one."),
        (("read", "search-type"), "It offers Condition, searched by nothing that it names."),
    ],
)
def test_how_a_resource_is_reached(interactions: tuple[str, ...], says: str) -> None:
    """By id alone, or by a search whose parameters it doesn't name."""
    declared = statement(*readable("Condition", "ChargeItem"), resource("Condition", *interactions), *WRITES)
    assert says in told(report(ehr(declared=declared)), Standing.GOOD)


def test_an_ehr_without_charges_gets_an_export() -> None:
    """As Epic: usable, and the coder knows beforehand where accepted charges go."""
    found = report(ehr(declared=statement(*readable("ChargeItem"))))
    assert found.usable
    assert "kept for the export" in told(found, Standing.GOOD)["Charges go by export."]
    assert "It doesn't show the charges it has." in told(found, Standing.LOOK)


@pytest.mark.parametrize(
    ("changes", "standing", "says"),
    [
        ({"code_challenge_methods_supported": ["plain"]}, Standing.STOP, "It offers PKCE without S256."),
        ({"code_challenge_methods_supported": None}, Standing.LOOK, "It doesn't announce PKCE with S256."),
        ({"jwks_uri": None, "issuer": None}, Standing.STOP, "It publishes no keys to verify identities with."),
        ({"revocation_endpoint": None}, Standing.GOOD, "It has no way to revoke tokens."),
        ({"capabilities": ["x"]}, Standing.LOOK, "It doesn't promise to name the visit at a launch."),
        (
            {"scopes_supported": ["openid", "fhirUser", "online_access", "patient/*.rs", "user/Provenance.c"]},
            Standing.LOOK,
            "It doesn't list the scope user/ChargeItem.crus.",
        ),
    ],
)
def test_weak_points_of_a_sign_in(changes: dict[str, Any], standing: Standing, says: str) -> None:
    """Each with its standing."""
    given = {name: value for name, value in {**ANSWERED, **changes}.items() if value is not None}
    assert says in told(report(ehr(configuration=given)), standing)


def test_scopes_in_the_other_syntax_count_as_listed() -> None:
    """An EHR that lists the older words grants the same."""
    listed = ["openid", "fhirUser", "online_access", "patient/*.read", "user/*.*"]
    found = report(ehr(configuration={**ANSWERED, "scopes_supported": listed}))
    assert "It lists every scope that the app asks for." in told(found, Standing.GOOD)


@pytest.mark.parametrize(
    ("changes", "standing", "says"),
    [
        ({"roles": {}}, Standing.LOOK, "No roles are given."),
        ({"frame_ancestors": ()}, Standing.LOOK, "frame_ancestors names no origin."),
        ({"zone": None}, Standing.LOOK, "zone is not set."),
        ({"open": True}, Standing.LOOK, "The EHR has no sign-in."),
        ({"write": "off"}, Standing.GOOD, 'The tenants file says write = "off".'),
        ({"auth": "private_key_jwt"}, Standing.STOP, "The app has no signing key for this EHR."),
    ],
)
def test_what_the_tenants_file_leaves_open(changes: dict[str, Any], standing: Standing, says: str) -> None:
    """The administrator's own part is looked at too."""
    assert says in told(report(ehr(), tenant(**{**READY, **changes})), standing)


def test_another_fhir_version_stops() -> None:
    """R4 alone is read."""
    found = report(ehr(declared={**COMPLETE, "fhirVersion": "3.0.2"}))
    assert "It speaks FHIR 3.0.2." in told(found, Standing.STOP)


def test_a_client_that_the_ehr_does_not_list_is_told() -> None:
    """Before the first sign-in fails."""
    given = {**ANSWERED, "token_endpoint_auth_methods_supported": ["client_secret_post"]}
    found = report(ehr(configuration=given), tenant(**READY, auth="symmetric"))
    assert "It doesn't list client_secret_basic; it lists client_secret_post." in told(found, Standing.LOOK)


@pytest.mark.parametrize(
    ("token", "standing", "says"),
    [
        (True, Standing.GOOD, "The EHR gives the app a token of its own."),
        (False, Standing.LOOK, "refused the token request (invalid_client)"),
    ],
)
def test_working_without_a_person_is_tried(token: bool, standing: Standing, says: str) -> None:
    """With the registration's own scopes; a refusal keeps nobody from launching."""
    key = make_signing_key("general", "ES384", NOW)
    at = ehr(token=token)
    found = report(at, tenant(**READY, backend_client_id="night", backend_scopes="system/Encounter.rs"), key)
    assert found.usable
    assert any(says in each for each in told(found, standing))
    (asked,) = [each.data for each in at.sent if each.method == "POST"]
    assert (asked["grant_type"], asked["scope"]) == ("client_credentials", "system/Encounter.rs")


def test_without_its_key_the_app_says_so_and_is_told_by_nobody() -> None:
    """Nothing is asked of the token endpoint then."""
    at = ehr()
    found = report(at, tenant(**READY, backend_client_id="night"))
    assert told(found, Standing.STOP) == {
        "The app has no signing key for this EHR.": "Run: infusion-charges keys rotate general"
    }
    assert [each.method for each in at.sent] == ["GET", "GET"]


MIXED = [
    "rest",
    "resource",
    "type",
    "interaction",
    "code",
    "searchParam",
    "name",
    "mode",
    "fhirVersion",
    "operation",
    "definition",
    "authorization_endpoint",
    "token_endpoint",
    "issuer",
    "jwks_uri",
    "capabilities",
    "scopes_supported",
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(MIXED), inner, max_size=4),
    max_leaves=12,
)


@given(configuration=JSON, declared=JSON)
def test_no_json_breaks_the_doctor(configuration: Any, declared: Any) -> None:
    """Whatever stands in the two documents, there is a report."""
    given = {**ANSWERED, **configuration} if isinstance(configuration, dict) else configuration
    said = {"resourceType": "CapabilityStatement", **declared} if isinstance(declared, dict) else declared
    found = report(ehr(answer(given), answer(said)))
    assert found.findings
    assert all(each.says for each in found.findings)
