"""Who may do what at the FHIR endpoint: the token, its scopes, and the patient it is confined to."""

from __future__ import annotations

from dataclasses import dataclass

from plugin.sandbox.fhir.outcomes import FhirError
from plugin.sandbox.smart.scopes import ResourceScope, resource_scopes
from plugin.sandbox.smart.tokens import TokenBook

_CHALLENGE = 'Bearer realm="sandbox-ehr"'
_CHALLENGE_AGAIN = f'{_CHALLENGE}, error="invalid_token"'


@dataclass(frozen=True, slots=True)
class Access:
    """What one access token allows; `patient` is the only patient it may see, None for a token without context."""

    scopes: tuple[ResourceScope, ...]
    patient: str | None
    client_id: str = ""

    def covers(self, kind: str, letter: str) -> bool:
        """Whether a granted scope covers the interaction (a letter of `cruds`) on the type."""
        return any(scope.covers(kind, letter) for scope in self.scopes)

    def require(self, kind: str, letter: str) -> None:
        """Raise FhirError 403 unless a granted scope covers the interaction (a letter of `cruds`) on the type."""
        if not self.covers(kind, letter):
            raise _too_narrow(f"ask for user/{kind}.{letter} or patient/{kind}.{letter}")

    def require_service(self) -> None:
        """Raise FhirError 403 unless the token is a service's, given for the whole system."""
        if not any(scope.level == "system" for scope in self.scopes):
            raise _too_narrow("an export is a service's, with scopes as system/Encounter.rs")

    def require_patient(self, patient: str | None) -> None:
        """Raise FhirError 403 where a resource lies in the compartment of a patient that is not in context."""
        if self.patient is not None and patient not in (None, self.patient):
            raise FhirError(403, "forbidden", "The patient in context is another one.")


def _too_narrow(remedy: str) -> FhirError:
    return FhirError(
        403,
        "forbidden",
        f"The granted scopes don't cover this; {remedy}.",
        headers={"WWW-Authenticate": f'{_CHALLENGE}, error="insufficient_scope"'},
    )


def access_of(tokens: TokenBook, authorization: str | None) -> Access:
    """What an Authorization header allows.  Raises FhirError 401."""
    scheme, _, value = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not value:
        raise FhirError(
            401, "login", "Send an access token: Authorization: Bearer ...", headers={"WWW-Authenticate": _CHALLENGE}
        )
    grant = tokens.access(value.strip())
    if grant is None:
        raise FhirError(
            401,
            "login",
            "The access token is unknown, expired or revoked.",
            headers={"WWW-Authenticate": _CHALLENGE_AGAIN},
        )
    return Access(resource_scopes(grant.scope), grant.patient, grant.client_id)
