"""What a rule may look at: the chart, its timeline, the setting, and the code book of the day."""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from functools import lru_cache
from typing import Generic, TypeVar

from plugin.codebook import View
from plugin.domain import (
    Administration,
    CareSetting,
    Category,
    Chart,
    DrugClass,
    Fact,
    Route,
    Service,
    Stretch,
    about_body,
)
from plugin.domain.interval import Clock, minutes
from plugin.rules.diagnoses import ChartedReasons
from plugin.rules.marks import Mark, flagged
from plugin.rules.wording import Words, says, texts, words_in_any
from plugin.timeline import Timeline

T = TypeVar("T")
QUARTER = 900
INPATIENT = ("IMP", "ACUTE", "NONAC")
HOME = ("HH",)
OBSERVATION = "OBSENC"
NOT_HELD = ("cancelled", "entered-in-error")
MARKED_CLASSES = dict.fromkeys(INPATIENT, Mark.EVER_INPATIENT) | dict.fromkeys(HOME, Mark.EVER_HOME)
BESIDE = (Mark.STATED, Mark.CHARGED, Mark.PROCEDURES, Mark.NEIGHBOURS, Mark.UNPLACED)
NO_WORDS: frozenset[Words] = frozenset()
PORT = Words(r"\bport\b")


class once(Generic[T]):  # noqa: N801 - reads as the decorator it is
    """A property worked out at its first use; unlike functools.cached_property it takes no lock."""

    def __init__(self, work_out: Callable[["Visit"], T]) -> None:
        self._work_out = work_out
        self.__doc__ = work_out.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, visit: "Visit", owner: type | None = None) -> T:
        value = visit.__dict__[self._name] = self._work_out(visit)
        return value


