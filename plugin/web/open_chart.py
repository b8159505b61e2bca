"""One launch's chart, read and coded anew for one request, with everything needed to decide on it and to send."""

import secrets
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from plugin.domain import ClaimLine
from plugin.domain.charge import ChargeKey
from plugin.ehr.chart_reading import Reading, chart_of
from plugin.ehr.errors import EhrError
from plugin.ehr.messenger import FhirMessenger
from plugin.ehr.sinks.choosing import FHIR_CREATE
from plugin.ehr.tenants import Tenant
from plugin.review.already_charged import AlreadyCharged, match_existing
from plugin.review.ask_someone import NotSent, follow_up
from plugin.review.attest import Statement
from plugin.review.attested_standing import Standing, standing_of
from plugin.review.attested_words import ATTESTED_TIMES, BILL
from plugin.review.decide import Asked, NotAllowed, Sitting, decide, may_decide, may_open
from plugin.review.effects import Effects, effects_of, prefilled_statements
from plugin.review.ports import Person, Policy
from plugin.review.post import UNSETTLED, Posted, Posting, look_for_unsettled, post_accepted
from plugin.review.prepare import Review, review_chart, setting_for
from plugin.review.scrubbed_decisions import decisions_in_force
from plugin.review.scrubbing import Scrubbed, lines_as_decided, scrub_lines
from plugin.rules.what_if import WhatIf, what_if
from plugin.store.attestations import EncounterAttestations
from plugin.store.launch_rows import Launch
from plugin.store.records import EncounterRecords
from plugin.store.sent_questions import EncounterQuestions
from plugin.web.knowing_user import LookUp, begin_look_up
from plugin.web.services import Services
from plugin.web.several_at_once import SeveralAtOnce

# Brings the EHR in line with what was decided; may take as long as the EHR does.
Post = Callable[[], tuple[Posted, ...]]

# Each fact that is tried runs the rules again; for a longer stay the page would take seconds.
ROLE_COMES = "has not said yet what you do there. Choose Refresh to look again; until then you can read."
AS_PLANNED = "Yours arrive as planned, and a coder still decides."
MOST_TRIED = 60
# Writes take turns in many an EHR; reading alone is as wide as a launch's first wave.
MOST_SENT = 4


