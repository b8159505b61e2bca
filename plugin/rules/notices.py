"""What the reader must know that asks nothing and changes no code."""

import re

from plugin.domain import Category, DrugClass, Fact, Notice, Route, Service, Technique, Tier
from plugin.rules.base import Said, rule, since
from plugin.rules.marks import Mark, flagged
from plugin.rules.placement import is_timed
from plugin.rules.second_visit import earlier_that_day
from plugin.rules.visit import Visit
from plugin.rules.wording import Words

NO_LIMIT = 1_000
MONITORED = frozenset({Category.CHEMOTHERAPY, Category.TRANSFUSION})
TITRATED = Words(r"(?<!not )(?<!no )(?<!never )(?<!without )\btitrat(e|ed|ing|ion)\b")
VISIT = re.compile(r"992(0[2-5]|1[1-5]|8[1-5])|G0463")


@rule(
    "COMPLEXITY-DOCUMENTATION",
    title="A complex biologic outside cancer needs its monitoring documented",
    cites=("noridian-complex",),
    in_force=since("2006-01-01"),
    when=(DrugClass.COMPLEX_BIOLOGIC,),
)
def complexity_documentation(visit: Visit) -> list[Said]:
    """Dossier R31: drug and complexity decide, so the complexity should stand in the chart."""
    if any(code.startswith(("C", "D0", "D1", "D2", "D3", "D4")) for code in visit.diagnosis_codes):
        return []
    ids = tuple(
        i
        for s, category in visit.counted
        if category is Category.CHEMOTHERAPY and is_timed(s) and s.drug.drug_class is DrugClass.COMPLEX_BIOLOGIC
        for i in s.ids
        if s.technique is not Technique.INJECTION
    )
    text = Fact(
        "a complex biologic outside cancer: the chart should show the monitoring that makes it complex", (), ids
    )
    return [Notice("complexity-documentation", ids, text)] if ids else []


@rule(
    "CALCULATED-TIME",
    title="A time computed from dose and rate is said to be computed",
    cites=("palmetto-a53778",),
    in_force=since("2006-01-01"),
    when=(Tier.COMPUTED,),
)
def calculated_time(visit: Visit) -> list[Said]:
    """Only under position `missing_stop` (dossier R22)."""
    ids = tuple(i for s, _ in visit.counted if s.tier is Tier.COMPUTED and s.stretches for i in s.ids)
    text = Fact("the stop time is computed from what was ordered or set, not charted; have it confirmed", (), ids)
    return [Notice("calculated-time", ids, text)] if ids else []


@rule(
    "ASSUMED-ZONE",
    title="A time without a zone is read in the facility's zone",
    cites=("decided-defaults",),
    in_force=since("2006-01-01"),
    when=(Mark.ZONE_ASSUMED,),
)
def assumed_zone(visit: Visit) -> list[Said]:
    """DESIGN section 7; addendum section 7."""
    ids = tuple(a.id for s, _ in visit.counted for a in s.administrations if a.zone_assumed)
    return (
        [Notice("assumed-zone", ids, Fact("times without an offset were read in the facility's zone", (), ids))]
        if ids
        else []
    )


@rule(
    "SELF-ADMINISTERED-DRUG",
    title="A drug that patients usually give themselves may not be covered under the skin, nor its injection",
    cites=("self-administered",),
    in_force=since("2006-01-01"),
    when=(flagged("self-administered-drug"),),
)
def self_administered_drug(visit: Visit) -> list[Said]:
    """The line stays; the contractor's list decides (addendum R46)."""
    return _flagged(
        "self-administered-drug", Route.SUBCUTANEOUS, "check the contractor's self-administered list", visit
    )


@rule(
    "REGISTRY",
    title="An anti-amyloid antibody under Medicare needs a registry",
    cites=("amyloid-registry",),
    in_force=since("2023-07-06"),
    when=(flagged("registry"),),
)
def registry(visit: Visit) -> list[Said]:
    """Addendum R57, unsourced beyond the coverage decision."""
    return _flagged("registry", None, "Medicare asks for participation in a registry and Z00.6", visit)


def _flagged(flag: str, route: Route | None, words: str, visit: Visit) -> list[Said]:
    found = [s for s, _ in visit.counted if visit.book.flag(s.drug.key, flag) and route in (None, s.route)]
    ids = tuple(i for s in found for i in s.ids)
    names = ", ".join(dict.fromkeys(s.drug.key for s in found))
    return [Notice(flag, ids, Fact("{}: {}", (names, words), ids))] if ids else []


@rule(
    "ACTIVE-MONITORING",
    title="Observation hours leave out the time of services with active monitoring of their own",
    cites=("observation-monitoring",),
    in_force=since("2006-01-01"),
    when=(Mark.OBSERVATION,),
)
def active_monitoring(visit: Visit) -> list[Said]:
    """Chemotherapy, complex drugs, transfusions, titrated drips; the hospital decides what to deduct (addendum R36)."""
    watched = [s for s, c in visit.counted if (c in MONITORED or _titrated(s, c, visit)) and s.minutes]
    ids = tuple([i for s in watched for i in s.ids])
    text = Fact(
        "{} min with active monitoring may have to be taken off the observation hours",
        (sum([s.minutes for s in watched]),),
        ids,
    )
    return [Notice("active-monitoring", ids, text)] if ids else []


def _titrated(service: Service, category: Category, visit: Visit) -> bool:
    """A drip of a drug said to be titrated, or charted with more than one rate; fluids alone are not."""
    if category is not Category.THERAPEUTIC or service.technique is not Technique.INFUSION:
        return False
    given = service.administrations
    several = len(given) > 1 and len({a.rate for a in given if a.rate is not None and a.rate.amount.value}) > 1
    return several or visit.says(TITRATED, service)


@rule(
    "UNIT-LIMIT-APPEAL",
    title="A documented second initial service can exceed the day's unit limit: coded as documented, payable on appeal",
    cites=("mue-2026-10",),
    in_force=since("2006-01-01"),
    when=(Mark.SEVERAL_INITIALS, Mark.NEIGHBOURS),
)
def unit_limit_appeal(visit: Visit) -> list[Said]:
    """Addendum A2; an earlier visit of the day counts too."""
    reported = [*visit.initial_list, *(code for n in earlier_that_day(visit) for code in n.charged)]
    limits = visit.book.a_day(visit.setting)
    over = [code for code in sorted(set(visit.initial_list)) if reported.count(code) > limits.get(code, NO_LIMIT)]
    words = "{} exceeds its limit of units a day: expect a denial, appeal with the site or visit documentation"
    return [Notice("unit-limit-appeal", (), Fact(words, (", ".join(over),)))] if over else []


@rule(
    "VISIT-CODE",
    title="A visit charged beside an injection or infusion must be separately identifiable, and carries modifier 25",
    cites=("visit-with-25",),
    in_force=since("2006-01-01"),
    when=(Mark.CHARGED,),
)
def visit_code(visit: Visit) -> list[Said]:
    """The modifier goes on the visit, never on the administration; 99211 never stands beside one (dossier R28)."""
    visits = [code for code in visit.chart.charged if VISIT.fullmatch(code)]
    if not visits or all(s.drug.drug_class is DrugClass.FLUSH for s, _ in visit.counted):
        return []
    text = Fact(
        "{} is charged too: it needs a service of its own and modifier 25; 99211 never beside these",
        (", ".join(visits),),
    )
    return [Notice("visit-code", (), text)]
