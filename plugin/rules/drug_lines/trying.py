"""What an answer about a drug would change: only that drug's own part of the rulebook is run again.

Such an answer states a fact of one drug, so the times, the places and the other drugs stay as they are.
"""

from collections import Counter

from plugin.domain import Ask, Chart, Suggest
from plugin.domain.charge import ChargeKey
from plugin.rules.base import Said
from plugin.rules.drug_lines.given import shares
from plugin.rules.engine import Ruled, rules_on, supplied
from plugin.rules.trials import Change
from plugin.rules.visit import Visit


class DrugTrial:
    """Tries answers to one question about a drug, on a visit that has been ruled; asked as `Trial` is."""

    def __init__(self, ruled: Ruled, ask: Ask) -> None:
        self._visit, self._rules, self._kind = ruled.visit, rules_on(ruled.visit.book.day), ask.kind
        self._ids = ask.administrations
        about = set(ask.administrations)
        self._drugs = frozenset([s.drug for s in shares(ruled.visit) if about.intersection(s.service.ids)])
        self._before = self._lines(ruled.visit)

    def answer(self, chart: Chart) -> list[Change]:
        """The lines that change with the chart as an answer would leave it."""
        before, after = self._before, self._lines(self._visit.knowing(chart=chart))
        keys = dict.fromkeys((*before, *after))
        return [Change(key, before[key], after[key], self._ids) for key in keys if before[key] != after[key]]

    def leads_on(self, chart: Chart, about: tuple[str, ...]) -> bool:
        """Whether an answer that changes nothing by itself brings another question about the drug."""
        said = self._run(self._visit.knowing(chart=chart))
        asks = [one for one in said if isinstance(one, Ask) and one.kind != self._kind]
        return any(self.answer(answer.apply(chart)) for ask in asks for answer in ask.answers)

    def _lines(self, visit: Visit) -> Counter[ChargeKey]:
        lines: Counter[ChargeKey] = Counter()
        for one in self._run(visit):
            if isinstance(one, Suggest):
                lines[visit.book.book.system(one.code), one.code, one.modifiers, one.day] += one.units
        return lines

    def _run(self, visit: Visit) -> list[Said]:
        return [ruling.outcome for ruling in supplied(visit, self._rules, self._drugs)]
