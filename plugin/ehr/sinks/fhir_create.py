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

from fhir_mappings.charge_item import write_charge_item
from fhir_mappings.systems import CHARGE_IDENTIFIER, CHARGE_MODIFIER_URL, PACKAGE_URL, REVENUE_CODE_URL
from plugin.domain.charge import ChargeDraft
from plugin.ehr.charge_master import ChargeMaster
from plugin.ehr.sinks import FhirHttp
from plugin.ehr.sinks.answers import (
    CLASHES,
    GONE,
    after_writing,
    ask,
    body_of,
    charge_items,
    checked,
    located,
    next_page,
    objects,
    require,
    sent_charge,
)
from plugin.ehr.sinks.attesting import Attesting
from plugin.ehr.sinks.support import ChargeItemSupport
from plugin.review.ports import Conflict, Refused, SentCharge, Unknown

# Lists in a ChargeItem to which others may have added entries of their own.
_SHARED_LISTS = ("identifier", "extension")


@dataclass(frozen=True, slots=True)
class FhirCreate:
    """Writes the ChargeItems of one launch; `software` is our name and version, for Provenance.

    `attest`: Provenance is to be written (the server declares it and the scope was granted).
    `names`: people by reference, so that a bill shows a name beside the reference.
    `charge_master`: the tenant's own billing codes, which go with the charge where the tenant has any.
    """

    http: FhirHttp
    support: ChargeItemSupport
    software: str
    clock: Callable[[], datetime]
    attest: bool = False
    names: Mapping[str, str] = field(default_factory=dict)
    charge_master: ChargeMaster = ChargeMaster()  # noqa: RUF009 - frozen

    @property
    def name(self) -> str:
        """How the trail calls this way of writing."""
        return "fhir-create"

    @property
    def repeatable(self) -> bool:
        """Whether the server takes a key of ours for a create, so that sending it again makes no second charge."""
        return self.support.client_ids or self.support.conditional_create

    @property
    def takes_planned(self) -> bool:
        """A planned charge waits in the EHR for a biller."""
        return True

    def find(self, draft: ChargeDraft, known: SentCharge | None = None) -> SentCharge | None:
        """Look the charge up by its identity; None when the EHR has none. Raises Unknown, Refused, Conflict."""
        if not self.support.client_ids:
            return self._search(draft)
        answer = ask(lambda: self.http.get(f"ChargeItem/{draft.identity}", {}))
        if answer.status == 404:
            return None
        if answer.status == 410:
            raise Conflict("This charge was deleted in the EHR; it is not written again.", None)
        return sent_charge(body_of(require(answer)), draft.identity)

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
        found = sent_charge(current, draft.identity)
        if found.status == "billed":
            raise Conflict("This charge has been billed; it was left as it is.", found)
        if found.version != sent.version:
            raise Conflict("Somebody else changed this charge in the EHR; it was left as it is.", found)
        headers = {"If-Match": _etag(current)}
        identifier = sent.reference.rpartition("/")[2]
        body = checked(_merge(current, self._written(draft, identifier)))
        answer = ask(lambda: self.http.put(sent.reference, body, headers))
        if answer.status in CLASHES or answer.status in GONE:
            raise Conflict("The charge changed in the EHR just now; it was left as it is.", self._reread(sent))
        require(answer, writing=True)
        changed = after_writing(lambda: sent_charge(self._current(sent), draft.identity))
        self._attest(draft, changed, amends=True)
        return changed

    def _put_new(self, draft: ChargeDraft) -> SentCharge:
        path = f"ChargeItem/{draft.identity}"
        body = checked(self._written(draft, draft.identity))
        answer = ask(lambda: self.http.put(path, body, {"If-None-Match": "*"}))
        if answer.status in CLASHES:
            raise Conflict("A charge of this identity is in the EHR already.", self.find(draft))
        require(answer, writing=True)
        return after_writing(lambda: self._read_back(draft, path))

    def _post(self, draft: ChargeDraft) -> SentCharge:
        body = checked(self._written(draft))
        headers = {"If-None-Exist": f"identifier={CHARGE_IDENTIFIER}|{draft.identity}"}
        answer = ask(lambda: self.http.post("ChargeItem", body, headers))
        if answer.status in CLASHES:
            raise Conflict("A charge of this identity is in the EHR already.", self._search(draft))
        require(answer, writing=True)
        return after_writing(lambda: self._read_back(draft, located(answer)))

    def _written(self, draft: ChargeDraft, id: str = "") -> dict[str, Any]:
        own = self.charge_master.own(draft.charge.code)
        resource = write_charge_item(draft, id=id, charge_code=own.charge_code, revenue_code=own.revenue_code)
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
        return sent_charge(body_of(require(ask(lambda: self.http.get(path, {})))), draft.identity)

    def _search(self, draft: ChargeDraft) -> SentCharge | None:
        """Search by identifier and sort out for ourselves: some servers ignore parameters they don't know."""
        query = {"identifier": f"{CHARGE_IDENTIFIER}|{draft.identity}"}
        bundle = body_of(require(ask(lambda: self.http.get("ChargeItem", query))))
        found = [sent_charge(item, draft.identity) for item in charge_items(bundle) if _is_ours(item, draft.identity)]
        if len(found) > 1:
            raise Conflict(f"The EHR holds {len(found)} charges of this identity. Keep one of them.", None)
        if not found and next_page(bundle):
            raise Unknown("The EHR ignored the search for this charge; whether it is there can't be told.")
        return found[0] if found else None

    def _current(self, sent: SentCharge) -> dict[str, Any]:
        answer = ask(lambda: self.http.get(sent.reference, {}))
        if answer.status in GONE:
            raise Conflict("This charge is no longer in the EHR; it is not written again.", None)
        return body_of(require(answer))

    def _reread(self, sent: SentCharge) -> SentCharge | None:
        return sent_charge(self._current(sent), sent.identity)

    def _attest(self, draft: ChargeDraft, sent: SentCharge, *, amends: bool) -> None:
        if self.attest and self.support.provenance:
            Attesting(self.http, self.software, self.clock)(draft, sent, amends=amends)


def _merge(current: Mapping[str, Any], ours: dict[str, Any]) -> dict[str, Any]:
    """Our content over what stands there; elements, identifiers and extensions that aren't ours are kept."""
    merged = {name: value for name, value in current.items() if name not in OUR_ELEMENTS} | ours
    for name in _SHARED_LISTS:
        theirs = [item for item in objects(current.get(name)) if not _is_our_entry(item)]
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


OUR_EXTENSIONS = (CHARGE_MODIFIER_URL, REVENUE_CODE_URL, PACKAGE_URL)


def _is_our_entry(item: Mapping[str, Any]) -> bool:
    return item.get("system") == CHARGE_IDENTIFIER or item.get("url") in OUR_EXTENSIONS


def _etag(resource: Mapping[str, Any]) -> str:
    meta = resource.get("meta")
    version = meta.get("versionId") if isinstance(meta, dict) else None
    if not isinstance(version, str) or not version:
        raise Refused("This EHR keeps no versions of charges, so a change could overwrite another's. Change it there.")
    return f'W/"{version}"'


def _is_ours(item: Mapping[str, Any], identity: str) -> bool:
    wanted = (CHARGE_IDENTIFIER, identity)
    return any((entry.get("system"), entry.get("value")) == wanted for entry in objects(item.get("identifier")))
