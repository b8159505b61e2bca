"""A second, slow, obvious implementation of the time arithmetic: it counts minute by minute.

Written from the text of the rule dossier (R1, R4, R9 to R18, R37; addendum A7 to A9, D1 to D10), not from the engine.
Scope: one access site, or several without a documented need (D11); whole minutes; drugs of known class and hydration
by vein; default positions; no open ends.
A visit is a list of `Row`; the answer is units by code.
Every list of minutes below is written out minute by minute, so that nothing has to be believed.
"""

from collections import Counter
from dataclasses import dataclass, field

CHEMOTHERAPY, THERAPEUTIC, HYDRATION = "chemotherapy", "therapeutic", "hydration"
INFUSION, PUSH = "infusion", "push"

CODES = {
    # family: (initial infusion, further hour, sequential infusion, initial push, further push)
    CHEMOTHERAPY: ("96413", "96415", "96417", "96409", "96411"),
    THERAPEUTIC: ("96365", "96366", "96367", "96374", "96375"),
}
PARENTS_OF_CONCURRENT = {"96365", "96366", "96413", "96415", "96416"}  # A9
RANKS = [(CHEMOTHERAPY, INFUSION), (CHEMOTHERAPY, PUSH), (THERAPEUTIC, INFUSION), (THERAPEUTIC, PUSH)]  # R1


@dataclass(frozen=True)
class Row:
    """One charted row, in whole minutes of one clock; `how` is infusion, push, or empty when nothing says.

    A push without a stop has `stop == start` and counts no minutes; `paused` means charted as stopped.
    """

    id: str
    drug: str
    family: str
    how: str
    start: int
    stop: int
    order: str = ""
    paused: bool = False
    site: str = ""


@dataclass
class Span:
    """Rows that are one interval: the minutes that ran, and how the drug was given by those minutes."""

    id: str
    drug: str
    family: str
    how: str
    minutes: list[int] = field(default_factory=list)
    start: int = 0
    stop: int = 0


class OutOfScopeError(ValueError):
    """The rows need something this implementation doesn't do; says what."""


def units_by_code(rows: list[Row], setting: str = "facility") -> dict[str, int]:
    """What the visit earns; OutOfScopeError where this implementation has no say."""
    spans = intervals(rows)
    drugs = [span for span in spans if span.family != HYDRATION]
    infusions = [span for span in drugs if span.how == INFUSION]
    pushes = [span for span in drugs if span.how == PUSH]
    initial = choose_initial(drugs)
    earned: Counter[str] = Counter()
    count_infusions(infusions, initial, earned)
    count_pushes(pushes, infusions, initial, setting, earned)
    count_hydration([s for s in spans if s.family == HYDRATION], infusions, pushes, initial is None, earned)
    check_concurrent(earned)
    return {code: units for code, units in earned.items() if units}


# --- intervals: D2, D9 ---------------------------------------------------------------------------


def intervals(rows: list[Row]) -> list[Span]:
    """Join the segments of one order or of one uninterrupted drug; then tell pushes from infusions by their minutes."""
    chains: list[list[Row]] = []
    for row in sorted(rows, key=lambda r: (r.start, r.id)):
        if row.how != PUSH and 0 <= row.stop - row.start <= 1:
            raise OutOfScopeError("a placeholder of 0 or 1 minute")
        chain = next((c for c in chains if continues(c[-1], row)), None)
        if chain is None:
            chains.append([row])
        else:
            chain.append(row)
    return [as_span(chain) for chain in chains]


def continues(last: Row, row: Row) -> bool:
    """D2: one order, a gap of 15 minutes or less (or paused); no order at all, a gap of 0; pushes never."""
    if PUSH in (last.how, row.how) or last.drug != row.drug or last.order != row.order:
        return False
    if not row.order and last.site != row.site:
        return False
    if row.start < last.stop:
        if row.family == HYDRATION and not row.order:
            return False  # hydration is united by time anyway
        raise OutOfScopeError("segments of one drug that overlap")
    gap = row.start - last.stop
    if gap > 0 and row.how == last.how == "" and max(row.stop - row.start, last.stop - last.start) <= 15:
        raise OutOfScopeError("short segments of one order with nothing said about how: two pushes, or a run")
    return gap == 0 if not row.order else gap <= 15 or last.paused


def as_span(chain: list[Row]) -> Span:
    """The chain's running minutes; 15 or fewer are a push, 16 or more an infusion unless charted as a push (D9)."""
    first = chain[0]
    span = Span(first.id, first.drug, first.family, first.how, start=first.start, stop=chain[-1].stop)
    for row in chain:
        span.minutes += list(range(row.start, row.stop))
    if len(span.minutes) > 24 * 60:
        raise OutOfScopeError("more than 24 hours")
    if first.family == HYDRATION:
        span.how = INFUSION
    elif first.how != PUSH:
        span.how = PUSH if len(span.minutes) <= 15 else INFUSION
    return span


# --- the initial service: R1, D1 -----------------------------------------------------------------


def choose_initial(drugs: list[Span]) -> Span | None:
    """The highest rank; of its drugs the one with the longest span, then the earliest start; its earliest interval."""
    for family, how in RANKS:
        ranked = [span for span in drugs if (span.family, span.how) == (family, how)]
        by_drug = {span.drug: [s for s in ranked if s.drug == span.drug] for span in ranked}
        if by_drug:
            drug = min(by_drug, key=lambda name: (-longest(by_drug[name]), earliest(by_drug[name])))
            return min(by_drug[drug], key=lambda span: (span.start, span.id))
    return None


