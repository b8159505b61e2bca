"""The generic sink: ChargeItem by FHIR create and update, made so that sending twice makes one charge.

Create is PUT with `If-None-Match: *` under an id of ours where the server takes client ids, else POST with
`If-None-Exist`, with a search before and after. Change is PUT with the `If-Match` of the version we wrote; a charge
that is billed, or whose version moved, is not touched. Everything written is read back.
Limits: https://hl7.org/fhir/R4/http.html (conditional create, managing resource contention).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from fhir_mappings.charge_item import read_charge_item, write_charge_item
from fhir_mappings.checking import check_outgoing
from fhir_mappings.lookup import Lookup
from fhir_mappings.provenance import write_provenance
from fhir_mappings.systems import CHARGE_IDENTIFIER, CHARGE_MODIFIER_URL
from plugin.domain.charge import ChargeDraft
from plugin.ehr.errors import EhrError, SessionEnded
from plugin.ehr.outcomes import outcome_codes
from plugin.ehr.sinks import FhirAnswer, FhirHttp
from plugin.ehr.sinks.support import ChargeItemSupport
from plugin.review.ports import Conflict, Refused, SentCharge, Unknown
from plugin.store.engine import refuse_open_transaction

# A write answered with one of these may have been processed all the same, or not yet.
_UNCLEAR = frozenset({202, 408, 425, 429})
_CLASHES = frozenset({409, 412})
_GONE = frozenset({404, 410})
# Lists in a ChargeItem to which others may have added entries of their own.
_SHARED_LISTS = ("identifier", "extension")


@dataclass(frozen=True, slots=True)
class FhirCreate:
    """Writes the ChargeItems of one launch; `software` is our name and version, for Provenance.

    `attest`: Provenance is to be written (the server declares it and the scope was granted).
    `names`: people by reference, so that a bill shows a name beside the reference.
    """

    http: FhirHttp
    support: ChargeItemSupport
    software: str
    clock: Callable[[], datetime]
    attest: bool = False
    names: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """How the trail calls this way of writing."""
        return "fhir-create"

    @property
    def repeatable(self) -> bool:
        """Whether the server takes a key of ours for a create, so that sending it again makes no second charge."""
        return self.support.client_ids or self.support.conditional_create

    def find(self, draft: ChargeDraft) -> SentCharge | None:
        """Look the charge up by its identity; None when the EHR has none. Raises Unknown, Refused, Conflict."""
        if not self.support.client_ids:
            return self._search(draft)
        answer = self._ask(lambda: self.http.get(f"ChargeItem/{draft.identity}", {}))
        if answer.status == 404:
            return None
        if answer.status == 410:
            raise Conflict("This charge was deleted in the EHR; it is not written again.", None)
        return _read(_body(_require(answer)), draft.identity)

    def create(self, draft: ChargeDraft) -> SentCharge:
        """Create it once and read it back; raises Unknown, Refused, Conflict."""
        if not (self.support.client_ids or self.support.create):
            raise Refused("This EHR takes no ChargeItem. Charge it by hand, or ask for the export.")
        sent = self._put_new(draft) if self.support.client_ids else self._post(draft)
        self._attest(draft, sent, amends=False)
        return sent

    def change(self, draft: ChargeDraft, sent: SentCharge) -> SentCharge:
        """Change the version we wrote and read it back; raises Unknown, Refused, Conflict."""
        if not self.support.update:
            raise Refused("This EHR doesn't let a ChargeItem be changed. Change it in the EHR.")
        current = self._current(sent)
        found = _read(current, draft.identity)
        if found.status == "billed":
            raise Conflict("This charge has been billed; it was left as it is.", found)
        if found.version != sent.version:
            raise Conflict("Somebody else changed this charge in the EHR; it was left as it is.", found)
        headers = {"If-Match": _etag(current)}
        identifier = sent.reference.rpartition("/")[2]
        body = _checked(_merge(current, self._written(draft, identifier)))
        answer = self._ask(lambda: self.http.put(sent.reference, body, headers))
        if answer.status in _CLASHES or answer.status in _GONE:
            raise Conflict("The charge changed in the EHR just now; it was left as it is.", self._reread(sent))
        _require(answer, writing=True)
        changed = _read(self._current(sent), draft.identity)
        self._attest(draft, changed, amends=True)
        return changed

    def _put_new(self, draft: ChargeDraft) -> SentCharge:
        path = f"ChargeItem/{draft.identity}"
        body = _checked(self._written(draft, draft.identity))
        answer = self._ask(lambda: self.http.put(path, body, {"If-None-Match": "*"}))
        if answer.status in _CLASHES:
            raise Conflict("A charge of this identity is in the EHR already.", self.find(draft))
        _require(answer, writing=True)
        return self._read_back(draft, path)

    def _post(self, draft: ChargeDraft) -> SentCharge:
        body = _checked(self._written(draft))
        headers = {"If-None-Exist": f"identifier={CHARGE_IDENTIFIER}|{draft.identity}"}
        answer = self._ask(lambda: self.http.post("ChargeItem", body, headers))
        if answer.status in _CLASHES:
            raise Conflict("A charge of this identity is in the EHR already.", self._search(draft))
        _require(answer, writing=True)
        return self._read_back(draft, _located(answer))

    def _written(self, draft: ChargeDraft, id: str = "") -> dict[str, Any]:
        resource = write_charge_item(draft, id=id)
        name = self.names.get(draft.entered_by)
        if name and "reference" in resource.get("enterer", {}):
            resource["enterer"] = {**resource["enterer"], "display": name}
        return resource

    def _read_back(self, draft: ChargeDraft, path: str) -> SentCharge:
        """Find it by what identifies it, which also shows a double; by its place where the search lags behind."""
        found = self.find(draft)
        if found is not None:
            return found
        if not path:
            raise Unknown("The EHR took the charge and doesn't show it yet.")
        return _read(_body(_require(self._ask(lambda: self.http.get(path, {})))), draft.identity)

    def _search(self, draft: ChargeDraft) -> SentCharge | None:
        """Search by identifier and sort out for ourselves: some servers ignore parameters they don't know."""
        query = {"identifier": f"{CHARGE_IDENTIFIER}|{draft.identity}"}
        bundle = _body(_require(self._ask(lambda: self.http.get("ChargeItem", query))))
        if bundle.get("resourceType") != "Bundle":
            raise Unknown("The EHR answered the search for this charge with something that is no FHIR Bundle.")
        found = [_read(item, draft.identity) for item in _charge_items(bundle) if _is_ours(item, draft.identity)]
        if len(found) > 1:
            raise Conflict(f"The EHR holds {len(found)} charges of this identity. Keep one of them.", None)
        if not found and _has_next_page(bundle):
            raise Unknown("The EHR ignored the search for this charge; whether it is there can't be told.")
        return found[0] if found else None

    def _current(self, sent: SentCharge) -> dict[str, Any]:
        answer = self._ask(lambda: self.http.get(sent.reference, {}))
        if answer.status in _GONE:
            raise Conflict("This charge is no longer in the EHR; it is not written again.", None)
        return _body(_require(answer))

    def _reread(self, sent: SentCharge) -> SentCharge | None:
        return _read(self._current(sent), sent.identity)

    def _attest(self, draft: ChargeDraft, sent: SentCharge, *, amends: bool) -> None:
        """Say who and with what software; a charge is not lost because its Provenance is."""
        if not (self.attest and self.support.provenance):
            return
        target = sent.reference if ":" in sent.version else f"{sent.reference}/_history/{sent.version}"
        resource = write_provenance(draft, target, software=self.software, recorded=self.clock(), amends=amends)
        if check_outgoing(resource):
            return
        try:
            self.http.post("Provenance", resource, {})
        except EhrError:
            return

    def _ask(self, send: Callable[[], FhirAnswer]) -> FhirAnswer:
        refuse_open_transaction()
        try:
            return send()
        except SessionEnded as error:
            raise Refused(str(error)) from error
        except EhrError as error:
            raise Unknown(str(error)) from error


