"""What the sandbox says about itself before anybody logs in."""

from tests.smart.sandbox.ehr import Ehr


def test_smart_configuration_names_working_endpoints(ehr: Ehr) -> None:
    """The discovery document lies below the FHIR base and names endpoints of this server, S256 alone."""
    found = ehr.get("/fhir/.well-known/smart-configuration")
    body = found.json()
    assert found.headers["Content-Type"] == "application/json"
    assert body["issuer"] == f"{ehr.base}/auth"
    assert body["authorization_endpoint"] == f"{ehr.base}/auth/authorize"
    assert body["token_endpoint"] == f"{ehr.base}/auth/token"
    assert body["code_challenge_methods_supported"] == ["S256"]
    assert {"launch-ehr", "launch-standalone", "client-public", "permission-v2"} <= set(body["capabilities"])
    assert {"openid", "fhirUser", "launch", "patient/MedicationAdministration.rs"} <= set(body["scopes_supported"])


def test_openid_configuration_lies_below_the_issuer(ehr: Ehr) -> None:
    """The issuer is not the FHIR base, and its own discovery document repeats it."""
    body = ehr.get("/auth/.well-known/openid-configuration").json()
    assert body["issuer"] == f"{ehr.base}/auth"
    assert body["jwks_uri"] == ehr.get("/fhir/.well-known/smart-configuration").json()["jwks_uri"]
    assert body["id_token_signing_alg_values_supported"] == ["RS256"]


def test_keys_are_public_members_only(ehr: Ehr) -> None:
    """The published key set holds no private member."""
    keys = ehr.get("/auth/jwks").json()["keys"]
    assert [sorted(key) for key in keys] == [["alg", "e", "kid", "kty", "n", "use"]]


def test_capability_statement_is_what_the_server_does(ehr: Ehr) -> None:
    """It is an R4 statement; only ChargeItem and Provenance can be written, under the client's id too."""
    found = ehr.get("/fhir/metadata")
    body = found.json()
    kinds = {kind["type"]: kind for kind in body["rest"][0]["resource"]}
    writable = {name for name, kind in kinds.items() if {"code": "update"} in kind["interaction"]}
    params = {param["name"] for param in kinds["MedicationAdministration"]["searchParam"]}
    assert found.headers["Content-Type"] == "application/fhir+json; charset=utf-8"
    assert (body["resourceType"], body["fhirVersion"]) == ("CapabilityStatement", "4.0.1")
    assert writable == {"ChargeItem", "Communication", "Provenance", "Task"}
    assert kinds["ChargeItem"]["updateCreate"] is True
    assert kinds["ChargeItem"]["conditionalCreate"] is True
    assert {"patient", "context", "effective-time", "status", "_id"} <= params
