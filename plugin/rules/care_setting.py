"""Where the patient was: what an inpatient stay and a home visit do to these codes (dossier R27, R33; addendum A21)."""

from datetime import datetime, timedelta

from plugin.domain import Ask, CareSetting, Decline, Fact, NotApplicable, Notice, Service
from plugin.rules.base import NOT_APPLICABLE, Said, rule, since
from plugin.rules.marks import Mark
from plugin.rules.not_counted import declined
from plugin.rules.visit import HOME, INPATIENT, Visit

OUTPATIENT = ("AMB", "EMER", "OBSENC", "SS")
OF_A_FACILITY = frozenset({*INPATIENT, *HOME, *OUTPATIENT})


def setting_of(encounter_class: str) -> CareSetting | None:
    """The care setting an encounter class stands for by default, None for a class that says nothing."""
    return CareSetting.FACILITY if encounter_class in OF_A_FACILITY else None


def class_at(visit: Visit, seconds: int) -> str:
    """The encounter's class at a moment: its history where charted, else its class."""
    for span in visit.chart.encounter.classes:
        begun = span.start is None or span.start.timestamp() <= seconds
        if begun and (span.stop is None or seconds < span.stop.timestamp()):
            return span.encounter_class
    return visit.chart.encounter.encounter_class


@rule(
    "INPATIENT-STAY",
    title="From the inpatient order on, no administration codes",
    cites=("outpatient-to-inpatient", "three-day-window"),
    in_force=since("2006-01-01"),
    when=(Mark.EVER_INPATIENT,),
)
def inpatient_stay(service: Service, visit: Visit) -> Decline | Ask | NotApplicable:
    """The inpatient order's time splits the stay; what was given before it is outpatient."""
    if class_at(visit, service.start) not in INPATIENT:
        return NOT_APPLICABLE
    return declined(service, "given during an inpatient stay")


@rule(
    "ENCOUNTER-NOT-HELD",
    title="An encounter that was cancelled or entered in error has no charges",
    cites=("decided-defaults",),
    in_force=since("2006-01-01"),
    when=(Mark.NOT_HELD,),
)
def encounter_not_held(service: Service, visit: Visit) -> Decline | Ask | NotApplicable:
    """What was given all the same belongs to another encounter; somebody must say to which."""
    return declined(service, f"its encounter is charted as {visit.chart.encounter.status}")


@rule(
    "HOME-VISIT",
    title="Infusion at home has codes of its own",
    cites=("home-infusion",),
    in_force=since("2006-01-01"),
    when=(Mark.EVER_HOME,),
)
def home_visit(service: Service, visit: Visit) -> Decline | Ask | NotApplicable:
    """Home health encounters are outside."""
    if class_at(visit, service.start) not in HOME:
        return NOT_APPLICABLE
    return declined(service, "given at home")


@rule(
    "INPATIENT-WINDOW",
    title="Outpatient services of the three days before an admission fold into the inpatient claim",
    cites=("three-day-window",),
    in_force=since("2006-01-01"),
)
def inpatient_window(visit: Visit) -> list[Said]:
    """A notice, never a change of code: the claim decides. Unknown neighbours are said, never assumed."""
    if not visit.counted:
        return []
    if visit.chart.neighbours is None:
        text = Fact("the patient's other encounters are unknown, so nobody checked for an admission within 3 days")
        return [Notice("neighbours-unknown", (), text)]
    days = visit.book.limit("inpatient_window_days")
    admitted = [
        n.id for n in visit.chart.neighbours if n.encounter_class in INPATIENT and _within(visit, n.start, days)
    ]
    if _becomes_inpatient(visit):
        admitted.append(visit.chart.encounter.id)
    if not admitted:
        return []
    text = Fact(
        "an inpatient stay follows within {} days; these services may fold into its claim", (days,), (*admitted,)
    )
    return [Notice("inpatient-window", (), text)]


def _within(visit: Visit, start: datetime | None, days: int) -> bool:
    last = visit.chart.encounter.stop or visit.chart.encounter.start
    if last is None or start is None:
        return False
    return timedelta(0) <= visit.local_day(start) - visit.local_day(last) <= timedelta(days=days)


def _becomes_inpatient(visit: Visit) -> bool:
    return any(span.encounter_class in INPATIENT for span in visit.chart.encounter.classes)


@rule(
    "ENCOUNTER-CLASS",
    title="An encounter without a known class is coded as facility, and asked about",
    cites=("decided-defaults",),
    in_force=since("2006-01-01"),
    when=(Mark.SETTING_ASSUMED,),
)
def encounter_class(visit: Visit) -> list[Said]:
    """DESIGN section 6, setting; dossier R22c."""
    charted = visit.chart.encounter.encounter_class
    if not visit.counted or visit.setting_given or setting_of(charted) is not None:
        return []
    question = Fact(
        "Was this an emergency, observation, clinic, office or inpatient encounter? Charted: {}",
        (charted or "nothing",),
    )
    return [Ask("encounter-class", (), (), question, always=True)]


@rule(
    "ENCOUNTER-LINK",
    title="An administration that fits several encounters is asked about and not coded",
    cites=("decided-defaults",),
    in_force=since("2006-01-01"),
    when=(Mark.UNPLACED,),
)
def encounter_link(visit: Visit) -> list[Said]:
    """DESIGN section 6, no encounter link."""
    if not visit.chart.unplaced:
        return []
    question = Fact("Which of the patient's encounters does this administration belong to?", (), visit.chart.unplaced)
    return [Ask("encounter-link", visit.chart.unplaced, (), question, always=True)]