def _require(answer: FhirAnswer, *, writing: bool = False) -> FhirAnswer:
    """Let 2xx through; raise Unknown where a later look may tell more, else Refused."""
    if 200 <= answer.status < 300 and not (writing and answer.status in _UNCLEAR):
        return answer
    if answer.status >= 500 or answer.status in _UNCLEAR:
        raise Unknown(f"The EHR answered with status {answer.status}.")
    raise Refused(f"The EHR refused the charge (status {answer.status}{_codes(answer)}).")


def _codes(answer: FhirAnswer) -> str:
    """The codes of the OperationOutcome; its texts may hold patient data and stay out."""
    try:
        codes = sorted(set(outcome_codes(answer.json())))
    except EhrError:
        codes = []
    return "".join(f", {code}" for code in codes)


def _body(answer: FhirAnswer) -> dict[str, Any]:
    try:
        body = answer.json()
    except EhrError as error:
        raise Unknown(str(error)) from error
    if not isinstance(body, dict):
        raise Unknown("The EHR answered with something that is no FHIR.")
    return body


def _read(resource: dict[str, Any], identity: str) -> SentCharge:
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


def _checked(resource: dict[str, Any]) -> dict[str, Any]:
    wrong = check_outgoing(resource)
    if wrong:
        raise Refused(f"This charge was not sent, since it would be refused: {'; '.join(wrong)}.")
    return resource


