"""The text alternative to the timeline: a row for each administration, with what became of all its minutes."""

from collections.abc import Mapping
from dataclasses import dataclass

from plugin.domain import Administration, CodedEncounter
from plugin.web.views.bar_words import charted_times, piece_words, tier_words
from plugin.web.views.drug_label import drug_label
from plugin.web.views.timeline import Bar, Timeline, pieces_by_administration
from plugin.web.views.times import day_words
from plugin.web.views.trade_words import services_by_administration, trade_words
from plugin.web.views.without_minutes import reasons_without_minutes


@dataclass(frozen=True, slots=True)
class GivenRow:
    """One administration in the text table."""

    anchor: str
    label: str
    reference: str
    version: str
    site: str
    status: str
    times: str
    became: tuple[str, ...]
    trade: str = ""
    evidence: str = ""


def given_rows(coded: CodedEncounter, timeline: Timeline, anchors: Mapping[str, str]) -> tuple[GivenRow, ...]:
    """A row for each administration in charted order; `anchors` as the timeline links to them."""
    bars = {bar.id: bar for lane in timeline.lanes for bar in lane.bars}
    reasons = reasons_without_minutes(coded)
    pieces = pieces_by_administration(coded)
    services = services_by_administration(coded)
    return tuple(
        GivenRow(
            anchor=anchors[a.id],
            label=drug_label(a),
            reference=a.id,
            version=a.version,
            site=_way(a),
            status=a.status.value,
            times=_times(a, bars.get(a.id), timeline),
            became=(*[piece_words(p, timeline.clock) for p in pieces.get(a.id, ())], *reasons.get(a.id, ())),
            trade=trade_words(services[a.id]) if a.id in services else "",
            evidence=_evidence(bars.get(a.id)),
        )
        for a in coded.chart.administrations
    )


def _evidence(bar: Bar | None) -> str:
    return tier_words({bar.tier}, moment=bar.is_moment) if bar is not None and bar.tier else ""


def _way(a: Administration) -> str:
    route = a.route.value if a.route else a.route_text or "route not charted"
    return f"{route}, {a.site}" if a.site else route


def _times(a: Administration, bar: Bar | None, timeline: Timeline) -> str:
    if bar is not None:
        return charted_times(bar, timeline.clock)
    return f"{day_words(a.date_only)}, no time of day" if a.date_only else "no time charted"
