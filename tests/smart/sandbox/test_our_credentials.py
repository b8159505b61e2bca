"""The app's own assertions and secrets before a server that shares no code with it: the sandbox takes them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from plugin.ehr.credentials import Credentials
from plugin.ehr.discovery import Discovery
from plugin.ehr.errors import TokenRefused
from plugin.ehr.signing import make_signing_key, public_keys
from plugin.ehr.tenants import Tenant
from plugin.ehr.tokens import TokenEndpoint
from plugin.ehr.transport import Transport
from plugin.sandbox.config import ClientSettings
from plugin.store.signing_keys import SigningKey
from tests.smart.sandbox.ehr import REDIRECT, Ehr, running_ehr
from tests.verifies import verifies


def now() -> datetime:
    """The real clock: the server has one too."""
    return datetime.now(UTC)


def endpoint_at(ehr: Ehr, *keys: SigningKey, secret: str = "", auth: str = "private_key_jwt") -> TokenEndpoint:
    """The sandbox's token endpoint, found by discovery and asked with these keys or this secret."""
    host = ehr.base.removeprefix("http://")
    tenant = Tenant("general", ehr.iss, ehr.client_id, "Sandbox", auth=auth, hosts=(host,))
    transport = Transport()
    credentials = Credentials({"general": secret}, lambda _: keys)
    return TokenEndpoint(transport, tenant, Discovery(transport).of(tenant), credentials)


@verifies("SEC-08")
@pytest.mark.parametrize("algorithm", ["RS384", "ES384"])
def test_our_assertions_are_taken(tmp_path: Path, algorithm: str) -> None:
    """For the code, for each refresh and for the revocation: the server refuses a jti it has seen."""
    key = make_signing_key("general", algorithm, now())
    client = ClientSettings("keyed", (REDIRECT,), "private_key_jwt", public_keys([key], now()))
    with running_ehr(tmp_path, clients=(client,)) as ehr:
        ehr.client_id = "keyed"
        attempt = ehr.authorize()
        endpoint = endpoint_at(ehr, key)
        answer = endpoint.exchange_code(
            code=attempt.returned["code"], verifier=attempt.verifier, redirect_uri=REDIRECT, now=now()
        )
        tokens = endpoint.refresh(endpoint.refresh(answer.tokens, now()), now())
        assert ehr.fhir(tokens.access).get("Patient/amber").status_code == 200
        assert endpoint.revoke(tokens, now())
        assert ehr.fhir(tokens.access).get("Patient/amber").status_code == 401


def test_a_key_the_server_does_not_know_is_refused_with_the_causes(tmp_path: Path) -> None:
    """As when an EHR has not fetched the new key yet."""
    known, other = (make_signing_key("general", "ES384", now() - timedelta(days=1)) for _ in range(2))
    client = ClientSettings("keyed", (REDIRECT,), "private_key_jwt", public_keys([known], now()))
    with running_ehr(tmp_path, clients=(client,)) as ehr:
        ehr.client_id = "keyed"
        attempt = ehr.authorize()
        with pytest.raises(TokenRefused, match="may not have fetched the app's key set yet"):
            endpoint_at(ehr, other).exchange_code(
                code=attempt.returned["code"], verifier=attempt.verifier, redirect_uri=REDIRECT, now=now()
            )


def test_our_secret_is_taken_and_another_is_not(tmp_path: Path) -> None:
    """In the header alone; without it, or with a wrong one, the code is worth nothing."""
    client = ClientSettings("secretive", (REDIRECT,), "client_secret_basic", secret="s3cret-and-long")
    with running_ehr(tmp_path, clients=(client,)) as ehr:
        ehr.client_id = "secretive"
        for secret, taken in (("wrong", False), ("s3cret-and-long", True)):
            attempt = ehr.authorize()
            endpoint = endpoint_at(ehr, secret=secret, auth="symmetric")
            given = {"code": attempt.returned["code"], "verifier": attempt.verifier, "redirect_uri": REDIRECT}
            if taken:
                answer = endpoint.exchange_code(**given, now=now())
                assert endpoint.refresh(answer.tokens, now()).access
            else:
                with pytest.raises(TokenRefused, match="check client_id and secret"):
                    endpoint.exchange_code(**given, now=now())
