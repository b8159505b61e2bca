"""What the chart doesn't say: times, route, technique (dossier R22 and R22c, addendum D7 and D12)."""

from collections.abc import Iterable

from plugin.domain import (
    Ask,
    Category,
    Decline,
    DrugClass,
    Fact,
    NotApplicable,
    Route,
    Service,
    Technique,
    Tier,
    Timing,
)
from plugin.domain.outcome import Answer
from plugin.rules.answers import with_length, with_route, with_site, with_stated, with_stop, with_technique
from plugin.rules.base import NOT_APPLICABLE, Kind, Said, looking_at, rule, since
from plugin.rules.marks import Mark
from plugin.rules.placement import Placed
from plugin.rules.visit import Visit
from plugin.timeline.evidence import AS_CHARTED

UNTIMED = looking_at(Kind.UNTIMED)


@rule(
    "MISSING-ROUTE",
    title="The route is never inferred from the drug",
    cites=("decided-defaults",),
    in_force=since("2006-01-01"),
    when=(Mark.NO_ROUTE,),
)
def missing_route(service: Service, visit: Visit) -> Ask | Decline | NotApplicable:
    """Dossier R22c; blood only ever goes into a vein."""
    if service.route is not None or service.drug.drug_class is DrugClass.BLOOD:
        return NOT_APPLICABLE
    question = Fact(
        "How was {} given: into a vein, a muscle, under the skin, or by mouth?", (service.drug.text,), service.ids
    )
    answers = (
        Answer("into a vein", with_route(service, Route.INTRAVENOUS, Technique.PUSH)),
        Answer("by infusion", with_route(service, Route.INTRAVENOUS, Technique.INFUSION)),
        Answer("into a muscle", with_route(service, Route.INTRAMUSCULAR, Technique.INJECTION)),
    )
    return Ask("missing-route", service.ids, service.stretches, question, answers)


def _asks(placed: Placed, kind: str, template: str, answers: Iterable[Answer], of: int = -1) -> list[Said]:
    """A question that names the start of the service's last administration, or of another one."""
    service = placed.service
    moment = service.administrations[of].start or service.administrations[of].stop
    said = f"{moment:%H:%M}" if moment else "an unknown time"
    question = Fact(template, (service.drug.text or service.drug.key, said), service.ids)
    return [Ask(kind, service.ids, service.stretches, question, tuple(answers))]


def _lengths(placed: Placed, visit: Visit) -> list[int]:
    """Minutes worth trying out: what was expected, the least that earns a code, the first further hour."""
    fluid = placed.category is Category.HYDRATION
    least = visit.book.limit("hydration_minimum" if fluid else "infusion_minimum")
    further = visit.book.limit("first_hour") + visit.book.limit("last_part_must_exceed") + 1
    expected = placed.service.expected
    return ([expected.minutes] if expected else []) + [least, further]


@rule(
    "MISSING-STOP-TIME",
    title="An infusion without a stop time is asked about, not coded",
    cites=("hcpro-no-stop", "decided-untimed"),
    in_force=since("2006-01-01"),
    looks_at=UNTIMED,
)
def missing_stop_time(placed: Placed, visit: Visit) -> list[Said]:
    """Order, pump programme and infuse-over time only pre-fill the question."""
    service = placed.service
    if service.timing is not Timing.NO_STOP or service.technique is None:
        return []
    answers = [Answer(f"it ran {m} min", with_stop(service, m)) for m in _lengths(placed, visit)]
    template = "{} started at {}. When did it stop?"
    if service.expected:
        template += f" ({service.expected.minutes} min {service.expected.source})"
    return _asks(placed, "missing-stop-time", template, answers)


@rule(
    "STILL-RUNNING",
    title='Minutes up to the last "still running" are a floor: the stop time is asked for all the same',
    cites=("hcpro-no-stop",),
    in_force=since("2006-01-01"),
    when=(Tier.STILL_RUNNING,),
)
def still_running(visit: Visit) -> list[Said]:
    """Only under position `running_floor` = bill; DESIGN section 4, tier 3."""
    said: list[Said] = []
    for service, _ in visit.counted:
        if service.tier is Tier.STILL_RUNNING and service.stretches:
            question = Fact(
                "{} was last charted as still running. When did it stop?", (service.drug.text,), service.ids
            )
            answers = [Answer(f"it ran {m} min", with_stop(service, m)) for m in _longer(service, visit)]
            said.append(Ask("missing-stop-time", service.ids, (), question, tuple(answers)))
    return said


