"""Running the rules on the same chart with one thing changed, and comparing the lines."""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple, Protocol

from plugin.codebook import CodeBook
from plugin.domain import Ask, CareSetting, Chart
from plugin.domain.charge import ChargeKey
from plugin.rules.claims import RuleConflict
from plugin.rules.drug_lines import OF_DRUGS
from plugin.rules.engine import Ruled, run
from plugin.rules.lines import earned_lines

Choices = Mapping[str, str]


class Line(Protocol):
    """What of a charge line is compared."""

    @property
    def key(self) -> ChargeKey: ...
    @property
    def units(self) -> int: ...
    @property
    def administrations(self) -> tuple[str, ...]: ...


class Change(NamedTuple):
    """Units of one line before and after; 0 where the line isn't there."""

    key: ChargeKey
    before: int
    after: int
    administrations: tuple[str, ...]

    def words(self) -> str:
        """Such as "adds 96366 x1" or "96365 x1 becomes x2"."""
        if self.before and self.after:
            return f"{self._name} x{self.before} becomes x{self.after}"
        return f"{'removes' if self.before else 'adds'} {self.named}"

    @property
    def named(self) -> str:
        """The line with the units that it has, or had where it goes."""
        return f"{self._name} x{self.before or self.after}"

    @property
    def _name(self) -> str:
        _, code, modifiers, _ = self.key
        return "-".join((code, *modifiers))


def words_of_changes(changes: Iterable[Change]) -> str:
    """What the changes come to, such as "adds 96366 x1"."""
    listed = list(changes)
    codes = [change.key[1:3] for change in listed]
    said = []
    while listed:
        change = listed.pop(0)
        other = next((c for c in listed if _renames(change, c)), None)
        if other is not None:
            listed.remove(other)
            change, other = (change, other) if change.before else (other, change)
        words = f"{change.named} becomes {other.named}" if other else change.words()
        said.append(f"{words} on {change.key[3]}" if codes.count(change.key[1:3]) > 1 else words)
    return ", ".join(said) or "changes nothing"


def _renames(one: Change, other: Change) -> bool:
    """Whether a line of the same code, units and day only got other modifiers."""
    alike = (one.key[:2], one.key[3]) == (other.key[:2], other.key[3])
    return alike and (one.before, one.after) == (other.after, other.before) and not (one.before and one.after)


class Trial:
    """Runs the same chart with one thing changed and compares the lines."""

    def __init__(
        self,
        chart: Chart,
        book: CodeBook,
        setting: CareSetting | None,
        choices: Choices,
        charges: Iterable[Line],
    ) -> None:
        self._chart, self._book, self._setting, self._choices = chart, book, setting, choices
        self._lines: dict[ChargeKey, Line] = {c.key: c for c in charges}

    def side(self, position: str, side: str) -> list[Change]:
        """With another side of a contested point."""
        return self._changes(lambda: self._run(self._chart, {**self._choices, position: side}))

    def answer(self, chart: Chart) -> list[Change]:
        """With the chart as an answer would leave it."""
        return self._changes(lambda: self._run(chart))

    def leads_on(self, chart: Chart, about: tuple[str, ...]) -> bool:
        """Whether an answer that changes nothing by itself brings another question whose answer would."""
        return any(
            self.answer(answer.apply(chart))
            for ruling in self._run(chart).rulings
            if isinstance(ruling.outcome, Ask)
            and ruling.outcome.kind not in OF_DRUGS  # what is open about a drug is open whatever is answered here
            and set(about) & set(ruling.outcome.administrations)
            for answer in ruling.outcome.answers
        )

    def _run(self, chart: Chart, choices: Choices | None = None) -> Ruled:
        return run(chart, self._book, self._setting, self._choices if choices is None else choices)

    def _changes(self, other: Callable[[], Ruled]) -> list[Change]:
        try:
            lines: dict[ChargeKey, Line] = {c.key: c for c in earned_lines(other())}
        except RuleConflict:  # the tried chart is nobody's chart; the charted one has been coded
            return []
        keys = [*self._lines, *(key for key in lines if key not in self._lines)]
        return [change for key in keys if (change := _change(key, self._lines.get(key), lines.get(key)))]


def _change(key: ChargeKey, before: Line | None, after: Line | None) -> Change | None:
    units = (before.units if before else 0, after.units if after else 0)
    if units[0] == units[1]:
        return None
    ids = dict.fromkeys(a for line in (before, after) if line for a in line.administrations)
    return Change(key, *units, tuple(ids))
