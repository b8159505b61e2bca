"""The scan: encounters found with the app's own token, coded, and kept on the worklist as counts and days.

No chart is kept or shown to anybody; whoever opens one reads it with their own token. A scan can be repeated at any
time: it renews what it finds.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from plugin.codebook import CodeBook
from plugin.ehr.backend import told_to_it
from plugin.ehr.chart_source import FhirChartSource
from plugin.ehr.client import FhirClient
from plugin.ehr.encounters import Place
from plugin.ehr.errors import EhrError, TokenRefused
from plugin.ehr.read_ways import ReadWays
from plugin.ehr.tenants import Tenant
from plugin.review.prepare import Review, prepare_review
from plugin.store.attestations import EncounterAttestations
from plugin.store.engine import Store
from plugin.store.worklist import Worklist
from plugin.web.services import policy_of, review_settings_of
from plugin.web.worklist_keeping import sum_up


@dataclass(frozen=True, slots=True)
class Scan:
    """What a scan works with; `pause` rests between two charts.

    `told` hears of each as found, nothing or unread, and of the last also why.
    """

    client: FhirClient
    tenant: Tenant
    ways: ReadWays
    store: Store
    book: CodeBook
    clock: Callable[[], datetime]
    pause: Callable[[], object] = field(default=lambda: None)
    told: Callable[[str, Place, str], object] = field(default=lambda outcome, place, why: None)

    def run(self, places: Iterable[Place]) -> Counter[str]:
        """Read each chart; how many were `found` with something to do or done, hold `nothing`, or are `unread`.

        Raises TokenRefused: without a token there is no use in going on.
        """
        counts: Counter[str] = Counter()
        for place in places:
            self.pause()
            outcome, why = self._outcome(place)
            counts[outcome] += 1
            self.told(outcome, place, why)
        return counts

    def _outcome(self, place: Place) -> tuple[str, str]:
        try:
            review = self._review(place)
        except TokenRefused:
            raise
        except EhrError as error:
            return "unread", told_to_it(error, self.tenant)
        summary = sum_up(review, self.tenant, policy_of(self.tenant), self.store)
        rows = Worklist(self.store, self.tenant.key)
        if not (review.coded.charges or review.coded.asks):
            rows.renew(summary, self.clock())
            return "nothing", ""
        rows.keep(summary, self.clock())
        return "found", ""

    def _review(self, place: Place) -> Review:
        client = self.client.for_one_page()
        source = FhirChartSource(client, self.tenant, place.patient, place.encounter, clock=self.clock)
        attested = EncounterAttestations(self.store, self.tenant.key, f"Encounter/{place.encounter}").attested()
        return prepare_review(source.searching(self.ways), self.book, review_settings_of(self.tenant), attested)
