"""The signing key and the `id_token`."""

# mypy: allow-subclassing-any
from __future__ import annotations

import secrets
from typing import Any

from authlib.oidc.core import UserInfo
from authlib.oidc.core.grants import OpenIDCode
from joserfc.jwk import KeySet, RSAKey

from plugin.sandbox.staff import name_of

ID_TOKEN_SECONDS = 300


class Identity:
    """A signing key, made fresh for each sandbox, and what is published of it."""

    def __init__(self, issuer: str, fhir_base: str) -> None:
        self.issuer = issuer
        self.fhir_base = fhir_base
        self.key = RSAKey.generate_key(2048, {"kid": secrets.token_hex(8), "use": "sig", "alg": "RS256"})

    def public_keys(self) -> Any:
        """The JSON Web Key Set, public members only."""
        return KeySet([self.key]).as_dict(private=False)

    def fhir_user(self, user: str) -> str:
        """The absolute address of the person's Practitioner."""
        return f"{self.fhir_base}/Practitioner/{user}"


class SmartIdToken(OpenIDCode):
    """Adds an `id_token` with `fhirUser` to the response to a code."""

    def __init__(self, identity: Identity) -> None:
        super().__init__(require_nonce=False)
        self._identity = identity

    def resolve_client_private_key(self, client: Any) -> RSAKey:
        """The signing key."""
        return self._identity.key

    def get_client_algorithm(self, client: Any) -> str:
        """The algorithm every OpenID client must know."""
        return "RS256"

    def get_encode_header(self, client: Any) -> dict[str, str]:
        """Names the key."""
        return {"alg": "RS256", "kid": str(self._identity.key.kid)}

    def get_client_claims(self, client: Any) -> dict[str, Any]:
        """Issuer and audience; Authlib adds iat, exp and nonce."""
        return {"iss": self._identity.issuer, "aud": client.client_id}

    def generate_user_info(self, user: str, scope: str) -> UserInfo:
        """Who logged in; `fhirUser`, and with it the name, only where that scope was granted."""
        claims = UserInfo(sub=user)
        if "fhirUser" in scope.split():
            claims["fhirUser"] = self._identity.fhir_user(user)
            claims["name"] = name_of(user)
        return claims

    def exists_nonce(self, nonce: str, request: Any) -> bool:
        """A nonce is the client's to check; it is only passed on."""
        return False
