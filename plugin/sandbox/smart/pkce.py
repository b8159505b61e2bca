"""PKCE as SMART wants it: of every client, and S256 alone.

Authlib asks it of public clients only and takes `plain`.
"""

# mypy: allow-subclassing-any
from __future__ import annotations

import re
from typing import Any

from authlib.oauth2.rfc6749 import InvalidRequestError
from authlib.oauth2.rfc7636 import CodeChallenge

_S256_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")


class SmartCodeChallenge(CodeChallenge):
    """The PKCE check of the authorization code grant.

    Since no code is given without a challenge, Authlib then asks every client for the verifier.
    """

    SUPPORTED_CODE_CHALLENGE_METHOD = ("S256",)

    def validate_code_challenge(self, grant: Any, redirect_uri: str | None) -> None:
        """Refuse an authorization request without an S256 challenge."""
        data = grant.request.payload.data
        if data.get("code_challenge_method") != "S256":
            raise InvalidRequestError("PKCE is required: code_challenge_method must be S256.")
        if not _S256_CHALLENGE.fullmatch(data.get("code_challenge") or ""):
            raise InvalidRequestError("PKCE is required: code_challenge must be the base64url SHA-256.")
