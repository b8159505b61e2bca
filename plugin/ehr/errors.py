"""What can go wrong on the way to an EHR; every text is fit for a page: no token, no patient data."""

from collections.abc import Iterator, Mapping
from typing import Any


class EhrError(Exception):
    """The EHR could not be used as expected; the text names what and the remedy."""


class Unreachable(EhrError):
    """No answer came; whether the request was processed is unknown."""


class AnswerTooLarge(EhrError):
    """The answer was cut off at the size limit; for a write that is as good as none."""


class BudgetSpent(EhrError):
    """Reading one chart would cost the EHR, or this machine, more than it may."""


class ForeignAddress(EhrError):
    """The EHR pointed to another origin; nothing was sent there."""


class DiscoveryFailed(EhrError):
    """The EHR's SMART configuration can't be used."""


class TokenRefused(EhrError):
    """The token endpoint said no; `error` is its OAuth error code."""

    def __init__(self, text: str, error: str = "") -> None:
        super().__init__(text)
        self.error = error


class IdentityRefused(EhrError):
    """The id_token doesn't prove who is at the keyboard."""


class SessionEnded(EhrError):
    """The grant of this launch is over; the person launches again from the chart."""


class FhirError(EhrError):
    """The FHIR server refused; `status` is HTTP's, `codes` are those of its OperationOutcome, `kind` our word for it.

    `kind` is forbidden, break-the-glass, not-found, not-offered, expired-page, busy, not-fhir or refused.
    """

    def __init__(self, text: str, status: int, kind: str = "refused", codes: tuple[str, ...] = ()) -> None:
        super().__init__(text)
        self.status, self.kind, self.codes = status, kind, codes


class Paused(FhirError):
    """The EHR asked to be left alone for longer than anybody waits; nothing was sent."""


def write_error(error: EhrError) -> dict[str, Any]:
    """The error as values that JSON can hold."""
    return {"name": type(error).__name__, "text": str(error), "more": vars(error)}


def error_from(content: Mapping[str, Any]) -> EhrError:
    """The error that `write_error` wrote; of a kind that is no longer known, an EhrError."""
    kind = next((kind for kind in _kinds(EhrError) if kind.__name__ == content["name"]), EhrError)
    error = kind.__new__(kind, content["text"])
    vars(error).update(content["more"])
    return error


def _kinds(kind: type[EhrError]) -> Iterator[type[EhrError]]:
    yield kind
    for narrower in kind.__subclasses__():
        yield from _kinds(narrower)
