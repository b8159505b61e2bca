"""The legend of a timeline: only what the picture holds."""

from dataclasses import dataclass

from markupsafe import Markup

from plugin.domain import Category
from plugin.web.timeline_svg import draw_swatch
from plugin.web.views.timeline import PieceKind, Timeline

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
    """Samples for the categories that earned something, then for minutes not coded, then for what is asked."""
    bars = [bar for lane in timeline.lanes for bar in lane.bars]
    kinds = {piece.kind for bar in bars for piece in bar.pieces if piece.stop > piece.start}
    coded = {bar.category for bar in bars if any(piece.kind is PieceKind.CODED for piece in bar.pieces)}
    samples = [Sample(Markup(draw_swatch(c)), words) for c, words in CATEGORY_WORDS.items() if c in coded]  # noqa: S704
    if PieceKind.DECLINED in kinds:
        samples.append(_sample(PieceKind.DECLINED, "ran, but not coded"))
    if PieceKind.ASKED in kinds or any(bar.open_start or bar.open_stop for bar in bars):
        samples.append(_sample(PieceKind.ASKED, "an end is missing, or a question is open"))
    return tuple(samples)


def _sample(kind: PieceKind, words: str) -> Sample:
    # The swatch holds no charted words.
    return Sample(Markup(draw_swatch(None, kind)), words)  # noqa: S704
