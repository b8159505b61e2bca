"""One administration as far as time goes: what was intended, what was charted, what closes it."""

from datetime import UTC, datetime, time

from msgspec import Struct
from msgspec.structs import replace

from plugin.domain import Administration, DrugClass, DrugIdentity, Route, Technique, Tier

INJECTED = frozenset({Route.INTRAMUSCULAR, Route.SUBCUTANEOUS, Route.INTRADERMAL})
MOMENTARY = frozenset({Technique.PUSH, Technique.INJECTION})  # done at a moment, not over a time
CHARTED = Tier.CHARTED
NOON = time(12, tzinfo=UTC)
ATTESTED_TIMES = frozenset({"start", "stop", "technique"})
ALWAYS_RUNS = frozenset({DrugClass.HYDRATION_FLUID, DrugClass.ELECTROLYTE, DrugClass.BLOOD})


class Piece(Struct, frozen=True, gc=False):
    """An administration with its times in seconds since 1970; `closed_by` lists rows that ended it."""

    administration: Administration
    drug: DrugIdentity
    intended: Technique | None
    start: int | None
    stop: int | None
    tier: Tier = Tier.CHARTED
    closed_by: tuple[Administration, ...] = ()

    @property
    def is_end_marker(self) -> bool:
        """A row with dose or rate 0 says that the running one ended."""
        dose, rate = self.administration.dose, self.administration.rate
        return (dose is not None and dose.value == 0) or (rate is not None and rate.amount.value == 0)

    @property
    def began(self) -> int | None:
        """The first charted moment, None where only a day was charted."""
        if self.administration.date_only is not None:
            return None
        return self.start if self.start is not None else self.stop

    @property
    def length(self) -> int | None:
        """Charted seconds, None when an end is missing; negative when the stop is before the start."""
        return None if self.start is None or self.stop is None else self.stop - self.start

    def closed(self, at: int, by: Administration | None) -> "Piece":
        """This piece ended at `at`, known from a linked row."""
        rows = (*self.closed_by, by) if by else self.closed_by
        return replace(self, stop=at, tier=Tier.PAIRED, closed_by=rows)


def piece_of(administration: Administration, drug: DrugIdentity) -> Piece:
    """The administration as a piece; an instant has a start and no stop."""
    start, stop = administration.start, administration.stop
    intended = intended_technique(administration, drug)
    if administration.date_only is not None and intended is Technique.INJECTION:
        start = datetime.combine(administration.date_only, NOON)  # an injection needs its day, not its time
    return Piece(
        administration,
        drug,
        intended,
        int(start.timestamp()) if start else None,
        int(stop.timestamp()) if stop else None,
        _tier_of(administration),
    )


def _tier_of(administration: Administration) -> Tier:
    """What bears its time: the chart, a device, or a person's word for one of its ends or for how it was given."""
    if administration.attested and ATTESTED_TIMES.intersection(administration.attested):
        return Tier.ATTESTED
    return Tier.PAIRED if administration.from_device else CHARTED


def intended_technique(a: Administration, drug: DrugIdentity) -> Technique | None:
    """What route, method, text and rate say was meant, before any minutes are looked at."""
    if a.route in INJECTED:
        runs = a.route is Route.SUBCUTANEOUS and a.technique is Technique.INFUSION
        return Technique.INFUSION if runs else Technique.INJECTION
    if drug.drug_class in ALWAYS_RUNS:
        return Technique.INFUSION
    if a.technique is None and (a.rate is not None or a.infuse_over is not None):
        return Technique.INFUSION
    return a.technique