def _merge(current: Mapping[str, Any], ours: dict[str, Any]) -> dict[str, Any]:
    """Our content over what stands there; elements, identifiers and extensions that aren't ours are kept."""
    merged = {name: value for name, value in current.items() if name not in OUR_ELEMENTS} | ours
    for name in _SHARED_LISTS:
        theirs = [item for item in _objects(current.get(name)) if not _is_our_entry(item)]
        entries = [*theirs, *ours.get(name, [])]
        if entries:
            merged[name] = entries
    return merged


# Everything `write_charge_item` may write: what it leaves out of a new version is to go.
OUR_ELEMENTS = frozenset({
    *("meta", "text", "identifier", "extension", "status", "code", "subject", "context", "occurrencePeriod"),
    *("occurrenceDateTime", "quantity", "enterer", "enteredDate", "reason", "service", "productCodeableConcept"),
    *("note", "supportingInformation", "performer", "performingOrganization"),
})  # fmt: skip


def _is_our_entry(item: Mapping[str, Any]) -> bool:
    return item.get("system") == CHARGE_IDENTIFIER or item.get("url") == CHARGE_MODIFIER_URL


def _etag(resource: Mapping[str, Any]) -> str:
    meta = resource.get("meta")
    version = meta.get("versionId") if isinstance(meta, dict) else None
    if not isinstance(version, str) or not version:
        raise Refused("This EHR keeps no versions of charges, so a change could overwrite another's. Change it there.")
    return f'W/"{version}"'


def _located(answer: FhirAnswer) -> str:
    """`ChargeItem/id` from the Location header, empty when there is none."""
    parts = urlsplit(answer.headers.get("Location", "")).path.split("/")
    places = [index for index, part in enumerate(parts[:-1]) if part == "ChargeItem"]
    return f"ChargeItem/{parts[places[-1] + 1]}" if places else ""


def _charge_items(bundle: Mapping[str, Any]) -> list[dict[str, Any]]:
    resources = (entry.get("resource") for entry in _objects(bundle.get("entry")))
    return [item for item in resources if isinstance(item, dict) and item.get("resourceType") == "ChargeItem"]


def _is_ours(item: Mapping[str, Any], identity: str) -> bool:
    wanted = (CHARGE_IDENTIFIER, identity)
    return any((entry.get("system"), entry.get("value")) == wanted for entry in _objects(item.get("identifier")))


def _has_next_page(bundle: Mapping[str, Any]) -> bool:
    return any(link.get("relation") == "next" for link in _objects(bundle.get("link")))


def _objects(value: object) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
