"""The dashboards as pictures, each over the table it was drawn from, and as CSV."""

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from markupsafe import Markup

from plugin.bulk.plots import bars, rates_by_week
from plugin.ehr.plain_cells import plain_cell
from plugin.review import dashboards
from plugin.review.dashboards import Figures, Table, weeks_of
from plugin.web.views.times import day_words

COLOUR = "under"


@dataclass(frozen=True, slots=True)
class Dashboard:
    """One picture with its numbers; `picture` is empty where there is nothing to draw."""

    name: str
    title: str
    says: str
    table: Table
    picture: Markup


@dataclass(frozen=True, slots=True)
class _Kind:
    title: str
    says: str
    count: Callable[[Sequence[Figures]], Table]
    draw: Callable[[str, Table], str]


def dashboard(name: str, visits: Sequence[Figures]) -> Dashboard:
    """One dashboard; KeyError for an unknown name."""
    kind = KINDS[name]
    table = kind.count(visits)
    drawn = kind.draw(kind.title, table) if table.rows else ""
    return Dashboard(name, kind.title, kind.says, table, Markup(drawn))  # noqa: S704 - the plots escape their words


def as_csv(table: Table) -> str:
    """The table for a spreadsheet; no cell of text is ever a formula."""
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(table.columns)
    writer.writerows([plain_cell(cell) if isinstance(cell, str) else cell for cell in row] for row in table.rows)
    return written.getvalue()


def _draw_missing(title: str, table: Table) -> str:
    weeks = weeks_of(table, 1)
    found = {(str(unit), str(week)): int(rate) for unit, week, _, _, rate in table.rows}
    units = dict.fromkeys(unit for unit, _ in found)
    return rates_by_week(title, [week[5:] for week in weeks], {u: [found.get((u, w)) for w in weeks] for u in units})


def _draw_questions(title: str, table: Table) -> str:
    return bars(title, [(_week(w), float(a), COLOUR, f"{done} of {a} answered") for w, a, done in table.rows])


def _draw_time(title: str, table: Table) -> str:
    return bars(
        title, [(_week(w), float(d), COLOUR, f"{d:g} days ({posted} posted)") for w, posted, d, _ in table.rows]
    )


def _draw_dismissed(title: str, table: Table) -> str:
    return bars(title, [(str(reason), float(lines), COLOUR, f"{lines}") for reason, lines in table.rows])


def _week(iso: object) -> str:
    return f"week of {day_words(date.fromisoformat(str(iso)))}"


KINDS = {
    "missing-stops": _Kind(
        "Infusions without a charted stop, by unit and week",
        "Percent of the infusions that ended; each as it was when the app first saw it, or worse.",
        dashboards.missing_stops,
        _draw_missing,
    ),
    "questions": _Kind(
        "Questions answered, by week",
        "Questions the charts left open, and those that were answered since, in the app or in the chart.",
        dashboards.questions,
        _draw_questions,
    ),
    "time-to-post": _Kind(
        "Time to post, by week of the visit",
        "Days from the visit to its first line in the EHR; half of the encounters took less.",
        dashboards.time_to_post,
        _draw_time,
    ),
    "dismissed": _Kind(
        "Dismissed lines, by reason",
        "Reasons of the list; what people wrote in their own words stands together.",
        dashboards.dismissed,
        _draw_dismissed,
    ),
}
