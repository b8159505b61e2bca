"""The signing key and the `id_token`."""

# mypy: allow-subclassing-any
from __future__ import annotations

import secrets
from typing import Any

from authlib.oidc.core import UserInfo
from authlib.oidc.core.grants import OpenIDCode
from joserfc.jwk import KeySet, RSAKey

from plugin.sandbox.faults import FaultSwitches
from plugin.sandbox.staff import name_of

ID_TOKEN_SECONDS = 300


class Identity:
    """A signing key, made fresh for each sandbox, and what is published of it."""

    def __init__(self, issuer: str, fhir_base: str) -> None:
        self.issuer = issuer
        self.fhir_base = fhir_base
        self.rotate()

    def rotate(self) -> None:
        """Sign with a new key from now on; the old one is published no more."""
        self.key = RSAKey.generate_key(2048, {"kid": secrets.token_hex(8), "use": "sig", "alg": "RS256"})

    def public_keys(self) -> Any:
        """The JSON Web Key Set, public members only."""
        return KeySet([self.key]).as_dict(private=False)

    def fhir_user(self, user: str) -> str:
        """The absolute address of the person's Practitioner."""
        return f"{self.fhir_base}/Practitioner/{user}"


class SmartIdToken(OpenIDCode):
    """Adds an `id_token` with `fhirUser` to the response to a code."""

    def __init__(self, identity: Identity, faults: FaultSwitches) -> None:
        super().__init__(require_nonce=False)
        self._identity = identity
        self._faults = faults

    def encode_id_token(self, token: Any, request: Any) -> Any:
        """The signed id_token, with a new key where the fault switch says so."""
        if self._faults.take("rotated-keys"):
            self._identity.rotate()
        return super().encode_id_token(token, request)

    def get_compatible_claims(self, request: Any) -> dict[str, Any]:
        """The claims about the token itself; the clock may be ahead."""
        claims: dict[str, Any] = super().get_compatible_claims(request)
        ahead = self._faults.take("clock-skew") or 0
        return {**claims, "iat": claims["iat"] + ahead, "exp": claims["exp"] + ahead}

    def get_authorization_code_claims(self, authorization_code: Any) -> dict[str, Any]:
        """The claims about the sign-in, and the nonce of the request."""
        claims: dict[str, Any] = super().get_authorization_code_claims(authorization_code)
        if self._faults.take("no-nonce"):
            claims.pop("nonce", None)
        return claims

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