def longest(spans: list[Span]) -> int:
    """Minutes of the longest of them."""
    return max(len(span.minutes) for span in spans)


def earliest(spans: list[Span]) -> tuple[int, str]:
    """Start and id of the earliest of them."""
    return min((span.start, span.id) for span in spans)


# --- infusions: R10, R12, R12a, R13, R14, A7, D5, D6 -----------------------------------------------


def count_infusions(infusions: list[Span], initial: Span | None, earned: Counter[str]) -> None:
    """The initial keeps its minutes; the others lose those in which an earlier placed one runs."""
    running: dict[int, set[str]] = {}  # minute -> families that run in it, of what is already placed
    had_first_hour: set[str] = set()
    for span in carving_order(infusions, initial):
        first, further, sequential, _, _ = CODES[span.family]
        own: list[int] = []
        shared: list[int] = []
        for minute in span.minutes:
            (shared if is_taken(minute, span, running) else own).append(minute)
        if span is initial:
            earned[first] += 1
            earned[further] += further_hours_after_the_first(len(span.minutes))
            had_first_hour.add(span.drug)
        elif span.drug in had_first_hour:
            earned[further] += hours_again(len(own))
        elif len(own) >= 16:
            earned[sequential] += 1
            earned[further] += further_hours_after_the_first(len(own))
            had_first_hour.add(span.drug)
        elif len(shared) >= 16 and span.family == THERAPEUTIC:
            earned["96368"] += 1
        for minute in span.minutes:
            running.setdefault(minute, set()).add(span.family)


def carving_order(infusions: list[Span], initial: Span | None) -> list[Span]:
    """D5: the initial first, then by class, then length, then start; one drug's intervals stay in their order (D1)."""
    by_drug = {span.drug: [s for s in infusions if s.drug == span.drug] for span in infusions}
    return sorted(
        infusions,
        key=lambda s: (
            s is not initial,
            s.family != CHEMOTHERAPY,
            -longest(by_drug[s.drug]),
            earliest(by_drug[s.drug]),
            s.start,
            s.id,
        ),
    )


def is_taken(minute: int, span: Span, running: dict[int, set[str]]) -> bool:
    """A therapeutic drug shares with anything that runs; chemotherapy only with chemotherapy (A6: it comes first)."""
    families = running.get(minute, set())
    return CHEMOTHERAPY in families if span.family == CHEMOTHERAPY else bool(families)


def further_hours_after_the_first(length: int) -> int:
    """R10: one more at minute 91, 151, 211: more than 30 minutes beyond each hour."""
    return sum(1 for minute in range(61, length + 1) if minute % 60 == 31)


def hours_again(length: int) -> int:
    """R12a, interval: a repeat earns a further hour at minute 31, 91, 151."""
    return sum(1 for minute in range(1, length + 1) if minute % 60 == 31)


def check_concurrent(earned: Counter[str]) -> None:
    """R14: once an encounter; A9: never without one of its parents."""
    if earned["96368"]:
        earned["96368"] = 1 if any(earned[parent] for parent in PARENTS_OF_CONCURRENT) else 0


# --- pushes: R13, R15, R37, D4, D8 ---------------------------------------------------------------


def count_pushes(
    pushes: list[Span], infusions: list[Span], initial: Span | None, setting: str, earned: Counter[str]
) -> None:
    """In order of time: the initial one, a drug's first one, or the same drug again after more than 30 minutes."""
    last_reported: dict[str, int] = {}
    infused = {span.drug for span in infusions}
    for push in sorted(pushes, key=lambda span: (span.start, span.id)):
        _, _, _, first, further = CODES[push.family]
        if push is initial:
            earned[first] += 1
        elif push.drug not in last_reported and push.drug not in infused:
            earned[further] += 1
        elif push.family == CHEMOTHERAPY or not far_enough(push, last_reported, infusions):
            continue
        elif setting == "facility":
            earned["96376"] += 1
        last_reported[push.drug] = push.start


def far_enough(push: Span, last_reported: dict[str, int], infusions: list[Span]) -> bool:
    """More than 30 minutes from the drug's last reported push and from either end of its infusions."""
    if push.drug in last_reported and push.start - last_reported[push.drug] <= 30:
        return False
    for infusion in infusions:
        if infusion.drug == push.drug:
            if push.start in range(infusion.start, infusion.stop) and push.start not in infusion.minutes:
                raise OutOfScopeError("a push in a pause of its own drug's infusion")
            if min(abs(push.start - infusion.start), abs(push.start - infusion.stop)) <= 30:
                return False
    return True


# --- hydration: R11, R17, D2, D10 ----------------------------------------------------------------


def count_hydration(
    fluids: list[Span], infusions: list[Span], pushes: list[Span], alone: bool, earned: Counter[str]
) -> None:
    """Walk along the clock: a stretch ends where a drug runs or nothing runs; charted push minutes only don't count."""
    flows = {minute for fluid in fluids for minute in fluid.minutes}
    bridged = {minute for fluid in fluids for minute in range(fluid.start, fluid.stop)}
    drug = {minute for infusion in infusions for minute in infusion.minutes}
    pushed = {minute for push in pushes for minute in push.minutes}
    stretches, running = [0], False
    for minute in range(min(bridged, default=0), max(bridged, default=0) + 1):
        if minute in drug or minute not in bridged:
            running = False
        elif minute in flows:
            if not running:
                stretches.append(0)
            running = True
            stretches[-1] += minute not in pushed
    for length in stretches:
        units = hours_again(length)
        if units and alone:
            earned["96360"] += 1
            units, alone = units - 1, False
        earned["96361"] += units
