"""The token endpoint: what is sent, what is understood, and what is refused."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from plugin.ehr.discovery import SmartConfiguration
from plugin.ehr.errors import EhrError, TokenRefused, Unreachable
from plugin.ehr.tokens import TokenAnswer, TokenEndpoint
from plugin.store.launch_rows import Tokens
from tests.unit.ehr.fakes import FakeEhr, answer, in_turn, tenant
from tests.verifies import verifies

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
CONFIGURATION = SmartConfiguration("https://e/a", "https://e/t", revocation_endpoint="https://e/r")
GOOD: dict[str, Any] = {
    "access_token": "at",
    "token_type": "Bearer",
    "expires_in": 570,
    "scope": "launch",
    "patient": "p1",
    "encounter": "Encounter/e1",
    "refresh_token": "rt",
    "id_token": "x.y.z",
    "need_patient_banner": False,
}
OLD = Tokens("old-at", "old-rt", NOW)


def endpoint(ehr: FakeEhr, configuration: SmartConfiguration = CONFIGURATION) -> TokenEndpoint:
    """The token endpoint of a public client."""
    return TokenEndpoint(ehr, tenant(), configuration)


def exchanged(ehr: FakeEhr) -> TokenAnswer:
    """Exchange a code."""
    redirect = "https://app/callback"
    return endpoint(ehr).exchange_code(code="c", verifier="v", redirect_uri=redirect, now=NOW)


def test_exchange_sends_the_form_of_a_public_client() -> None:
    """Code, verifier, redirect address and client id in the body; no Authorization header."""
    ehr = FakeEhr(in_turn(answer(GOOD)))
    exchanged(ehr)
    assert (ehr.sent[0].method, ehr.sent[0].url) == ("POST", "https://e/t")
    assert ehr.sent[0].data == {
        "grant_type": "authorization_code",
        "code": "c",
        "redirect_uri": "https://app/callback",
        "code_verifier": "v",
        "client_id": "app",
    }
    assert "Authorization" not in ehr.sent[0].headers


def test_exchange_reads_context_and_expiry() -> None:
    """Patient and encounter come out as ids, whether or not the server prefixed them."""
    found = exchanged(FakeEhr(in_turn(answer(GOOD))))
    assert found.tokens == Tokens("at", "rt", NOW + timedelta(seconds=570))
    assert (found.patient, found.encounter, found.scope, found.id_token) == ("p1", "e1", "launch", "x.y.z")
    assert found.need_patient_banner is False


@pytest.mark.parametrize(
    ("given", "seconds"), [(None, 300), ("3600", 3600), ("soon", 300), (0, 1), (10**9, 86400), (float("1e300"), 86400)]
)
def test_expiry_is_conservative(given: object, seconds: int) -> None:
    """Without a usable `expires_in` five minutes are assumed, and never more than a day."""
    found = exchanged(FakeEhr(in_turn(answer({**GOOD, "expires_in": given}))))
    assert found.tokens.expires_at == NOW + timedelta(seconds=seconds)


@verifies("CTX-03")
def test_missing_values_stay_missing() -> None:
    """No scope means as asked, no context means none; the banner is shown unless refused."""
    found = exchanged(FakeEhr(in_turn(answer({"access_token": "at", "token_type": "bearer"}))))
    assert (found.scope, found.patient, found.encounter, found.id_token) == (None, "", "", "")
    assert found.need_patient_banner is True
    assert found.tokens.refresh == ""


@pytest.mark.parametrize(
    ("body", "status", "code", "told"),
    [
        ({"error": "invalid_grant", "error_description": "code X7 of Jane Doe expired"}, 400, "invalid_grant", "grant"),
        ({"error": "invalid_client"}, 401, "invalid_client", "invalid_client"),
        ({"error": "<script>"}, 400, "", "status 400"),
        ({}, 302, "", "status 302"),
    ],
)
def test_refusal_tells_the_standard_code_alone(body: Any, status: int, code: str, told: str) -> None:
    """A description may echo secrets, so it isn't repeated; a redirect is a refusal."""
    with pytest.raises(TokenRefused) as caught:
        exchanged(FakeEhr(in_turn(answer(body, status))))
    assert caught.value.error == code
    assert told in str(caught.value)
    assert "Jane" not in str(caught.value)


@pytest.mark.parametrize(
    "reply",
    [
        answer("<html>"),
        answer([]),
        answer({"access_token": "", "token_type": "Bearer"}),
        answer({"access_token": "at", "token_type": "mac"}),
        answer({**GOOD, "patient": "../../admin"}),
    ],
)
def test_odd_answers_are_refused(reply: Any) -> None:
    """No token, another type of token, or a patient that is no id: nothing is opened."""
    with pytest.raises(EhrError):
        exchanged(FakeEhr(in_turn(reply)))


def test_exchange_is_never_retried() -> None:
    """After an unclear failure the launch starts anew."""
    ehr = FakeEhr(in_turn(Unreachable("no answer")))
    with pytest.raises(Unreachable):
        exchanged(ehr)
    assert len(ehr.sent) == 1


@verifies("CTX-06")
@pytest.mark.parametrize(("given", "kept"), [({}, "old-rt"), ({"refresh_token": "new-rt"}, "new-rt")])
def test_refresh_keeps_or_replaces_the_refresh_token(given: dict[str, str], kept: str) -> None:
    """Replace it when one comes, keep it when none comes."""
    ehr = FakeEhr(in_turn(answer({"access_token": "new-at", "token_type": "Bearer", **given})))
    fresh = endpoint(ehr).refresh(OLD, NOW)
    assert (fresh.access, fresh.refresh) == ("new-at", kept)
    assert ehr.sent[0].data == {"grant_type": "refresh_token", "refresh_token": "old-rt", "client_id": "app"}


def test_revoke_ends_both_tokens() -> None:
    """The refresh token goes first."""
    ehr = FakeEhr(in_turn(answer(), answer()))
    assert endpoint(ehr).revoke(OLD, NOW)
    assert [(each.url, each.data["token"]) for each in ehr.sent] == [
        ("https://e/r", "old-rt"),
        ("https://e/r", "old-at"),
    ]


def test_revoke_without_endpoint_says_so() -> None:
    """Nothing is sent where there is no place to send it."""
    ehr = FakeEhr(in_turn())
    assert not endpoint(ehr, SmartConfiguration("https://e/a", "https://e/t")).revoke(OLD, NOW)
    assert ehr.sent == []
