"""What a question could be answered with: the chart as it would then stand.

An answer is tried out to say what it would change; it never enters the chart by itself.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, time, timedelta

from msgspec import structs

from plugin.domain import Administration, Chart, DrugClass, Route, Service, Stated, Technique, Term
from plugin.domain.replacing import replace

Apply = Callable[[Chart], Chart]


def changed(ids: tuple[str, ...], change: Callable[[Administration], Administration]) -> Apply:
    """The chart with a change made to some administrations."""

    def apply(chart: Chart) -> Chart:
        return replace(chart, administrations=tuple(change(a) if a.id in ids else a for a in chart.administrations))

    return apply


def with_class(service: Service, drug_class: DrugClass) -> Apply:
    """The drug is known to be of that class."""
    term = Term("class", drug_class.value)
    return changed(service.ids, lambda a: replace(a, drug=structs.replace(a.drug, terms=(term, *a.drug.terms))))


def with_stop(service: Service, minutes: int) -> Apply:
    """The last administration stopped that many minutes after its start."""

    def stopped(a: Administration) -> Administration:
        if a.start is None:
            return a
        return replace(a, stop=a.start + timedelta(minutes=minutes), instant=False)

    return changed(service.ids[-1:], stopped)


def with_length(service: Service, minutes: int) -> Apply:
    """The administration's times were charted, that many minutes apart; a lone stop or start is kept."""

    def timed(a: Administration) -> Administration:
        length = timedelta(minutes=minutes)
        if a.start is None and a.stop is None and a.date_only is not None:
            noon = datetime.combine(a.date_only, time(12, tzinfo=UTC))
            return replace(a, start=noon, stop=noon + length, date_only=None, instant=False)
        if a.start is None and a.stop is not None:
            return replace(a, start=a.stop - length, instant=False, unread=())
        if a.start is not None:
            return replace(a, stop=a.start + length, instant=False, unread=())
        return a

    return changed(service.ids, timed)


def with_route(service: Service, route: Route, technique: Technique | None) -> Apply:
    """The route was charted."""
    return changed(service.ids, lambda a: replace(a, route=route, technique=a.technique or technique))


def with_technique(service: Service, technique: Technique) -> Apply:
    """The technique was charted."""
    return changed(service.ids, lambda a: replace(a, technique=technique))


def with_site(service: Service, site: str) -> Apply:
    """The access site was charted."""
    return changed(service.ids, lambda a: replace(a, site=site))


def with_stated(kind: str, about: str, value: str) -> Apply:
    """Somebody stated a fact that no FHIR element carries."""
    return lambda chart: replace(chart, stated=(*chart.stated, Stated(kind, about, value)))


def with_each_stated(kind: str, values: Mapping[str, str]) -> Apply:
    """The same kind of fact stated about several things, each with its value."""
    told = tuple(Stated(kind, about, value) for about, value in values.items())
    return lambda chart: replace(chart, stated=(*chart.stated, *told))


def with_neighbour_charged(neighbour: str, code: str) -> Apply:
    """An earlier visit of that day reported an initial service."""

    def apply(chart: Chart) -> Chart:
        near = tuple(replace(n, charged=(code,)) if n.id == neighbour else n for n in chart.neighbours or ())
        return replace(chart, neighbours=near)

    return apply