def _longer(service: Service, visit: Visit) -> list[int]:
    """The next lengths at which a unit more would be earned."""
    needed = visit.book.limit("last_part_must_exceed") + 1
    return [m for m in (needed, 60 + needed, 120 + needed, 180 + needed, 240 + needed) if m > service.minutes][:2]


@rule(
    "PUSH-OR-INFUSION",
    title="An intravenous drug charted as one moment, with nothing said about how, is asked about",
    cites=("noridian-push-infusion", "aapc-push-definition"),
    in_force=since("2006-01-01"),
    looks_at=UNTIMED,
)
def push_or_infusion(placed: Placed, visit: Visit) -> list[Said]:
    """Addendum A16."""
    service = placed.service
    if service.timing is not Timing.NO_STOP or service.technique is not None:
        return []
    answers = [Answer("as a push", with_technique(service, Technique.PUSH))]
    answers += [Answer(f"as an infusion of {m} min", with_stop(service, m)) for m in _lengths(placed, visit)]
    return _asks(placed, "push-or-infusion", "{} was given at {}. As a push, or as an infusion until when?", answers)


@rule(
    "MISSING-START-TIME",
    title="Without a start time nothing is timed",
    cites=("decided-untimed",),
    in_force=since("2006-01-01"),
    looks_at=UNTIMED,
)
def missing_start_time(placed: Placed, visit: Visit) -> list[Said]:
    """A lone stop, or only a date."""
    service = placed.service
    if service.timing not in (Timing.NO_START, Timing.NO_TIME):
        return []
    answers = [Answer(f"it ran {m} min", with_length(service, m)) for m in _lengths(placed, visit)]
    return _asks(placed, "missing-start-time", "When did {} start? Charted: {}", answers)


@rule(
    "ILLOGICAL-TIME",
    title="A stop before the start, or an infusion of 0 or 1 minute, is a slip of the pen",
    cites=("decided-defaults",),
    in_force=since("2006-01-01"),
    looks_at=UNTIMED,
)
def illogical_time(placed: Placed, visit: Visit) -> list[Said]:
    """Also a local time that a clock change makes ambiguous."""
    service = placed.service
    if service.timing not in (Timing.ILLOGICAL, Timing.AMBIGUOUS_CLOCK):
        return []
    answers = [Answer(f"it ran {m} min", with_length(service, m)) for m in _lengths(placed, visit)]
    return _asks(
        placed, "illogical-time", "The charted times of {} at {} can't be right. When did it start and stop?", answers
    )


@rule(
    "IMPLAUSIBLE-TIME",
    title="An infusion of more than 24 hours, or of twice its ordered time, is asked about",
    cites=("decided-untimed", "decided-defaults"),
    in_force=since("2006-01-01"),
    looks_at=UNTIMED,
)
def implausible_time(placed: Placed, visit: Visit) -> list[Said]:
    """Dossier R22."""
    service = placed.service
    if service.timing is not Timing.IMPLAUSIBLE:
        return []
    right = Answer("the times are right", with_stated(AS_CHARTED, service.id, "as charted"))
    answers = [right, *(Answer(f"it ran {m} min", with_length(service, m)) for m in _lengths(placed, visit))]
    return _asks(placed, AS_CHARTED, "{} from {} ran implausibly long. Are the times right?", answers, of=0)


@rule(
    "SAME-TIME-CHARTED",
    title="Drugs charted at one and the same time with no site were given together: one code, and a question",
    cites=("hii-same-time",),
    in_force=since("2006-01-01"),
    looks_at=looking_at(Kind.TOGETHER),
)
def same_time_charted(placed: Placed, visit: Visit) -> list[Said]:
    """Dossier R14, addendum D7."""
    service = placed.service
    question = Fact(
        "Was {} given in one syringe or bag with the other drug charted at that time, or by itself?",
        (service.drug.text,),
        service.ids,
    )
    answers = (Answer("by itself", with_site(service, "a site of its own")),)
    return [Ask("same-time-charted", service.ids, placed.kept, question, answers)]


@rule(
    "HYDRATION-WAITS",
    title="Hydration after the start of an open-ended drug waits for the drug's stop time",
    cites=("decided-untimed",),
    in_force=since("2006-01-01"),
    looks_at=looking_at(Kind.WAITS),
)
def hydration_waits(placed: Placed, visit: Visit) -> list[Said]:
    """Addendum D12; the drug's own question is the one that is shown."""
    question = Fact("Hydration can't be counted until the drug beside it has a stop time")
    ids = tuple(dict.fromkeys(s.administration for s in placed.kept))
    return [Ask("missing-stop-time", ids, placed.kept, question, silent=True)]
