"""Charges in Oracle Health by its operations `$create`, `$modify` and `$credit`.

They answer with nothing, keep no identifier of ours, and turn a change into another charge. So every write is followed
by a look at the encounter's billable charges, where ours is told by code, moment and modifiers. What makes sending
again safe is the transaction id: made from the charge's identity and the charge it takes the place of, both stored with
the intent before sending, so that every attempt carries the same one.
"""

import hashlib
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from fhir_mappings.charge_item import read_charge_item
from fhir_mappings.lookup import Lookup
from fhir_mappings.oracle_charge import (
    NoSchedule,
    OracleSite,
    Replaced,
    occurred,
    write_credit,
    write_oracle_charge,
    write_transaction,
)
from plugin.domain.charge import ChargeDraft
from plugin.ehr.charge_master import ChargeMaster
from plugin.ehr.references import Base
from plugin.ehr.sinks import FhirHttp
from plugin.ehr.sinks.answers import (
    CLASHES,
    GONE,
    after_writing,
    ask,
    body_of,
    charge_items,
    checked,
    next_page,
    require,
    sent_charge,
)
from plugin.ehr.sinks.attesting import Attesting
from plugin.ehr.tenants import Tenant
from plugin.review.ports import Conflict, Refused, SentCharge, Unknown

CREDITED = "not-billable"
CREDITED_MARK = "-credited"
MOST_PAGES = 20


@dataclass(frozen=True, slots=True)
class OracleOperations:
    """Writes the charges of one launch; `base` is the FHIR base that references are compared on.

    `attest` writes the Provenance of each operation; None where the EHR takes none or it was not granted.
    """

    http: FhirHttp
    base: str
    site: OracleSite
    charge_master: ChargeMaster
    attest: Attesting | None = None

    @property
    def name(self) -> str:
        """How the trail calls this way of writing."""
        return "oracle-operations"

    @property
    def repeatable(self) -> bool:
        """The transaction id is our key: sent again, it makes no second charge."""
        return True

    @property
    def takes_planned(self) -> bool:
        """Every charge made here is billable at once, so that it waits for a coder."""
        return False

    def find(self, draft: ChargeDraft, known: SentCharge | None = None) -> SentCharge | None:
        """Look for it among the encounter's billable charges; None when it isn't there.

        A charge of ours that is no longer billable is looked at by its id: credited, billed or gone.
        Raises Unknown, Refused, Conflict (several).
        """
        there = [sent_charge(item, draft.identity) for item in self._billable(draft)]
        active = [each for each in there if each.status == "billable"]
        ours = [] if draft.status == CREDITED else [each for each in active if each.modifiers == draft.modifiers]
        if len(ours) > 1:
            text = f"The encounter holds {len(ours)} charges for {draft.charge.code} at this moment. Keep one of them."
            raise Conflict(text, None)
        if ours:
            return ours[0]
        if known is None:
            return None
        still = next((each for each in active if each.reference == known.reference), None)
        return still or _as_credited(self._former(known), draft)

    def create(self, draft: ChargeDraft) -> SentCharge:
        """Create it once and find it; raises Unknown, Refused, Conflict."""
        return self._create(draft, None)

    def change(self, draft: ChargeDraft, sent: SentCharge) -> SentCharge:
        """Replace or credit the charge we wrote and find what came of it; raises Unknown, Refused, Conflict."""
        if sent.status == CREDITED:
            return sent if draft.status == CREDITED else self._create(draft, sent)
        self._require_untouched(sent)
        path, body = self._credit(draft, sent) if draft.status == CREDITED else self._replacement(draft, sent)
        answer = ask(lambda: self.http.post(path, body, {}))
        if answer.status in CLASHES or answer.status in GONE:
            raise Conflict("The charge changed in the EHR just now; it was left as it is.", self._former(sent))
        require(answer, writing=True)
        return after_writing(lambda: self._shown(draft, sent))

    def _create(self, draft: ChargeDraft, credited: SentCharge | None) -> SentCharge:
        body = checked(write_transaction(transaction_id("create", draft, credited), self._written(draft)))
        require(ask(lambda: self.http.post("ChargeItem/$create", body, {})), writing=True)
        return after_writing(lambda: self._shown(draft, credited))

    def _credit(self, draft: ChargeDraft, sent: SentCharge) -> tuple[str, dict[str, Any]]:
        transaction = transaction_id("credit", draft, sent)
        return f"{sent.reference}/$credit", checked(write_credit(draft, transaction, _version(sent)))

    def _replacement(self, draft: ChargeDraft, sent: SentCharge) -> tuple[str, dict[str, Any]]:
        charge = self._written(draft, Replaced(sent.reference, _version(sent)))
        return "ChargeItem/$modify", checked(write_transaction(transaction_id("modify", draft, sent), charge))

    def _written(self, draft: ChargeDraft, replaces: Replaced | None = None) -> dict[str, Any]:
        codes = self.charge_master.find(draft.charge.code)
        try:
            return write_oracle_charge(
                draft, self.site, charge_code=codes.charge_code, revenue_code=codes.revenue_code, replaces=replaces
            )
        except NoSchedule as error:
            text = f"This charge was not sent: bill_code_schedules.{error.kind} is missing in the tenants file."
            raise Refused(text) from error

    def _shown(self, draft: ChargeDraft, before: SentCharge | None) -> SentCharge:
        """What the write came to: the answer says nothing, so an unchanged encounter leaves it unknown."""
        found = self.find(draft, before)
        if found is None or not found.moved_from(before):
            raise Unknown("The EHR took the charge and doesn't show it yet.")
        if self.attest:
            version = found.version.removesuffix(CREDITED_MARK)
            self.attest(draft, replace(found, version=version), amends=before is not None)
        return found

    def _require_untouched(self, sent: SentCharge) -> None:
        found = self._former(sent)
        if found is None:
            raise Conflict("This charge is no longer in the EHR; it is not written again.", None)
        if found.status == "billed":
            raise Conflict("This charge has been billed; it was left as it is.", found)
        if found.version != sent.version or found.status != "billable":
            raise Conflict("Somebody else changed this charge in the EHR; it was left as it is.", found)

    def _former(self, sent: SentCharge) -> SentCharge | None:
        """The charge we wrote, by its id; one that was offset reads as credited, with a version of its own."""
        answer = ask(lambda: self.http.get(sent.reference, {}))
        if answer.status in GONE:
            return None
        found = sent_charge(body_of(require(answer)), sent.identity)
        return replace(found, version=f"{found.version}{CREDITED_MARK}") if found.status == CREDITED else found

    def _billable(self, draft: ChargeDraft) -> Iterator[dict[str, Any]]:
        """The encounter's charges for this code at this moment; servers return more than was asked for."""
        local = Base(self.base).local
        for item in self._pages(draft.encounter):
            place = (local(item.get("subject")), local(item.get("context")))
            if place == (draft.patient, draft.encounter) and _is_for(item, draft):
                yield item

    def _pages(self, encounter: str) -> Iterator[dict[str, Any]]:
        """All charges of the encounter that the search gives: it wants a status, and takes this one alone."""
        page = self._get("ChargeItem", {"context": encounter.partition("/")[2], "-status": "billable"})
        seen: set[str] = set()
        while True:
            yield from charge_items(page)
            address = next_page(page)
            if not address:
                return
            if address in seen or len(seen) == MOST_PAGES:
                raise Unknown("The EHR's list of charges has no end; whether this one is there can't be told.")
            seen.add(address)
            page = self._get(address, {})

    def _get(self, path: str, query: Mapping[str, str]) -> dict[str, Any]:
        return body_of(require(ask(lambda: self.http.get(path, query))))


