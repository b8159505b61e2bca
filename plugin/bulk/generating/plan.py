"""What a generated visit holds, and what it earns: the plan from which chart and truth are both written."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import NamedTuple

from plugin.bulk.generating.bodies import Body
from plugin.bulk.generating.formulary import Product


class LineKey(NamedTuple):
    """Code and day, and the modifiers in claim order with hyphens between them."""

    code: str
    day: date
    modifiers: str = ""


@dataclass(slots=True)
class Dose:
    """One drug given once: `start` and `seconds` after the visit's beginning; `seconds` is None for a moment.

    `pieces` is in how many stretches of one order a run is charted; `timed` is False where its end was never charted.
    `way` is infusion, push, IM, SC or oral; `status` the charted one, `note` what was written beside it.
    `once`: its amount stands on the first of its records alone, since amounts on several would be added up.
    `unit` is the dose's, empty for the product's own: another where it is charted for each kg or m2.
    """

    product: Product
    way: str
    start: int
    seconds: int | None
    dose: str
    order: int
    pieces: int = 1
    timed: bool = True
    status: str = "completed"
    note: str = ""
    once: bool = False
    unit: str = ""


class Earned(NamedTuple):
    """Units of a code that one dose earned."""

    code: str
    units: int
    dose: Dose
    modifiers: str = ""


@dataclass(slots=True)
class Plan:
    """A visit: its kind, class and beginning, the doses, what they earn, and the codes that explain why it was.

    `unproven` is what would have been earned by doses whose end was never charted.
    `supplied` are the lines of the drugs themselves; `unsettled` says that the chart leaves open which product one was.
    `body` is the patient's on that day, where a dose is charted by it.
    """

    kind: str
    encounter_class: str
    begins: datetime
    doses: list[Dose] = field(default_factory=list)
    earned: list[Earned] = field(default_factory=list)
    unproven: list[Earned] = field(default_factory=list)
    supplied: list[Earned] = field(default_factory=list)
    unsettled: bool = False
    diagnoses: tuple[str, ...] = ()
    body: Body | None = None

    @property
    def seconds(self) -> int:
        """When the last dose ended, after the beginning."""
        return max([dose.start + (dose.seconds or 0) for dose in self.doses], default=3600)

    def at(self, seconds: int) -> datetime:
        """The moment so many seconds after the beginning, in the same zone."""
        return (self.begins.astimezone(UTC) + timedelta(seconds=seconds)).astimezone(self.begins.tzinfo)

    def lines(self, earned: list[Earned]) -> Counter[LineKey]:
        """Units by code and day; a service is dated to the day it started."""
        found: Counter[LineKey] = Counter()
        for line in earned:
            found[LineKey(line.code, self.at(line.dose.start).date(), line.modifiers)] += line.units
        return found


class Draft:
    """A plan while it is being made: doses follow one another with odd gaps."""

    def __init__(self, random: Random, kind: str, encounter_class: str, begins: datetime) -> None:
        self.random = random
        self.plan = Plan(kind, encounter_class, begins)
        self.clock = random.randint(300, 2700)

    def dose(self, product: Product, way: str, seconds: int | None, at: int | None = None) -> Dose:
        """Give a product now, or at a moment that another dose decides."""
        start = self.clock if at is None else at
        made = Dose(product, way, start, seconds, product.dose(self.random), len(self.plan.doses) + 1)
        self.plan.doses.append(made)
        if at is None:
            self.clock = start + (seconds or 0) + self.random.randint(90, 1500)
        return made

    def infuse(self, product: Product, minutes: int, at: int | None = None) -> Dose:
        """Run a product for so many whole minutes and some seconds, in one to four charted stretches."""
        made = self.dose(product, "infusion", minutes * 60 + self.random.randint(0, 59), at)
        made.pieces = self.random.choices((1, 2, 3, 4), (70, 15, 10, 5))[0]
        return made

    def push(self, product: Product, at: int | None = None) -> Dose:
        """Push a product: a moment, since pushes are not timed."""
        return self.dose(product, "push", None, at)

    def earn(self, dose: Dose, code: str, units: int = 1) -> None:
        """Write down what a dose earns."""
        if units:
            self.plan.earned.append(Earned(code, units, dose))

    def first_hour_minutes(self, further: int) -> int:
        """Minutes that earn a first hour and so many further ones: each needs 31 past a whole hour."""
        return self.random.randint(31 + 60 * further, 90 + 60 * further) if further else self.random.randint(16, 90)
