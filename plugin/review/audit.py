"""What was charged for an encounter against what its chart supports.

The rules run once on every encounter; only where a line differs are answers tried out and sentences asked for.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from msgspec import Struct

from plugin.codebook import CodeBook
from plugin.domain import (
    Ask,
    CareSetting,
    Chart,
    Decline,
    ExistingCharge,
    Fact,
    Ruling,
    SuggestedCharge,
)
from plugin.domain.charge import ChargeKey
from plugin.review.charged_units import Units, charged_units
from plugin.review.prepare import ReviewSettings, setting_for, where_it_broke
from plugin.rules.claims import RuleConflict
from plugin.rules.diagnosis_order import Support
from plugin.rules.differences import FIRST_DAY
from plugin.rules.drug_lines import OF_DRUGS
from plugin.rules.drug_lines.trying import DrugTrial
from plugin.rules.engine import Ruled, day_of_service, run
from plugin.rules.lines import Earned, earned_lines, with_trace
from plugin.rules.trials import Change, Trial

UNDER, OVER, UNDOCUMENTED = "under", "over", "undocumented"
NOTHING_EARNS_IT = Fact("nothing charted earns it")
NOT_ALL_READ = "the chart could not be read or placed whole"


class Difference(NamedTuple):
    """One line on which charge and chart differ; `group` numbers substitutions, 0 where it is none.

    `evidence` are the facts that speak for what is supported, `query` the kind of question that is open, `asked` its
    words.
    """

    key: ChargeKey
    charged: Units
    supported: int
    direction: str
    rule: str
    evidence: tuple[Fact, ...]
    administrations: tuple[str, ...]
    query: str = ""
    asked: str = ""
    group: int = 0


class Supported(Struct, frozen=True, gc=False):
    """What the rules make of a chart: one run with its lines; without a run, why there is none.

    `asks` are the questions of the run, whether or not an answer would change a line.
    """

    chart: Chart
    setting: CareSetting | None
    day: date | None
    ruled: Ruled | None
    charges: tuple[Earned, ...] = ()
    asks: tuple[Ask, ...] = ()
    failed: str = ""

    @property
    def complete(self) -> bool:
        """Whether everything that could change a charge was read."""
        return self.ruled is not None and not self.blocked

    @property
    def blocked(self) -> tuple[str, ...]:
        """Why it is not complete, in words."""
        issues = [f"{i.resource} {i.path}: {i.done}" for i in self.chart.issues if i.blocks]
        unsettled = [a.question.text() for a in self.asks if a.kind in ("encounter-class", "encounter-link")]
        return (*([self.failed] if self.failed else []), *issues, *unsettled)

    @property
    def rulings(self) -> Sequence[Ruling]:
        """Every outcome of the run."""
        return self.ruled.rulings if self.ruled else ()

    def with_trace(self, line: Earned) -> SuggestedCharge:
        """One of its lines with all that stands behind it."""
        return with_trace(line, Support(line.visit))


def support_chart(chart: Chart, book: CodeBook, settings: ReviewSettings) -> Supported:
    """Run the rules once; a conflict of rules, or a defect of ours, costs this encounter alone."""
    setting, day = setting_for(chart.encounter, settings), day_of_service(chart)
    if day is not None and day < FIRST_DAY:
        return Supported(chart, setting, day, None, failed=f"the code book begins on {FIRST_DAY}")
    try:
        ruled = run(chart, book, setting, settings.positions)
        return Supported(chart, setting, day, ruled, earned_lines(ruled), _asked(ruled))
    except RuleConflict as conflict:
        return Supported(chart, setting, day, None, failed=str(conflict))
    except Exception as defect:  # whatever it is, the other encounters go on
        return Supported(chart, setting, day, None, failed=where_it_broke(defect))


def _asked(ruled: Ruled) -> tuple[Ask, ...]:
    outcomes = [ruling.outcome for ruling in ruled.rulings]
    return tuple([each for each in outcomes if type(each) is Ask and not each.silent])


def compare(
    found: Supported,
    charged: Iterable[ExistingCharge],
    book: CodeBook,
    settings: ReviewSettings,
    *,
    drugs: bool = False,
) -> list[Difference]:
    """The lines on which what was charged and what is supported differ, by day, code and modifiers.

    Only codes and modifiers that the rulebook decides on: the administrations, with `drugs` also the lines of the drugs
    themselves; a charge without a day stands on the day of its code's line, else on the encounter's.
    """
    governed = book.governed if drugs else book.administrations
    supported = {line.key: line for line in found.charges if line.code in governed}
    units = charged_units(charged, governed, book.modifiers, supported, found.day)
    differing = [key for key in {**units, **supported} if units.get(key, 0) != _units(supported.get(key))]
    if not differing:
        return []
    differences = []
    for key in sorted(differing, key=lambda key: (key[3], key[1], key[2])):
        line = found.with_trace(supported[key]) if key in supported else None
        billed = units.get(key, 0)
        if line is not None and billed < line.units:
            rule = line.rules[0] if line.rules else ""
            said = (key, billed, line.units, UNDER, rule, line.evidence, line.administrations)
            differences.append(Difference(*said))
        elif billed > 0:
            differences.append(_beyond(key, billed, line, found, book, settings))
    return _grouped(differences, book)


def _units(line: Earned | None) -> int:
    return line.units if line is not None else 0


def _beyond(
    key: ChargeKey,
    units: Units,
    line: SuggestedCharge | None,
    found: Supported,
    book: CodeBook,
    settings: ReviewSettings,
) -> Difference:
    """More was charged than the chart supports: refuted, unless an open question may yet earn it."""
    supported, ids = (line.units, line.administrations) if line else (0, ())
    open_question = _open_question(key, supported, found, book, settings)
    if open_question is not None:
        ask, rule = open_question
        asked = (ask.kind, ask.question.text())
        return Difference(key, units, supported, UNDOCUMENTED, rule, (ask.question,), ask.administrations, *asked)
    if not found.complete:
        why = "; ".join(found.blocked) or NOT_ALL_READ
        return Difference(key, units, supported, UNDOCUMENTED, "", (Fact("{}", (why,)),), ids, "not-read", why)
    declined = _declined(key[1], found, book)
    if declined is not None:
        outcome, rule = declined
        return Difference(key, units, supported, OVER, rule, outcome.because, outcome.administrations)
    evidence = line.evidence if line else (NOTHING_EARNS_IT,)
    return Difference(key, units, supported, OVER, line.rules[0] if line and line.rules else "", evidence, ids)


def _declined(code: str, found: Supported, book: CodeBook) -> tuple[Decline, str] | None:
    """The outcome that considered the code and did not give it; with nothing coded, the first that says why."""
    declines = [(r.outcome, r.rules[0]) for r in found.rulings if isinstance(r.outcome, Decline)]
    of_code = [declined for declined in declines if declined[0].code == code]
    coded = any(line.code in book.administrations for line in found.charges)
    return next(iter(of_code or ([] if coded else declines)), None)


def _open_question(
    key: ChargeKey, supported: int, found: Supported, book: CodeBook, settings: ReviewSettings
) -> tuple[Ask, str] | None:
    """The first question of which some answer would earn more of the code.

    While a question about a drug's own line is open, no line of a drug is refuted: which one it concerns is not known.
    """
    administration = key[1] in book.administrations
    asking = [
        (r.outcome, r.rules[0])
        for r in (found.rulings if found.asks else ())
        if isinstance(r.outcome, Ask) and not r.outcome.silent and not (administration and r.outcome.kind in OF_DRUGS)
    ]
    if not asking:
        return None
    trial = Trial(found.chart, book, found.setting, settings.positions, found.charges)
    for ask, rule in asking:
        way = DrugTrial(found.ruled, ask) if found.ruled and ask.kind in OF_DRUGS else trial
        if any(_earns(key, way.answer(a.apply(found.chart))) for a in ask.answers):
            return ask, rule
    return next((each for each in asking if not administration and each[0].kind in OF_DRUGS), None)


def _earns(key: ChargeKey, changes: Iterable[Change]) -> bool:
    return any(change.key[1] == key[1] and change.after > change.before for change in changes)


def documentation_gaps(found: Supported, book: CodeBook, settings: ReviewSettings) -> list[Difference]:
    """Where nothing is known of what was charged: the questions whose answers would earn a line."""
    if found.day is None or found.ruled is None:
        return []
    trial = Trial(found.chart, book, found.setting, settings.positions, found.charges)
    gaps = []
    for ruling in found.rulings:
        ask = ruling.outcome
        if not isinstance(ask, Ask) or ask.silent:
            continue
        changes = [change for a in ask.answers for change in trial.answer(a.apply(found.chart))]
        earned = [c.key for c in changes if c.after > c.before and c.key[1] in book.administrations]
        if earned:
            asked = (ask.kind, ask.question.text())
            rule, ids = ruling.rules[0], ask.administrations
            gaps.append(Difference(earned[0], 0, 0, UNDOCUMENTED, rule, (ask.question,), ids, *asked))
    return gaps


def _grouped(differences: list[Difference], book: CodeBook) -> list[Difference]:
    """Number the substitutions: one line too few and one too many that are the same service under another name."""
    more = [place for place, d in enumerate(differences) if d.direction != UNDER]
    fewer = [place for place, d in enumerate(differences) if d.direction == UNDER]
    numbers: dict[int, int] = {}
    for alike in (_same_code, _same_place, _same_technique):
        for place in more:
            free = [f for f in fewer if f not in numbers]
            other = next((f for f in free if alike(differences[place], differences[f], book)), None)
            if place not in numbers and other is not None:
                numbers[place] = numbers[other] = len(numbers) // 2 + 1
    return [d._replace(group=numbers.get(place, 0)) for place, d in enumerate(differences)]


def _same_code(one: Difference, other: Difference, book: CodeBook) -> bool:
    return one.key[1] == other.key[1]


def _same_place(one: Difference, other: Difference, book: CodeBook) -> bool:
    """The same role and technique in another family, as 96413 for 96365."""
    families = _family(one, book), _family(other, book)
    return all(families) and families[0][1:] == families[1][1:] and _same_day(one, other)


def _same_technique(one: Difference, other: Difference, book: CodeBook) -> bool:
    """The same technique and as many units, as 96365 for 96367."""
    as_many = one.charged - one.supported == other.supported - other.charged
    families = _family(one, book), _family(other, book)
    return as_many and all(families) and families[0][2] == families[1][2] and _same_day(one, other)


def _same_day(one: Difference, other: Difference) -> bool:
    return one.key[3] == other.key[3]


def _family(difference: Difference, book: CodeBook) -> tuple[object, ...]:
    """Empty for the line of a drug."""
    return book.administrations.get(difference.key[1], ())


def taken_away(differences: Iterable[Difference]) -> list[Difference]:
    """The differences where what was charged is another run: what this run doesn't give it takes away, asked or not."""
    return [d._replace(direction=OVER) if d.direction == UNDOCUMENTED else d for d in differences]


def money(difference: Difference, fee: Decimal | None) -> Decimal | None:
    """What the line is worth by the dollars of a unit: positive where it was not charged, negative where too much was.

    None without a fee, and where units are known of neither side, as of a gap in the documentation alone.
    """
    if fee is None or difference.supported == difference.charged:
        return None
    return fee * (difference.supported - difference.charged)
