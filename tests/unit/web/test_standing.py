"""Where each charge stands, in the store's own words."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from msgspec import structs

from plugin.domain import ChargeDraft, Decision, Fact
from plugin.domain.replacing import replace
from plugin.review.lines import identity_of
from plugin.review.ports import Backing, Decided, Intent, Policy, Recorded, SentCharge
from plugin.review.trail import Entry, TrailEntry
from plugin.web.views.charges import token_of
from plugin.web.views.standing import read_record, shortened
from plugin.web.views.times import WallClock
from tests.unit.web.sample_charts import chemo_day
from tests.verifies import verifies

NOW = datetime(2026, 3, 2, 19, 32, tzinfo=UTC)
CLOCK = WallClock(ZoneInfo("America/New_York"))
AT = "at 2 Mar 2026, 14:32"
CODED = chemo_day()
CHARGE = CODED.charges[0]


class Records:
    """The three answers of a store, and its trail."""

    tenant = "sandbox"
    encounter = "Encounter/e1"

    def __init__(self, decided=(), recorded=(), intents=(), trail=()):
        self._decided, self._trail = decided, trail
        self._recorded = {each.sent.identity: each for each in recorded}
        self._intents = {each.draft.identity: each for each in intents}

    def standing(self):
        return self._decided

    def recorded(self):
        return self._recorded

    def last_intents(self):
        return self._intents

    def trail(self):
        return self._trail


def identity(charge) -> str:
    return identity_of("sandbox", "Encounter/e1", charge.key)


def decided(action="accept", charge=CHARGE, *, verified=True, reason="", number=1, **values) -> Decided:
    decision = Decision(charge.key, action, "Practitioner/k", "coder", NOW, charge.units, charge.modifiers, reason)
    backing = Backing(charge, "Patient/p1", "why")
    return Decided(identity(charge), number, replace(decision, **values), backing, "Kim Lee", verified)


def draft(charge=CHARGE) -> ChargeDraft:
    return ChargeDraft(
        identity(charge),
        "Encounter/e1",
        "Patient/p1",
        charge,
        charge.units,
        charge.modifiers,
        "billable",
        "Practitioner/k",
        NOW,
        None,
        None,
        "why",
    )


def sent(status="billable", charge=CHARGE) -> Recorded:
    in_ehr = SentCharge(identity(charge), "ChargeItem/9f2c", "1", status, charge.units, charge.modifiers, "app")
    return Recorded(in_ehr, draft(charge))


def intent(state, number=1, message="") -> Intent:
    return Intent(1, draft(), number, "fhir_create", None, state, 1, message)


def state_of(records, *, sends=True, charge=CHARGE):
    return read_record(CODED, records, CLOCK, sends=sends).states[token_of(charge)]


def test_nothing_said_yet():
    """A fresh encounter."""
    assert state_of(Records()).kind == "undecided"


def test_accepted_by_whom_and_when():
    """Before it is sent, the page offers to send it."""
    state = state_of(Records([decided()]))
    assert (state.kind, state.words, state.can_send) == ("accepted", "Accepted, not sent yet", True)
    assert state.detail == f"Accepted by Kim Lee {AT}"


def test_an_unverified_name_is_marked():
    """On a tenant without sign-in anybody can be anybody."""
    assert "Kim Lee (unverified)" in state_of(Records([decided(verified=False)])).detail


def test_shadow_mode_offers_no_sending():
    """Writing is off."""
    state = state_of(Records([decided()]), sends=False)
    assert (state.kind, state.can_send) == ("accepted", False)
    assert "shadow mode" in state.words


def test_sent_names_the_resource_and_its_status():
    """The id can be looked up in the EHR; what was sent can be dismissed and not undone."""
    state = state_of(Records([decided()], [sent()], [intent("done")]))
    assert (state.kind, state.words) == ("sent", "Sent as ChargeItem/9f2c (billable)")
    assert state.reference == "ChargeItem/9f2c"
    assert (state.can_undo, state.can_dismiss, state.can_send) == (False, True, False)


@pytest.mark.parametrize(("stored", "said"), [("open", "sending"), ("unknown", "unknown"), ("done", "sent")])
def test_only_what_has_no_outcome_yet_is_being_sent(stored, said):
    """While others of the encounter are on their way, a line with an outcome keeps it; nobody sends a line again."""
    records = Records([decided()], [sent("billable")] if stored == "done" else [], [intent(stored)])
    record = read_record(CODED, records, CLOCK, sends=True, under_way=True)
    state = record.states[token_of(CHARGE)]
    assert (state.kind, state.can_send) == (said, said == "unknown")


@pytest.mark.parametrize("stored", ["open", "unknown"])
def test_unknown_says_check_in_the_ehr(stored):
    """An intent that was never settled, whatever the decision was."""
    state = state_of(Records([decided()], [], [intent(stored)]))
    assert state.kind == "unknown"
    assert state.words == "Unknown, check in the EHR"
    assert (state.can_dismiss, state.can_undo) == (False, False)


@pytest.mark.parametrize(
    ("stored", "begins"), [("refused", "Refused: no."), ("conflict", "Stands differently in the EHR: no.")]
)
def test_a_failure_says_why(stored, begins):
    """The EHR's reason stands on the row."""
    state = state_of(Records([decided()], [], [intent(stored, message="no.")]))
    assert (state.kind, state.can_send) == ("failed", True)
    assert state.words.startswith(begins)


