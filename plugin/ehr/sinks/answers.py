"""Answers to what a sink asked: what is clear, what leaves the outcome open, and what they hold."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from fhir_mappings.charge_item import read_charge_item
from fhir_mappings.checking import check_outgoing
from fhir_mappings.lookup import Lookup
from plugin.ehr.errors import EhrError, Paused, SessionEnded
from plugin.ehr.outcomes import outcome_codes
from plugin.ehr.sinks import FhirAnswer
from plugin.review.ports import NothingSent, Refused, SentCharge, Unknown
from plugin.store.engine import refuse_open_transaction

# A write answered with one of these may have been processed all the same, or not yet.
_UNCLEAR = frozenset({202, 408, 425, 429})
TOO_MANY = 429  # answered before anything is processed (RFC 6585, 4)
CLASHES = frozenset({409, 412})
GONE = frozenset({404, 410})


def ask(send: Callable[[], FhirAnswer]) -> FhirAnswer:
    """Send a request; raises Unknown when no answer came, Refused when the session is over, NothingSent in a pause."""
    refuse_open_transaction()
    try:
        return send()
    except SessionEnded as error:
        raise Refused(str(error)) from error
    except Paused as error:
        raise NothingSent(f"Nothing was sent. {error}.") from error
    except EhrError as error:
        raise Unknown(str(error)) from error


def after_writing(look: Callable[[], SentCharge]) -> SentCharge:
    """What a look shows once something was written: that we may not look doesn't mean that it isn't there.

    Raises Unknown and Conflict.
    """
    try:
        return look()
    except Refused as error:
        raise Unknown(f"The EHR took the charge and doesn't show it. {error}") from error


def require(answer: FhirAnswer, *, writing: bool = False) -> FhirAnswer:
    """Let 2xx through; raise Unknown where a later look may tell more, NothingSent for one too many, else Refused."""
    if writing and answer.status == TOO_MANY:
        raise NothingSent("The EHR is busy and took nothing; send it again in a moment.")
    if 200 <= answer.status < 300 and not (writing and answer.status in _UNCLEAR):
        return answer
    if answer.status >= 500 or answer.status in _UNCLEAR:
        raise Unknown(f"The EHR answered with status {answer.status}.")
    raise Refused(f"The EHR refused the charge (status {answer.status}{_codes(answer)}).")


def body_of(answer: FhirAnswer) -> dict[str, Any]:
    """The answer's resource; raises Unknown when it is none."""
    try:
        body = answer.json()
    except EhrError as error:
        raise Unknown(str(error)) from error
    if not isinstance(body, dict):
        raise Unknown("The EHR answered with something that is no FHIR.")
    return body


def sent_charge(resource: dict[str, Any], identity: str) -> SentCharge:
    """The charge as it stands; raises Unknown when the resource is no ChargeItem."""
    if resource.get("resourceType") != "ChargeItem":
        raise Unknown("The EHR answered with something that is no ChargeItem.")
    charge, _ = read_charge_item(resource, Lookup())
    return SentCharge(
        identity=identity,
        reference=charge.id,
        version=charge.version,
        status=charge.status,
        units=charge.units,
        modifiers=charge.modifiers,
        author=charge.entered_by,
    )


def checked(resource: dict[str, Any]) -> dict[str, Any]:
    """Let a resource through that is fit to be sent; raises Refused, naming what is wrong with it."""
    wrong = check_outgoing(resource)
    if wrong:
        raise Refused(f"This charge was not sent, since it would be refused: {'; '.join(wrong)}.")
    return resource


def charge_items(bundle: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The ChargeItems of one page; raises Unknown when it is no Bundle."""
    if bundle.get("resourceType") != "Bundle":
        raise Unknown("The EHR answered the search for this charge with something that is no FHIR Bundle.")
    resources = (entry.get("resource") for entry in objects(bundle.get("entry")))
    return [item for item in resources if isinstance(item, dict) and item.get("resourceType") == "ChargeItem"]


def next_page(bundle: Mapping[str, Any]) -> str:
    """The address of the next page, empty on the last one."""
    addresses = [link.get("url") for link in objects(bundle.get("link")) if link.get("relation") == "next"]
    return str(addresses[0]) if addresses and addresses[0] else ""


def located(answer: FhirAnswer, kind: str = "ChargeItem") -> str:
    """`ChargeItem/id`, or that of another kind, from the Location header; empty when there is none."""
    parts = urlsplit(answer.headers.get("Location", "")).path.split("/")
    places = [index for index, part in enumerate(parts[:-1]) if part == kind]
    found = parts[places[-1] + 1] if places else ""
    return "" if found.startswith("$") or not found else f"{kind}/{found}"


def objects(value: object) -> list[dict[str, Any]]:
    """The objects of a JSON list; none when it is something else."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _codes(answer: FhirAnswer) -> str:
    """The codes of the OperationOutcome; its texts may hold patient data and stay out."""
    try:
        codes = sorted(set(outcome_codes(answer.json())))
    except EhrError:
        codes = []
    return "".join(f", {code}" for code in codes)