def oracle_site(tenant: Tenant) -> OracleSite:
    """The site's names from its tenant entry; its id is the last part of the FHIR base where the entry is silent."""
    return OracleSite(tenant.ehr_source or tenant.iss.rpartition("/")[2], tenant.bill_code_schedules)


def transaction_id(operation: str, draft: ChargeDraft, before: SentCharge | None) -> str:
    """The UUID of one operation on one charge; a late arrival and its repetition carry the same one.

    Marked as version 4, since the published R4 models take no other.
    """
    place = f"{before.reference} {before.version}" if before else ""
    digest = hashlib.sha256(f"{operation} {draft.identity} {place}".encode()).digest()
    return str(uuid.UUID(bytes=digest[:16], version=4))


def _version(sent: SentCharge) -> str:
    if ":" in sent.version:
        raise Refused("This EHR keeps no versions of charges, so a change could overwrite another's. Change it there.")
    return sent.version


def _as_credited(former: SentCharge | None, draft: ChargeDraft) -> SentCharge | None:
    """A credit takes the whole charge away, whatever units it had."""
    if former is None or (former.status, draft.status) != (CREDITED, CREDITED):
        return former
    return replace(former, units=Decimal(draft.units), modifiers=draft.modifiers)


def _is_for(item: Mapping[str, Any], draft: ChargeDraft) -> bool:
    """Same code, same moment: to the minute, since seconds may be dropped on the way."""
    charge, _ = read_charge_item(item, Lookup())
    if charge.code != draft.charge.code:
        return False
    ours, theirs = occurred(draft), str(item.get("occurrenceDateTime", ""))
    try:
        apart = datetime.fromisoformat(theirs) - datetime.fromisoformat(ours)
    except (TypeError, ValueError):
        return theirs[:10] == ours[:10]
    return abs(apart.total_seconds()) < 60
