"""What the scrubber has against the charges of a page, put into words."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from plugin.domain import Edit, Hint, Severity
from plugin.review.scrubbing import Scrubbed
from plugin.web.views.charges import ChargeRow
from plugin.web.views.citing import CitationOf, Source, sources


@dataclass(frozen=True, slots=True)
class EditShown:
    """An edit as shown; `charges` are the rows concerned as (anchor on the page, code)."""

    id: str
    title: str
    hard: bool
    text: str
    mend: str
    charges: tuple[tuple[str, str], ...]
    rows: tuple[str, ...]
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class HintShown:
    """A hint of medical necessity as shown."""

    text: str
    standing: str
    charges: tuple[tuple[str, str], ...]
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class EditsShown:
    """All that was found against a set of charges, by row and together."""

    edits: tuple[EditShown, ...] = ()
    hints: tuple[HintShown, ...] = ()

    def of(self, anchor: str) -> tuple[EditShown, ...]:
        """The edits that concern a row."""
        return tuple(edit for edit in self.edits if any(anchor == each for each, _ in edit.charges))


TitleOf = Callable[[str], str]


def edits_shown(
    scrubbed: Scrubbed, rows: tuple[ChargeRow, ...], title_of: TitleOf, citation_of: CitationOf
) -> EditsShown:
    """Put what was found into words, with links to the rows it concerns."""
    anchors = {row.token: (row.anchor, row.code) for row in rows}

    def charges(lines: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
        return tuple(anchors[line] for line in lines if line in anchors)

    def edit(each: Edit) -> EditShown:
        return EditShown(
            id=each.id,
            title=title_of(each.id),
            hard=each.severity is Severity.HARD,
            text=each.text.text(),
            mend=each.mend.text(),
            charges=charges(each.lines),
            rows=tuple(f"{row.table}: {row.key}" for row in each.rows),
            sources=sources(each.citations, citation_of),
        )

    def hint(each: Hint) -> HintShown:
        return HintShown(each.text.text(), each.standing, charges((each.line,)), sources(each.citations, citation_of))

    return EditsShown(tuple(map(edit, scrubbed.edits)), tuple(map(hint, scrubbed.hints)))


def with_edits(rows: tuple[ChargeRow, ...], shown: EditsShown) -> tuple[ChargeRow, ...]:
    """The rows, each with the worst that was found against it."""
    return tuple(replace(row, would_be=_worst(shown.of(row.anchor))) for row in rows)


def _worst(edits: tuple[EditShown, ...]) -> str:
    if any(edit.hard for edit in edits):
        return "refused"
    return "looked at" if edits else ""
