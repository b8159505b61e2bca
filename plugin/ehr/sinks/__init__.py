"""The ways a charge can reach an EHR, one module each; `fhir_create` is the generic one.

A sink satisfies `plugin.review.ports.ChargeSink`; it speaks through `FhirHttp`, which the launch's client satisfies.
"""

from collections.abc import Mapping
from typing import Any, Protocol


class FhirAnswer(Protocol):
    """An answer of any status, read to its end; `headers` are found in any case of letters."""

    @property
    def status(self) -> int: ...

    @property
    def headers(self) -> Mapping[str, str]: ...

    def json(self) -> Any:
        """The body as JSON with exact decimals; raises an EhrError when it is none."""


class FhirHttp(Protocol):
    """Requests with the launch's token below the FHIR base; `path` is relative (`ChargeItem/x1`).

    Every answer is returned whatever its status, except 401, after which the token is refreshed and the request sent
    once more (a 401 was not processed). Nothing else is repeated. Raises `plugin.ehr.errors.Unreachable` (and its
    siblings) when no answer came, SessionEnded when the grant is over.
    """

    def get(self, path: str, params: Mapping[str, str]) -> FhirAnswer: ...

    def post(self, path: str, body: Mapping[str, Any], headers: Mapping[str, str]) -> FhirAnswer: ...

    def put(self, path: str, body: Mapping[str, Any], headers: Mapping[str, str]) -> FhirAnswer: ...
