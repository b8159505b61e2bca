"""An administration, or several stitched together, seen as something codable."""

from dataclasses import dataclass
from enum import IntEnum

from msgspec import Struct

from plugin.domain.chart import Administration
from plugin.domain.codes import Route, Technique, Word
from plugin.domain.interval import Stretch, minutes


class Tier(IntEnum):
    """Evidence for minutes: 1 and 2 bill, 3 bills as a floor only by position, 4 and 5 only pre-fill a question."""

    CHARTED = 1
    PAIRED = 2
    STILL_RUNNING = 3
    COMPUTED = 4
    INSTANT = 5
    ATTESTED = 6  # no tier of the chart: a person's word in the app, kept apart from the five


# What minutes may rest on to be coded. Whether an attested time may also bill is a position of the review.
PROVEN = frozenset({Tier.CHARTED, Tier.PAIRED, Tier.ATTESTED})


class Timing(Word):
    """What the chart lets one do with the time of a service."""

    TIMED = "timed"
    UNTIMED_PUSH = "untimed push"
    NO_STOP = "no stop"
    NO_START = "no start"
    NO_TIME = "no time"
    ILLOGICAL = "illogical"
    IMPLAUSIBLE = "implausible"
    AMBIGUOUS_CLOCK = "ambiguous clock"


class DrugClass(Word):
    """What the drug table says a drug is; the category of a service follows from it and from the route."""

    ANTINEOPLASTIC = "antineoplastic"
    COMPLEX_BIOLOGIC = "complex biologic"
    HORMONAL = "hormonal"
    THERAPEUTIC = "therapeutic"
    HYDRATION_FLUID = "hydration fluid"
    ELECTROLYTE = "electrolyte"
    BLOOD = "blood"
    FLUSH = "flush"
    VACCINE = "vaccine"
    ALLERGEN = "allergen"
    ANESTHETIC = "anesthetic"
    CONTRAST = "contrast"
    THROMBOLYTIC = "thrombolytic"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class DrugIdentity:
    """Who the drug is for the rules: one `key` per ingredient (or mixture), whatever the product or HCPCS code.

    `injected_class` is its class when given under the skin or into muscle.
    `row` names the drug-table row it was found in, empty for an unknown drug.
    """

    key: str
    drug_class: DrugClass
    injected_class: DrugClass
    text: str
    row: str = ""
    payer_varies: bool = False


@dataclass(frozen=True, slots=True)
class Expected:
    """How long it should have taken, and where that is from; never billed by itself."""

    minutes: int
    source: str
    tier: Tier


class Service(Struct, frozen=True, eq=False, gc=False):
    """One dose, course or bag as coded; equal only to itself.

    `stretches` are the counted running times in order of time, each tied to the administration it was charted on;
    empty when it cannot be timed, one zero-length stretch for an untimed push or injection.
    `access_site` is the catheter, empty when unknown.
    """

    id: str
    administrations: tuple[Administration, ...]
    drug: DrugIdentity
    timing: Timing
    technique: Technique | None
    route: Route | None
    access_site: str
    stretches: tuple[Stretch, ...]
    tier: Tier
    expected: Expected | None = None

    @property
    def start(self) -> int:
        """Seconds since 1970 at which it started; of the first charted moment when it is not timed, else 0."""
        if self.stretches:
            return self.stretches[0].start
        moments = [a.start or a.stop for a in self.administrations]
        return min((int(m.timestamp()) for m in moments if m), default=0)

    @property
    def minutes(self) -> int:
        """Whole minutes it ran, rounded down once."""
        return minutes(self.stretches)

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids of its administrations in order of time."""
        given = self.administrations
        return (given[0].id,) if len(given) == 1 else tuple([a.id for a in given])
