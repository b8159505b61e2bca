"""The dashboards as pictures, each over the table it was drawn from, and as CSV."""

import csv
import io
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from markupsafe import Markup

from plugin.bulk.plots import bars, counts_by_week, parts, rates_by_week
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


def productivity(table: Table) -> Dashboard:
    """What each person did: the table's weeks and people, drawn by the encounters they worked on."""
    title = "Encounters worked on, by person and week"
    found: Counter[tuple[str, str]] = Counter()  # two people of one name are one row
    for week, person, encounters, *_ in table.rows:
        found[str(person), str(week)] += int(encounters)
    weeks, people = weeks_of(table, 0), sorted({person for person, _ in found})
    counts = {person: [found[person, week] for week in weeks] for person in people}
    drawn = counts_by_week(title, [_day_and_month(week) for week in weeks], counts) if table.rows else ""
    says = "In the week that begins on the Monday above; an encounter counts once for each person and week."
    return Dashboard("productivity", title, says, table, Markup(drawn))  # noqa: S704 - the plots escape their words


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
    return rates_by_week(
        title, [_day_and_month(week) for week in weeks], {u: [found.get((u, w)) for w in weeks] for u in units}
    )


def _draw_questions(title: str, table: Table) -> str:
    return parts(title, [(_week(w), int(done), int(a), f"{done} of {a} answered") for w, a, done in table.rows])


def _draw_time(title: str, table: Table) -> str:
    return bars(title, [(_week(w), float(d), COLOUR, _days(float(d), int(posted))) for w, posted, d, _ in table.rows])


def _draw_dismissed(title: str, table: Table) -> str:
    return bars(title, [(str(reason), float(lines), COLOUR, f"{lines}") for reason, lines in table.rows])


def _days(middle: float, posted: int) -> str:
    return f"{middle:g} {'day' if middle == 1 else 'days'} ({posted} posted)"


def _day_and_month(iso: str) -> str:
    """For example 2 Mar: the Monday a week begins with."""
    return day_words(date.fromisoformat(iso)).rpartition(" ")[0]


def _week(iso: object) -> str:
    return f"week of {day_words(date.fromisoformat(str(iso)))}"


KINDS = {
    "missing-stops": _Kind(
        "Infusions without a charted stop, by unit and week",
        "Percent of the infusions that ended, in the week that begins on the Monday above; each as it was when the app "
        "first saw it, or worse. A grey square: no infusion ended.",
        dashboards.missing_stops,
        _draw_missing,
    ),
    "questions": _Kind(
        "Questions answered, by week",
        "Questions the charts left open, and, filled, those that were answered since, in the app or in the chart.",
        dashboards.questions,
        _draw_questions,
    ),
    "time-to-post": _Kind(
        "Time to post, by week of the visit",
        "Days from the visit to its first line in the EHR; half of the encounters took no more.",
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