@dataclass(frozen=True)
class Visit:
    """One encounter as the rules see it.

    `counted` are the services no leave-out rule took, with their category.
    `unknown` are those whose drug nobody knows; their times are asked for all the same.
    `left_out` names, by service id, the rule that left a service out.
    `own_codes` names, by service id, the technique of those that have a code of their own (`apart.py`).
    `initial_list` are the codes of the placed initial services, known once every service has its place.
    Where a service is concurrent, `first_concurrent` is the id of the one that counts, and `further_codes` are the
    codes of the further hours that others earn.
    """

    chart: Chart
    setting: CareSetting
    timeline: Timeline
    book: View
    setting_given: bool = False
    counted: tuple[tuple[Service, Category], ...] = ()
    administrations: Mapping[str, Administration] = field(default_factory=dict)
    unknown: tuple[Service, ...] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)
    own_codes: Mapping[str, str] = field(default_factory=dict)
    initial_list: tuple[str, ...] = ()
    further_codes: frozenset[str] = frozenset()
    first_concurrent: str = ""

    def knowing(self, **more: object) -> "Visit":
        """This visit with more fields filled in; what was worked out from chart and timeline stays."""
        visit = object.__new__(Visit)
        visit.__dict__.update(self.__dict__)
        visit.__dict__.update(more)
        return visit

    @once
    def zone(self) -> tzinfo | None:
        """The facility's zone, else the one offset that everything here was charted with; None when there are more."""
        if self.chart.zone is not None:
            return self.chart.zone
        moments = [given.start or given.stop for given in self.chart.administrations]
        charted = {moment.tzinfo if moment else None for moment in moments}
        return charted.pop() if len(charted) == 1 else None

    def zone_of(self, administration: str) -> tzinfo:
        """The facility's zone, else the offset that this administration was charted with."""
        if self.zone is not None:
            return self.zone
        given = self.administrations[administration]
        moment = given.start or given.stop
        return (moment.tzinfo or UTC) if moment else UTC

    def day_of(self, administration: str, seconds: int) -> date:
        """The local calendar day of a moment on an administration."""
        charted = self.administrations[administration].date_only
        return charted or _day_at(seconds, self.zone_of(administration))

    @once
    def only_day(self) -> date | None:
        """The one local day of all that was timed; None when it may be two, or only a day was charted."""
        services, zone = self.timeline.services, self.zone
        if not services or zone is None or any(a.date_only for a in self.chart.administrations):
            return None
        last = max([s.stretches[-1].stop for s in services if s.stretches], default=services[-1].start)
        day = _day_at(services[0].start, zone)
        return day if _day_at(last, zone) == day else None

    def local_day(self, moment: datetime) -> date:
        """The calendar day of a charted moment in the facility's zone, else in the offset it was written in."""
        return (moment.astimezone(self.chart.zone) if self.chart.zone else moment).date()

    def clock(self, administration: str, seconds: int) -> Clock:
        """A moment for a fact."""
        return Clock(seconds, self.zone_of(administration))

    def ran(self, service: Service, stretches: tuple[Stretch, ...]) -> Fact:
        """The fact that a drug ran, from when to when, in whole minutes, and how much of that these stretches are."""
        first, last = stretches[0], stretches[-1]
        length = minutes(stretches)
        zone = self.zone_of(first.administration)
        begun = Clock(first.start, zone)
        name, ids = service.drug.text or service.drug.key, distinct(stretches)
        if not length:
            return Fact("{0} was given at {1}", (name, begun), ids)
        ended = Clock(last.stop, zone if len(ids) == 1 else self.zone_of(last.administration))
        if stretches == service.stretches:
            return Fact("{0} ran {1} min, {2} to {3}", (name, length, begun, ended), ids)
        whole, own = service.stretches, service.ids
        if not whole or (ids != own and not set(own).issuperset(ids)):
            return Fact("{0} and more fluid: {1} min, {2} to {3}", (name, length, begun, ended), ids)
        start, stop = self.clock(ids[0], whole[0].start), self.clock(ids[0], whole[-1].stop)
        sentence = "{0} ran {1} min, {2} to {3}; {4} of them count here, {5} to {6}"
        return Fact(sentence, (name, service.minutes, start, stop, length, begun, ended), ids)

    def stated(self, kind: str, about: str = "") -> str:
        """What somebody stated in answer to a question of that kind, empty when nobody did."""
        return next((s.value for s in self.chart.stated if s.kind == kind and s.about == about), "")

    def body(self, unit: str, day: date) -> Decimal | None:
        """The patient's weight ("kg") or surface ("m2"), as stated for that day or else as charted; None when neither.

        A person changes from one visit to the next, so what was stated holds for the doses of its day alone.
        """
        stated = self.book.book.units.in_words(self.stated("patient-weight", about_body(unit, day)))
        told = next((w.measure.value for w in stated if w.measure.unit == unit), None)
        return told or (self.chart.weight_kg if unit == "kg" else self.chart.surface_m2)

    @once
    def arrival(self) -> int:
        """When the encounter began, in seconds since 1970; 0 when that isn't charted."""
        start = self.chart.encounter.start
        return int(start.timestamp()) if start else 0

    @once
    def words(self) -> frozenset[Words]:
        """All the words looked for that were charted with any service; mostly there are none."""
        found = NO_WORDS
        for service in self.timeline.services:
            for a in service.administrations:
                if named := words_in_any(a.drug.text, a.route_text, a.site):
                    found |= named
                if a.notes or a.reasons:
                    found |= words_in_any(*a.notes, *[term.text for term in a.reasons])
        return found

    def says(self, words: Words, service: Service) -> bool:
        """Whether anything charted with a service has the words."""
        return words in self.words and says(words, texts(service))

    @once
    def marks(self) -> set[Hashable]:
        """What of this visit some rules wait for, as far as the chart and its timeline tell."""
        found = self._marks_of_encounter()
        found.update(self.words)
        for service in self.timeline.services:
            drug = service.drug
            found.add(drug.drug_class)
            found.add(service.route or Mark.NO_ROUTE)
            found.add(service.tier)
            if flags := self.book.book.flags_of(drug.key):
                found.update(map(flagged, flags))
        for given in self.chart.administrations:
            if given.dose is not None and not given.dose.value:
                found.add(Mark.NO_DOSE)
            if given.zone_assumed:
                found.add(Mark.ZONE_ASSUMED)
        return found

    def _marks_of_encounter(self) -> set[Hashable]:
        chart, encounter, services = self.chart, self.chart.encounter, self.timeline.services
        beside = (chart.stated, chart.charged, chart.procedures, chart.neighbours, chart.unplaced)
        found: set[Hashable] = {mark for mark, charted in zip(BESIDE, beside, strict=True) if charted}
        found.add(self.setting)
        for name in (encounter.encounter_class, *[span.encounter_class for span in encounter.classes]):
            if name in MARKED_CLASSES:
                found.add(MARKED_CLASSES[name])
        if self.timeline.not_given:
            found.add(Mark.NOT_GIVEN)
        if encounter.encounter_class == OBSERVATION:
            found.add(Mark.OBSERVATION)
        if encounter.status in NOT_HELD:
            found.add(Mark.NOT_HELD)
        if self.at_dialysis:
            found.add(Mark.DIALYSIS)
        if not self.setting_given:
            found.add(Mark.SETTING_ASSUMED)
        if services and services[0].start < self.arrival:
            found.add(Mark.BEGUN_BEFORE)
        return found

    def placed_marks(self) -> set[Hashable]:
        """The marks that are known once every service has its place."""
        found: set[Hashable] = set()
        if self.counted:
            found.add(Mark.COUNTED)
        if self.own_codes:
            found.add(Mark.OWN_CODE)
        if len(self.initial_list) > 1:
            found.add(Mark.SEVERAL_INITIALS)
        return found

    @once
    def admitted(self) -> int | None:
        """The moment of the inpatient order, where the class history has one after an outpatient beginning."""
        spans = self.chart.encounter.classes
        return min(
            [int(s.start.timestamp()) for s in spans if s.encounter_class in INPATIENT and s.start], default=None
        )

    @once
    def sole_port_flushes(self) -> tuple[Service, ...]:
        """The flushes of an implanted port, where the encounter has nothing else."""
        services = tuple([s for s in self.timeline.services if s.route is not Route.ENTERAL])
        if any(s.drug.drug_class is not DrugClass.FLUSH for s in services):
            return ()
        return services if any(self.says(PORT, s) for s in services) else ()

    @once
    def last_blood(self) -> int | None:
        """When the last blood product was started, None when none was given."""
        return max([s.start for s in self.timeline.services if s.drug.drug_class is DrugClass.BLOOD], default=None)

    @once
    def charted_reasons(self) -> ChartedReasons:
        """The diagnoses of the chart as ICD-10-CM codes."""
        return ChartedReasons(self.chart, self.book.book.diagnoses)

    @once
    def charted_groups(self) -> frozenset[str]:
        """The groups of `first_listed.toml` that the chart's diagnoses belong to."""
        groups_of = self.book.book.diagnoses.groups_of
        return frozenset().union(*[groups_of(r.code) for r in self.charted_reasons.by_id.values()])

    @once
    def at_dialysis(self) -> bool:
        """Whether service type, reason or place say dialysis; an emergency of such a patient is no dialysis visit."""
        encounter = self.chart.encounter
        if encounter.encounter_class in ("EMER", "OBSENC"):
            return False
        places = [place for place in encounter.locations if not place.startswith("Location/")]  # an id is no word
        words = [t.text for t in (*encounter.service_type, *encounter.reasons)] + places
        return any("dialysis" in word.lower() for word in words)

    @once
    def diagnosis_codes(self) -> frozenset[str]:
        """ICD-10-CM codes of the chart's diagnoses."""
        return frozenset([reason.code for reason in self.charted_reasons.by_id.values()])

    def reason_codes(self, service: Service) -> frozenset[str]:
        """ICD-10-CM codes charted as the reason of the service itself."""
        return frozenset([reason.code for reason in self.charted_reasons.own(service.administrations)])


def distinct(stretches: tuple[Stretch, ...]) -> tuple[str, ...]:
    """The administrations behind stretches, in their order."""
    if len(stretches) == 1:
        return (stretches[0].administration,)
    return tuple(dict.fromkeys([s.administration for s in stretches]))


def _day_at(seconds: int, zone: tzinfo) -> date:
    return _day_of(seconds // QUARTER, zone) or datetime.fromtimestamp(seconds, zone).date()


@lru_cache(maxsize=65_536)
def _day_of(quarter: int, zone: tzinfo) -> date | None:
    """The local day of a quarter of an hour since 1970, None where midnight falls into it; a year has 35,000."""
    first, last = quarter * QUARTER, (quarter + 1) * QUARTER - 1
    day = datetime.fromtimestamp(first, zone).date()
    return day if datetime.fromtimestamp(last, zone).date() == day else None