@dataclass(frozen=True, slots=True)
class OpenChart:
    """The review as the chart stands now, and the person before it."""

    services: Services
    launch: Launch
    tenant: Tenant
    review: Review
    records: EncounterRecords

    @property
    def person(self) -> Person:
        """Who is at the keyboard."""
        return self.services.person(self.launch)

    @property
    def policy(self) -> Policy:
        """The tenant's settings for deciding and writing."""
        return self.services.policy(self.launch)

    def why_not_decide(self) -> str:
        """Why this person can only read; empty when they may decide."""
        try:
            may_decide(self.person, self.policy)
        except NotAllowed as refusal:
            return self._role_still_comes() or str(refusal)
        return ""

    def where_charges_go(self) -> str:
        """What becomes of an accepted charge at this EHR, in words; empty when the EHR doesn't say."""
        try:
            choice = self.services.sink_choice(self.launch)
        except EhrError:
            return ""
        planned = choice.kind == FHIR_CREATE and self.policy.status_for(self.person.role) == "planned"
        return " ".join(filter(None, (choice.words, AS_PLANNED if planned else "", choice.lacking)))

    def already_charged(self) -> AlreadyCharged:
        """What others charged on this encounter, beside what is suggested."""
        ours = {recorded.sent.reference for recorded in self.records.recorded().values()}
        return match_existing(self.review.coded.charges, self.review.coded.chart.existing, ours)

    def why_not_state(self) -> str:
        """Why nothing this person states can be recorded; empty when it can."""
        try:
            may_open(self.person, self.policy)
        except NotAllowed as refusal:
            return str(refusal)
        return ""

    def _role_still_comes(self) -> str:
        asked = self.launch.user_asked or self.launch.role
        return "" if asked else f"{self.tenant.name} {ROLE_COMES}"

    @property
    def attestations(self) -> EncounterAttestations:
        """What people stated about this encounter."""
        return EncounterAttestations(self.services.store, self.tenant.key, self.review.coded.chart.encounter.id)

    @property
    def questions(self) -> EncounterQuestions:
        """The questions that were sent about this encounter."""
        return EncounterQuestions(self.services.store, self.tenant.key, self.review.coded.chart.encounter.id)

    def messenger(self) -> FhirMessenger | None:
        """How a question is sent from here; None where the EHR takes no tasks or writing is off."""
        if not self.policy.write:
            return None
        try:
            return self.services.messenger(self.launch)
        except EhrError:
            return None  # the page works all the same, with the text to copy

    @property
    def attested_bills(self) -> bool:
        """Whether attested times bill here before they are charted."""
        return self.services.review_settings(self.launch).positions.get(ATTESTED_TIMES) == BILL

    def standing_attestations(self) -> tuple[Standing, ...]:
        """Where each attestation stands against the chart as read."""
        review = self.review
        return standing_of(review.attested, review.chart or review.coded.chart, review.answered)

    def effects(self, statements: Sequence[Statement] | None = None) -> Effects:
        """What answers would change; without any, those that the chart's own plan gives and this person may confirm."""
        coded = self.review.coded
        if self.why_not_state():
            return Effects()
        if statements is None:
            statements = prefilled_statements(coded, self.person.role)
        return effects_of(statements, coded, self.services.book, self.services.review_settings(self.launch))

    def what_ifs(self) -> tuple[WhatIf, ...]:
        """What one more documented fact would change, under the settings of the review; none where nothing was coded.

        Runs the rules again for each fact that is tried, so only a page asks for it.
        A fact that only takes away is none that the chart lacks: such a stop would lie beyond the visit.
        """
        coded = self.review.coded
        if not coded.charges or len(coded.chart.administrations) > MOST_TRIED:
            return ()
        site = self.services.review_settings(self.launch)
        setting = setting_for(self.review.coded.chart.encounter, site)
        found = what_if(self.review.coded, self.services.book, setting, site.positions)
        return tuple(each for each in found if any(word in each.would for word in ("adds ", "becomes ")))

    def scrub(self, lines: Sequence[ClaimLine]) -> Scrubbed:
        """What is wrong with a set of charges of this encounter."""
        return scrub_lines(lines, self.review.coded, self.services.book)

    def scrubbed(self) -> Scrubbed:
        """What is wrong with the charges as they would be sent: as decided, else as suggested."""
        charges = self.review.coded.charges
        return self.scrub(lines_as_decided(charges, decisions_in_force(self.records.standing(), charges)))

    def decide(self, asked: list[Asked]) -> Post:
        """Record what the form says, and return what brings the EHR in line.

        Raises what `plugin.review.decide.decide` raises. Raises EhrError before anything is recorded when the EHR
        doesn't even say what it can take.
        """
        posting = self._posting()
        sitting = Sitting(
            person=self.person,
            review=self.review,
            records=self.records,
            policy=self.policy,
            modifiers=frozenset(self.services.book.modifiers),
            now=self.services.clock(),
            scrub=self.scrub,
        )
        decided = decide(asked, sitting)
        return partial(self._post, posting, [each.decision.key for each in decided])

    def send_again(self, keys: Sequence[ChargeKey]) -> Post:
        """Send what was accepted and did not arrive; raises NotAllowed."""
        may_decide(self.person, self.policy)
        return partial(self._post, self._posting(), keys)

    def _post(self, posting: Posting, keys: Sequence[ChargeKey]) -> tuple[Posted, ...]:
        posted = post_accepted(posting, keys)
        for each in posted:
            self.services.metrics.posted(self.tenant.key, each.outcome)
        return posted

    def settle(self) -> None:
        """Look into the EHR for charges whose arrival is unknown; sends nothing.

        An EHR that can't be asked leaves them unknown, and the page says so; the chart is shown all the same.
        """
        if any(intent.state in UNSETTLED for intent in self.records.last_intents().values()):
            with suppress(EhrError):
                look_for_unsettled(self._posting())

    def follow_questions(self) -> None:
        """Look after questions that somebody was asked; an EHR that can't be asked leaves them open."""
        if any(each.reply.state == "open" for each in self.questions.sent_questions()):
            messenger = self.messenger()
            if messenger is not None:
                with suppress(EhrError, NotSent):
                    follow_up(self.questions, messenger, self.services.clock())

    def _posting(self) -> Posting:
        sink = self.services.sink(self.launch)
        writer, each = secrets.token_hex(8), SeveralAtOnce(min(MOST_SENT, self.tenant.parallel))
        return Posting(self.records, sink, self.policy, self.services.clock, time.sleep, writer, each=each)


def open_chart(services: Services, launch: Launch) -> OpenChart:
    """Read and code the launch's encounter; raises EhrError when the chart can't be read, LaunchChanged."""
    user = begin_look_up(services, launch)
    try:
        reading = services.chart_source(launch).read_resources()
    finally:
        user.soon()  # whoever is told that it can't be read is named, too
    return code_reading(services, user, reading)


def code_reading(services: Services, user: LookUp, reading: Reading) -> OpenChart:
    """Code the launch's encounter from what was read; raises EhrError when that can't be understood, LaunchChanged."""
    launch = user.launch
    tenant, settings = services.tenant(launch), services.review_settings(launch)
    encounter = f"Encounter/{launch.encounter}"
    attested = EncounterAttestations(services.store, tenant.key, encounter).attested()
    review = review_chart(chart_of(reading, tenant, launch.encounter), services.book, settings, attested)
    records = EncounterRecords(services.store, tenant.key, review.coded.chart.encounter.id)
    return OpenChart(services, user.soon(), tenant, review, records)
