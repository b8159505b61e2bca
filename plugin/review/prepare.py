"""Prepare a review: read the chart, code it, and say by a digest what it rests on."""

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from plugin.codebook import CodeBook
from plugin.domain import CareSetting, Chart, CodedEncounter, Encounter
from plugin.review.ports import ChartSource
from plugin.rules.differences import code_encounter


@dataclass(frozen=True, slots=True)
class ReviewSettings:
    """A site's choices: a fixed setting, or its own map of class, service type or location; sides of positions."""

    setting: CareSetting | None = None
    settings_by: Mapping[str, CareSetting] = field(default_factory=dict)
    positions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Review:
    """One encounter, coded; `basis` changes whenever what the suggestions rest on changes."""

    coded: CodedEncounter
    basis: str


def prepare_review(source: ChartSource, book: CodeBook, settings: ReviewSettings) -> Review:
    """Read the encounter anew and code it."""
    coded = code_chart(source.read_chart(), book, settings)
    return Review(coded, basis_of(coded))


def code_chart(chart: Chart, book: CodeBook, settings: ReviewSettings) -> CodedEncounter:
    """Code one chart under a site's settings; CodeBookError for a position or side that does not exist."""
    book.check_choices(settings.positions)
    return code_encounter(chart, book, setting_for(chart.encounter, settings), settings.positions)


def code_charts(charts: Sequence[Chart], book: CodeBook, settings: ReviewSettings) -> tuple[CodedEncounter, ...]:
    """Code charts that were read together, in their order.

    An earlier visit of the same day that nothing was charged on counts with what is suggested for it here, so that a
    second visit knows of the first.
    """
    suggested: dict[str, tuple[str, ...]] = {}
    coded: dict[str, CodedEncounter] = {}
    for chart in sorted(charts, key=_begun):
        one = code_chart(_knowing(chart, suggested), book, settings)
        suggested[chart.encounter.id] = tuple(charge.code for charge in one.charges)
        coded[chart.encounter.id] = one
    return tuple(coded[chart.encounter.id] for chart in charts)


def _begun(chart: Chart) -> tuple[float, str]:
    start = chart.encounter.start
    return (start.timestamp() if start else math.inf, chart.encounter.id)


def _knowing(chart: Chart, suggested: Mapping[str, tuple[str, ...]]) -> Chart:
    if not chart.neighbours:
        return chart
    near = tuple(n if n.charged else replace(n, charged=suggested.get(n.id, ())) for n in chart.neighbours)
    return replace(chart, neighbours=near)


def setting_for(encounter: Encounter, settings: ReviewSettings) -> CareSetting | None:
    """The setting a site gives this encounter, None when the encounter's class decides."""
    if settings.setting is not None:
        return settings.setting
    names = [
        *encounter.locations,
        *(word for term in encounter.service_type for word in (term.code, term.text)),
        encounter.encounter_class,
    ]
    return next((settings.settings_by[name] for name in names if name in settings.settings_by), None)


def basis_of(coded: CodedEncounter) -> str:
    """A digest (64 hexadecimal digits) of the versions read and of what was suggested from them."""
    chart = coded.chart
    seen = [
        (chart.encounter.id, chart.encounter.version),
        *sorted((a.id, a.version) for a in chart.administrations),
        *sorted((d.id, d.version) for d in chart.diagnoses),
        *((f"{c.key}", f"{c.units} {c.diagnoses}") for c in coded.charges),
    ]
    return hashlib.sha256(_lines(seen)).hexdigest()


def _lines(pairs: Iterable[tuple[str, str]]) -> bytes:
    return "\n".join(f"{name}\t{version}" for name, version in pairs).encode()
