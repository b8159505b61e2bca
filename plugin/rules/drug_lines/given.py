"""Which services carry a line for their drug, and as which drug: one share for each drug of a mixture."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from plugin.domain import Drug, DrugClass, Ingredient, Route, Service, Status
from plugin.rules.visit import Visit

# A service left out by one of these has no drug line either: not here, not given, no drug of its own, or not known.
# A drug given in a procedure has one: only its administration is part of the procedure (`procedure-integral`).
WITHOUT_A_LINE = frozenset(
    [
        "ENCOUNTER-NOT-HELD",
        "INPATIENT-STAY",
        "HOME-VISIT",
        "GIVEN-ELSEWHERE",
        "DIALYSIS-BUNDLE",
        "NOTHING-GIVEN",
        "OTHER-FAMILY",
        "PROCEDURE-INTEGRAL",
        "FLUID-NOT-IN-A-VEIN",
        "LINE-FLUSH",
        "KEEP-VEIN-OPEN",
        "MISSING-ROUTE",
    ]
)
TAKEN_BY_PATIENTS = frozenset([Route.ENTERAL, Route.TOPICAL, Route.INHALED])
NO_PRODUCT = frozenset(
    [DrugClass.ANESTHETIC, DrugClass.CONTRAST, DrugClass.FLUSH, DrugClass.VACCINE, DrugClass.ALLERGEN]
)
UNDER_WAY = frozenset([Status.IN_PROGRESS])


@dataclass(frozen=True, slots=True, eq=False)
class Share:
    """One drug that a service gave: `drug` is its key, `charted` how it stands in the chart.

    `ingredient` is its part of a mixture, None where the service gave this drug alone.
    """

    service: Service
    drug: str
    charted: Drug
    day: date
    ingredient: Ingredient | None = None
    mixed: bool = False

    @property
    def about(self) -> str:
        """What a statement about it is about: its service, and in a mixture the drug too."""
        return f"{self.service.id} {self.drug}" if self.mixed else self.service.id


def shares(visit: Visit) -> Iterator[Share]:
    """Every drug given that a line could be for, in order of time."""
    for service in visit.timeline.services:
        if visit.left_out.get(service.id) in WITHOUT_A_LINE or not _is_supplied(service):
            continue
        day = visit.day_of(service.ids[0], service.start)
        names = service.drug.key.split(" + ")
        for name in names:
            yield _share(service, name, day, len(names) > 1, visit)


def _is_supplied(service: Service) -> bool:
    drug = service.drug
    if drug.drug_class in NO_PRODUCT or service.route in TAKEN_BY_PATIENTS:
        return False
    if not drug.row and not any(term.system == "ndc" for term in service.administrations[0].drug.terms):
        return False  # nobody knows it, and no product number could tell
    return not any(a.status in UNDER_WAY for a in service.administrations)


def _share(service: Service, name: str, day: date, mixed: bool, visit: Visit) -> Share:
    charted = service.administrations[0].drug
    for ingredient in charted.ingredients:
        alone = Drug(ingredient.text, ingredient.terms)
        if visit.book.book.drugs.identify(alone)[0].key == name:
            return Share(service, name, alone if mixed else charted, day, ingredient, mixed)
    return Share(service, name, charted, day, None, mixed)
