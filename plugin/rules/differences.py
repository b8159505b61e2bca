"""What another side of a contested point, or an answer to a question, would change: found by running the rules again.

Only points that were read for this chart are tried, so a plain chart costs one run.
"""

from datetime import date

from msgspec.structs import replace

from plugin.codebook import CodeBook
from plugin.domain import Ask, CareSetting, Caveat, Chart, CodedEncounter, Fact, MappingIssue, Notice, SuggestedCharge
from plugin.domain.charge import ChargeKey
from plugin.rules import EDITION
from plugin.rules.answered import asked
from plugin.rules.care_setting import setting_of
from plugin.rules.claims import RuleConflict
from plugin.rules.drug_lines import OF_DRUGS
from plugin.rules.engine import Ruled, day_of_service, run
from plugin.rules.lines import charge_lines
from plugin.rules.naming import named
from plugin.rules.trials import Change, Choices, Trial, words_of_changes

# The family's present codes and rules are all in force from this day on.
FIRST_DAY = date(2009, 1, 1)


def code_encounter(
    chart: Chart, book: CodeBook, setting: CareSetting | None = None, choices: Choices | None = None
) -> CodedEncounter:
    """The chart coded, with caveats where sides differ and with what each answer would change.

    A conflict of rules gives an encounter without charges, not complete, with an issue naming both rules.
    """
    choices = choices or {}
    day = day_of_service(chart)
    if day is not None and day < FIRST_DAY:
        return uncoded(chart, setting, f"the code book begins on {FIRST_DAY}", "nothing was coded for that day")
    try:
        ruled = run(chart, book, setting, choices)
    except RuleConflict as conflict:
        return uncoded(chart, setting, str(conflict), "nothing was coded; report this with the chart")
    charges = charge_lines(ruled)
    trial = Trial(chart, book, setting, choices, charges)
    asks, would, charges = asked(ruled, trial, charges)
    charges, told = _contested(ruled, trial, charges, asks)
    notices = [r.outcome for r in ruled.rulings if isinstance(r.outcome, Notice)]
    asks, would = _needs_diagnosis(charges, asks, would)
    return CodedEncounter(
        chart=chart,
        setting=ruled.visit.setting,
        day=ruled.day,
        edition=EDITION,
        complete=_is_complete(chart, asks),
        charges=charges,
        asks=tuple(asks),
        would=tuple(would),
        notices=(*notices, *told),
        rulings=ruled.rulings,
        issues=chart.issues,
        positions=tuple(sorted(ruled.visit.book.sides_read.items())),
        services=named(list(ruled.visit.counted), list(ruled.placed)),
    )


def _contested(
    ruled: Ruled, trial: Trial, charges: tuple[SuggestedCharge, ...], asks: list[Ask]
) -> tuple[tuple[SuggestedCharge, ...], list[Notice]]:
    """Caveats on the lines that another side would change; a notice where it would only add a line."""
    told: list[Notice] = []
    asked_about = {a for ask in asks if ask.kind not in OF_DRUGS for a in ask.administrations}
    for name, took in sorted(ruled.visit.book.sides_read.items()):
        position = ruled.visit.book.book.positions[name]
        if not position.contested:
            continue
        for side in position.sides:
            changes = trial.side(name, side.name) if side.name != took else []
            if not changes:
                continue
            sources = tuple(dict.fromkeys((*position.side(took).cites, *side.cites)))
            caveat = Caveat(name, took, side.name, words_of_changes(changes), sources)
            on = _where(changes, charges)
            charges = tuple(replace(c, caveats=(*c.caveats, caveat)) if c.key in on else c for c in charges)
            ids = tuple(dict.fromkeys(a for change in changes for a in change.administrations))
            if not on and not asked_about.intersection(ids):
                told.append(_notice(name, caveat, ids))
    return charges, told


def _where(changes: list[Change], charges: tuple[SuggestedCharge, ...]) -> set[ChargeKey]:
    """The lines a change concerns: those it alters, else those that rest on minutes of the same administrations."""
    altered = {change.key for change in changes if change.before}
    ids = {a for change in changes for a in change.administrations}
    return altered or {c.key for c in charges if c.minutes and ids.intersection(c.administrations)}


def _notice(name: str, caveat: Caveat, ids: tuple[str, ...]) -> Notice:
    text = Fact("position {} is {} here; under {}: {}", (name, caveat.took, caveat.other, caveat.effect), ids)
    return Notice("payer-varies", ids, text)


def _needs_diagnosis(
    charges: tuple[SuggestedCharge, ...], asks: list[Ask], would: list[str]
) -> tuple[list[Ask], list[str]]:
    """One question for all lines that no coded diagnosis supports."""
    bare = tuple(dict.fromkeys(a for c in charges if not c.diagnoses for a in c.administrations))
    if not bare:
        return asks, would
    question = Fact("Which diagnosis supports these services? No ICD-10-CM code that can is charted", (), bare)
    ask = Ask("needs-diagnosis", bare, (), question, always=True)
    return [*asks, ask], [*would, "the lines can't be billed without one"]


def _is_complete(chart: Chart, asks: list[Ask]) -> bool:
    unsettled = {"encounter-class", "encounter-link"}
    return not any(i.blocks for i in chart.issues) and not unsettled.intersection(a.kind for a in asks)


def uncoded(chart: Chart, setting: CareSetting | None, found: str, done: str) -> CodedEncounter:
    """An encounter that could not be coded: no charges, not complete, and an issue that says why."""
    issue = MappingIssue(chart.encounter.id, "", found, done, blocks=True)
    return CodedEncounter(
        chart=chart,
        setting=setting or setting_of(chart.encounter.encounter_class) or CareSetting.FACILITY,
        day=day_of_service(chart),
        edition=EDITION,
        complete=False,
        charges=(),
        asks=(),
        would=(),
        notices=(),
        rulings=(),
        issues=(*chart.issues, issue),
    )
