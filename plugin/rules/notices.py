"""What the reader must know that asks nothing and changes no code."""

from plugin.domain import DrugClass, Fact, Notice, Technique, Tier
from plugin.rules.base import Said, rule, since
from plugin.rules.visit import Visit


@rule(
    "COMPLEXITY-DOCUMENTATION",
    title="A complex biologic outside cancer needs its monitoring documented",
    cites=("noridian-complex",),
    in_force=since("2006-01-01"),
)
def complexity_documentation(visit: Visit) -> list[Said]:
    """Dossier R31: drug and complexity decide, so the complexity should stand in the chart."""
    if any(code.startswith(("C", "D0", "D1", "D2", "D3", "D4")) for code in visit.diagnosis_codes):
        return []
    ids = tuple(i for s, _ in visit.counted if _is_complex(s.drug.drug_class, s.technique) for i in s.ids)
    text = Fact(
        "a complex biologic outside cancer: the chart should show the monitoring that makes it complex", (), ids
    )
    return [Notice("complexity-documentation", ids, text)] if ids else []


def _is_complex(drug_class: DrugClass, technique: Technique | None) -> bool:
    return drug_class is DrugClass.COMPLEX_BIOLOGIC and technique is not Technique.INJECTION


@rule(
    "CALCULATED-TIME",
    title="A time computed from dose and rate is said to be computed",
    cites=("palmetto-a53778",),
    in_force=since("2006-01-01"),
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
)
def assumed_zone(visit: Visit) -> list[Said]:
    """DESIGN section 7; addendum section 7."""
    ids = tuple(a.id for s, _ in visit.counted for a in s.administrations if a.zone_assumed)
    return (
        [Notice("assumed-zone", ids, Fact("times without an offset were read in the facility's zone", (), ids))]
        if ids
        else []
    )
