"""What the report says in words: about the run, its directions, its sums."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from plugin.bulk.runs import Outcome, Run
from plugin.bulk.settings import ChargeSource, Policy
from plugin.review.audit import OVER, UNDER
from plugin.rules import BY_ID, EDITION

if TYPE_CHECKING:  # the command's own process says words without DuckDB
    from plugin.bulk.report_numbers import Sum

CHARGED = (
    "Under: supported by the chart and not charged. Over: charged and not supported. "
    "Undocumented: charged, and the chart can neither support nor refute it. "
    "A substitution is one service charged under another code, modifier or day: a line under and a line over."
)
UNCHARGED = (
    "Undocumented: the chart asks a question, and its answer may earn the code. "
    "Without charges nothing is under or over, and no units or dollars are known."
)
SIMULATED = (
    "Added: the policy gives it, and what is compared with does not. Taken away: the other way round; "
    "where a question stands with it, the answer may bring it back."
)
MONEY = (
    "Dollars are units by the fee of the code on its day: positive for what was not charged, "
    "negative for what was charged and may have to be paid back."
)
MONEY_SIMULATED = "Dollars are units by the fee of the code on its day: positive for what is added."
ADDED = {UNDER: "added", OVER: "taken away"}


class Words:
    """The words of one report: of an audit by charges, of the documentation alone, or of two policies compared."""

    def __init__(self, run: Run, outcome: Outcome) -> None:
        self.run, self.outcome, self.settings = run, outcome, run.settings
        self.simulated = run.settings.compared is not None
        self.charged = not self.simulated and outcome.source is not ChargeSource.NONE
        self.priced = bool(run.settings.fees) and (self.charged or self.simulated)

    @property
    def title(self) -> str:
        """What the page is."""
        return "What a change of policy would change" if self.simulated else "Infusion charges: audit"

    def direction(self, direction: str) -> str:
        """The name of a direction; two policies add and take away."""
        return ADDED.get(direction, direction) if self.simulated else direction

    @property
    def legend(self) -> Iterator[str]:
        """What directions and dollars mean."""
        yield SIMULATED if self.simulated else CHARGED if self.charged else UNCHARGED
        if self.priced:
            yield MONEY_SIMULATED if self.simulated else MONEY

    def headline(self, differing: int) -> str:
        """How many encounters it is about."""
        total = self.outcome.tally.encounters
        share = f" ({differing / total:.1%})" if total else ""
        of = f"{number(differing)} of {number(total)} encounters{share}"
        if self.simulated:
            return f"{of} would be coded otherwise."
        return f"{of} have a finding." if self.charged else f"{of} have an open question that may cost a charge."

    def terms(self) -> Iterator[tuple[str, str]]:
        """What was audited, by what: (name, value)."""
        tally, settings = self.outcome.tally, self.settings
        yield "Export", str(self.run.export)
        if tally.first:
            yield "Days of service", f"{tally.first} to {tally.last}"
        if settings.compared is not None:
            yield "Compared with", policy_words(settings.compared)
            yield "Policy", policy_words(settings.policy)
        else:
            yield "Charged", self._source()
            yield "Coded by", policy_words(settings.policy)
        yield "Lines compared", "administrations and drugs" if settings.drugs else "administrations, without drugs"
        yield "Time zone", settings.zone or "as charted"
        if self.priced:
            yield "Fees", f"of {number(len(settings.fees.rows))} codes"

    def _source(self) -> str:
        if self.outcome.source is ChargeSource.NONE:
            return "nothing is known of it: an audit of the documentation alone"
        if self.outcome.source is ChargeSource.FILE:
            return f"as {self.run.charges} says"
        return f"as the export's {self.outcome.source.value} resources say"

    def cautions(self, unpriced: Sequence[str]) -> Iterator[str]:
        """What makes the numbers less than whole."""
        tally = self.outcome.tally
        if tally.failed:
            yield f"{counted(tally.failed, 'encounter')} could not be coded."
        if partly := tally.encounters - tally.complete - tally.failed:
            yield f"{counted(partly, 'encounter')} could not be read or placed whole."
        if problems := len(self.outcome.problems) + tally.unplaced:
            were = counted(problems, "line, file or resource was", "lines, files or resources were")
            yield f"{were} not read or placed."
        if tally.unmatched and self.charged:
            yield f"{counted(tally.unmatched, 'charge')} that named no encounter of the export: not compared."
        if unread := unread_charges_words(self.run, self.outcome):
            yield f"{unread}."
        if utc := utc_words(tally.utc, self.settings.zone):
            yield f"{utc}."
        if self.settings.fees and not self.priced:
            yield "Without charges no dollars are known, so the fees that were given have no use."
        if unpriced and self.priced:
            codes = ", ".join(unpriced[:12]) + (f" and {len(unpriced) - 12} more" if len(unpriced) > 12 else "")
            yield f"Not in the dollars, since no fee was given for their day: findings of {codes}."

    def what(self, rule: str, query: str) -> str:
        """A cause: the question that is open, the rule that speaks, or that nothing does."""
        if query == "not-read":
            return "the chart could not be read or placed whole"
        title = BY_ID[rule].title if rule in BY_ID else "nothing charted earns it"
        return f"{query.replace('-', ' ')}: {title}" if query else title

    def net(self, sums: Sequence["Sum"]) -> tuple[str, str, str] | None:
        """What both directions make together: its name, units, dollars; None where there is one direction only."""
        both = {each.direction: each for each in sums if each.direction in (UNDER, OVER)}
        if len(both) < 2:
            return None
        units = sum([each.net_units for each in both.values()])
        worth = [each.dollars for each in both.values() if each.dollars is not None]
        name = f"{self.direction(UNDER)} less {self.direction(OVER)}"
        return name, number(units), dollars_or(sum(worth) if worth else None)


def policy_words(policy: Policy) -> str:
    """A policy as a person would name it."""
    said = [f"rulebook {EDITION}"]
    if policy.setting:
        said.append(f"setting {policy.setting.value}")
    said += [f"{name}={side}" for name, side in sorted(policy.positions.items())]
    if policy.overlay:
        said.append(f"the tables in {policy.overlay}")
    said.append(f"the tables of {policy.edition}" if policy.edition else "the tables of each chart's day")
    return ", ".join(said)


def unread_charges_words(run: Run, outcome: Outcome) -> str:
    """That the site's file of charges was left aside for the export's own; empty where it was not."""
    if run.charges is None or run.settings.compared is not None or outcome.source is ChargeSource.FILE:
        return ""
    return (
        f"{run.charges} was not looked at: the export holds {outcome.source.value}, and what was charged has one source"
    )


def utc_words(encounters: int, zone: str) -> str:
    """A warning where days may be wrong; empty where they can't be."""
    if not encounters or zone:
        return ""
    told = f"{counted(encounters, 'encounter')} charted in UTC with no --zone given"
    return f"{told}: a service of the evening may count for the next day"


def counted(many: Decimal | int, one: str, several: str = "") -> str:
    """A number with its noun."""
    return f"{number(many)} {one if many == 1 else several or f'{one}s'}"


def number(value: Decimal | float) -> str:
    """With thousands parted; decimals only where there are any."""
    return f"{value:,.0f}" if value == int(value) else f"{float(value):,}"


def dollars_or(value: Decimal | float | None) -> str:
    """Dollars and cents; empty for none."""
    return "" if value is None else f"{'-' if value < 0 else ''}${abs(value):,.2f}"
