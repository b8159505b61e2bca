"""The legend of a timeline: only what the picture holds."""

from dataclasses import dataclass

from markupsafe import Markup

from plugin.domain import Category
from plugin.web.svg_edges import draw_edge_swatch
from plugin.web.timeline_svg import draw_swatch
from plugin.web.views.edges import Edge
from plugin.web.views.timeline import Bar, PieceKind, Timeline

CATEGORY_WORDS: dict[Category | None, str] = {
    Category.CHEMOTHERAPY: "chemotherapy or complex biologic",
    Category.HORMONAL: "hormonal antineoplastic",
    Category.THERAPEUTIC: "therapeutic, prophylactic or diagnostic",
    Category.HYDRATION: "hydration",
    Category.TRANSFUSION: "transfusion",
    None: "other",
}


@dataclass(frozen=True, slots=True)
class Sample:
    """A swatch and what it stands for."""

    swatch: Markup
    words: str


def legend_for(timeline: Timeline) -> tuple[Sample, ...]:
    """Samples for the categories that earned something, for minutes not coded, for what is asked, for kinds of ends."""
    bars = [bar for lane in timeline.lanes for bar in lane.bars]
    kinds = {piece.kind for bar in bars for piece in bar.pieces if piece.stop > piece.start}
    coded = {bar.category for bar in bars if any(piece.kind is PieceKind.CODED for piece in bar.pieces)}
    samples = [Sample(Markup(draw_swatch(c)), words) for c, words in CATEGORY_WORDS.items() if c in coded]  # noqa: S704
    if PieceKind.DECLINED in kinds:
        samples.append(_sample(PieceKind.DECLINED, "ran, but not coded"))
    if PieceKind.ASKED in kinds or any(bar.open_start or bar.open_stop for bar in bars):
        samples.append(_sample(PieceKind.ASKED, "an end is missing, or a question is open"))
    return (*samples, *_edge_samples(bars))


def _edge_samples(bars: list[Bar]) -> list[Sample]:
    """Samples of the ends, once any of them is not the plain chart's."""
    timed = [bar for bar in bars if not bar.is_moment]
    used = {bar.edges[0] for bar in timed if not bar.open_start} | {bar.edges[1] for bar in timed if not bar.open_stop}
    if used <= {Edge.CHARTED}:
        return []
    return [Sample(Markup(draw_edge_swatch(edge)), f"end: {edge.value}") for edge in Edge if edge in used]  # noqa: S704


def _sample(kind: PieceKind, words: str) -> Sample:
    # The swatch holds no charted words.
    return Sample(Markup(draw_swatch(None, kind)), words)  # noqa: S704
