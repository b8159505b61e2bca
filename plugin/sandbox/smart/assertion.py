"""`private_key_jwt` as SMART wants it: RS384 or ES384, a `kid`, five minutes at most, each `jti` once.

Authlib's own check refuses RS384 and ES384, takes RS256 and any length of `exp`.
"""

# mypy: allow-subclassing-any
from __future__ import annotations

import time
from typing import Any

from authlib.oauth2.rfc6749 import InvalidClientError
from authlib.oauth2.rfc7523 import JWTBearerClientAssertion
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from plugin.sandbox.smart.tokens import TokenBook

ALGORITHMS = ["RS384", "ES384"]
LONGEST_SECONDS = 300


class SmartClientAssertion(JWTBearerClientAssertion):
    """Authenticates a client by a signed assertion; `audience` is the token endpoint."""

    CLIENT_AUTH_METHOD = "private_key_jwt"

    def __init__(self, tokens: TokenBook, audience: str) -> None:
        super().__init__()
        self._tokens = tokens
        self._audience = audience

    def process_assertion_claims(self, assertion: str, resolve_key: Any) -> Any:
        """The verified claims.  Raises InvalidClientError."""
        try:
            token = jwt.decode(assertion, resolve_key, algorithms=ALGORITHMS)
        except (JoseError, ValueError) as error:
            raise InvalidClientError(description="The assertion is not signed as registered.") from error
        if not token.header.get("kid"):
            raise InvalidClientError(description="The assertion needs a kid in its header.")
        self.verify_claims(token.claims)
        return token.claims

    def verify_claims(self, claims: Any) -> None:
        """Refuse an `exp` too far ahead before the `jti` is used up."""
        expires = claims.get("exp")
        if not isinstance(expires, int) or expires > time.time() + LONGEST_SECONDS:
            raise InvalidClientError(description="exp must be at most 300 seconds ahead.")
        super().verify_claims(claims)

    def get_audiences(self) -> list[str]:
        """The token endpoint, nothing else."""
        return [self._audience]

    def validate_jti(self, claims: Any, jti: Any) -> bool:
        """Whether the assertion id is new."""
        return self._tokens.first_use(str(claims["sub"]), str(jti))

    def resolve_client_public_key(self, client: Any) -> KeySet:
        """The registered public keys."""
        return KeySet.import_key_set({"keys": list(client.jwks["keys"])})