def test_a_failure_of_an_earlier_decision_is_not_held_against_a_new_one():
    """Refused, taken back, accepted again."""
    state = state_of(Records([decided(number=3)], [], [intent("refused", number=1, message="no.")]))
    assert state.kind == "accepted"


def test_dismissed_with_its_reason():
    """Never sent, so it stays here."""
    state = state_of(Records([decided("dismiss", reason="Not performed")]))
    assert (state.kind, state.reason) == ("dismissed", "Not performed")
    assert state.units is None


def test_dismissed_after_it_was_sent_says_how_it_stands_in_the_ehr():
    """The resource is still there, marked."""
    state = state_of(Records([decided("dismiss", reason="x")], [sent("not-billable")], [intent("done")]))
    assert (state.words, state.reference) == ("Dismissed (not-billable)", "ChargeItem/9f2c")


def test_an_undo_leaves_the_number_for_the_next_form():
    """Otherwise the next acceptance would look like somebody else's."""
    state = state_of(Records([decided("undo", number=2)]))
    assert (state.kind, state.number) == ("undecided", 2)


def test_a_suggestion_that_differs_from_what_was_accepted_is_changed():
    """It is open again and keeps what was said about it."""
    before = structs.replace(CHARGE, units=2)
    state = state_of(Records([decided(charge=before)], [sent()], [intent("done")]))
    assert state.kind == "changed"
    assert state.words == "Changed since; it was: sent as ChargeItem/9f2c (billable)"
    assert state.is_open


def test_other_words_for_the_same_minutes_are_no_change():
    """Decisions keep facts as sentences, suggestions as values."""
    before = structs.replace(CHARGE, evidence=(Fact("said otherwise"),))
    assert state_of(Records([decided(charge=before)], [sent()], [intent("done")])).kind == "sent"


def test_a_long_id_is_shortened_in_the_table_only():
    """The whole reference is on the page too."""
    assert shortened("ChargeItem/" + "a" * 64) == "ChargeItem/" + "a" * 8 + "\N{HORIZONTAL ELLIPSIS}"
    assert shortened("ChargeItem/12345678") == "ChargeItem/12345678"


def test_edited_values_are_kept():
    """They are what was accepted."""
    state = state_of(Records([decided("edit", reason="two bags", units=2, modifiers=("XS",))]))
    assert (state.units, state.modifiers, state.reason) == (2, ("XS",), "two bags")


def test_what_is_no_longer_suggested_is_still_shown():
    """An accepted charge that lost its evidence must not vanish from the page."""
    gone = structs.replace(CHARGE, code="96409")
    record = read_record(CODED, Records([decided(charge=gone)], [sent(charge=gone)]), CLOCK, sends=True)
    assert [(w.line, w.state.kind) for w in record.withdrawn] == [("96409 x 1 on 2026-03-02", "sent")]


def test_what_was_dismissed_and_is_no_longer_suggested_is_done_with():
    """Nothing stands in the EHR and nothing is wanted there."""
    gone = structs.replace(CHARGE, code="96409")
    assert read_record(CODED, Records([decided("dismiss", charge=gone)]), CLOCK, sends=True).withdrawn == ()


def test_the_trail_is_told_with_local_times():
    """One sentence each, in order."""
    entry = TrailEntry(1, Entry(NOW, "accept", "i", "96413 x 1 on 2026-03-02", "Practitioner/k", "Kim Lee", "coder"))
    lines = read_record(CODED, Records(trail=(entry,)), CLOCK, sends=True).trail
    assert [(line.when, line.what) for line in lines] == [
        ("2 Mar 2026, 14:32 (UTC\N{MINUS SIGN}05:00)", "Kim Lee (coder) accepted 96413 x 1 on 2026-03-02")
    ]


@verifies("WR-06")
def test_an_administration_amended_after_acceptance_flags_its_charge():
    """The suggestion came out the same; the chart behind it is another version all the same."""
    given = CODED.chart.administrations[0]
    before = decided()
    behind = replace(before, backing=replace(before.backing, versions=((given.id, f"{given.version}-old"),)))
    state = state_of(Records([behind], [sent()], [intent("done")]))
    assert (state.kind, state.can_accept) == ("changed", True)
    assert state.words.startswith("An administration behind it was amended since; it was: sent")
    same = replace(before, backing=replace(before.backing, versions=((given.id, given.version),)))
    assert state_of(Records([same], [sent()], [intent("done")])).kind == "sent"


def test_raised_units_say_that_a_second_person_is_needed():
    """Another coder can accept; "send again" is not offered."""
    raised = decided("edit", reason="two bags", units=CHARGE.units + 1, raised_by="Practitioner/k")
    policy = Policy("sandbox", second_person=True)
    states = read_record(CODED, Records([raised]), CLOCK, sends=True, policy=policy).states
    state = states[token_of(CHARGE)]
    assert (state.kind, state.can_accept, state.can_send, state.can_undo) == ("second", True, False, True)
    seconded = replace(raised, decision=replace(raised.decision, decided_by="Practitioner/l"))
    states = read_record(CODED, Records([seconded]), CLOCK, sends=True, policy=policy).states
    assert states[token_of(CHARGE)].kind == "accepted"
