"""Provenance of charges: who accepted them, and with what software; the same for every sink that writes to the EHR."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from fhir_mappings.checking import check_outgoing
from fhir_mappings.provenance import write_provenance
from plugin.domain.charge import ChargeDraft
from plugin.ehr.errors import EhrError
from plugin.ehr.sinks import FhirHttp
from plugin.review.ports import SentCharge


@dataclass(frozen=True, slots=True)
class Attesting:
    """Writes what the server declares and the scope was granted for; `software` is our name and version."""

    http: FhirHttp
    software: str
    clock: Callable[[], datetime]

    def __call__(self, draft: ChargeDraft, sent: SentCharge, *, amends: bool) -> None:
        """Say it of this version of the charge; a charge is not lost because its Provenance is."""
        target = sent.reference if ":" in sent.version else f"{sent.reference}/_history/{sent.version}"
        resource = write_provenance(draft, target, software=self.software, recorded=self.clock(), amends=amends)
        if check_outgoing(resource):
            return
        try:
            self.http.post("Provenance", resource, {})
        except EhrError:
            return
