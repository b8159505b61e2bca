"""The worklist as its page shows it: words for counts, days and money."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from plugin.store.scans import ScanState
from plugin.store.worklist import WorkPage, WorkRow
from plugin.store.worklist_search import FILTERS, ORDERS, Wanted
from plugin.web.views.times import counted, day_words

LONGEST_SEARCH = 64
FILTER_WORDS = {
    "to-do": "To do",
    "mine": "Mine",
    "question": "Needs an answer",
    "ready": "Ready",
    "accepted": "Accepted",
    "posted": "Posted",
    "unknown": "Unknown",
    "failed": "Failed",
    "stale": "Stale",
    "held": "On hold",
    "all": "All",
}
ORDER_WORDS = {"money": "Expected money", "deadline": "Deadline", "age": "Age"}
# What a count is called in a row; what needs a person first stands first.
_STANDING = (
    ("unknown", "unknown, check in the EHR"),
    ("failed", "failed"),
    ("stale", "stale, the chart has changed"),
    ("ready", "ready"),
    ("accepted", "accepted"),
    ("posted", "posted"),
    ("dismissed", "dismissed"),
)


@dataclass(frozen=True, slots=True)
class Choice:
    """A link above the list; `count` is None where nothing is counted."""

    value: str
    words: str
    chosen: bool
    count: int | None = None


@dataclass(frozen=True, slots=True)
class ListedRow:
    """One row in words; `age` is how long ago the visit was, `urgency` is late, soon or empty."""

    id: int
    title: str
    reference: str
    visit: str
    age: str
    unit: str
    money: str
    unpriced: str
    deadline: str
    urgency: str
    standing: tuple[str, ...]
    claimed_name: str
    is_mine: bool
    is_free: bool
    held_because: str


def read_wanted(filter: str, order: str, search: str, after: str) -> Wanted:
    """What the address asks for, with the words that its `search` was opened to; anything unknown is the usual."""
    return Wanted(
        filter if filter in FILTERS else FILTERS[0],
        order if order in ORDERS else next(iter(ORDERS)),
        search,
        after,
    )


def read_search(typed: str) -> str:
    """What somebody typed, without what no name or number has."""
    return "".join(each for each in typed.strip() if each.isprintable())[:LONGEST_SEARCH]


def filter_choices(wanted: Wanted, page: WorkPage) -> list[Choice]:
    """The filters with how many encounters each would show."""
    return [Choice(name, FILTER_WORDS[name], name == wanted.filter, page.counts[name]) for name in FILTERS]


def order_choices(wanted: Wanted) -> list[Choice]:
    """The orders."""
    return [Choice(name, ORDER_WORDS[name], name == wanted.order) for name in ORDERS]


def list_rows(rows: Sequence[WorkRow], person: str, today: date) -> list[ListedRow]:
    """The rows for this person on this day."""
    return [_listed(row, person, today) for row in rows]


def _listed(row: WorkRow, person: str, today: date) -> ListedRow:
    deadline, urgency = _deadline(row, today)
    return ListedRow(
        id=row.id,
        title=row.name or row.patient,
        reference=" ".join(filter(None, (row.record_number, row.number or row.encounter))),
        visit=day_words(date.fromisoformat(row.day)) if row.day else "Day not known",
        age=_from_today(date.fromisoformat(row.day), today) if row.day else "",
        unit=row.unit,
        money=dollars(row.cents),
        unpriced=f"{counted(row.unpriced, 'line')} without a price" if row.unpriced else "",
        deadline=deadline,
        urgency=urgency,
        standing=_standing(row),
        claimed_name=row.claimed_name or row.claimed_by,
        is_mine=bool(row.claimed_by) and row.claimed_by == person,
        is_free=not row.claimed_by,
        held_because=row.held_because,
    )


def scan_words(scan: ScanState | None, zone: ZoneInfo | None) -> tuple[str, str]:
    """How the last scan went, and its tone; no words where there was none."""
    if scan is None:
        return "", ""
    read = f"{scan.read} of {counted(scan.total, 'encounter')} read"
    begun, moved = _when(scan.started_at, zone), _when(scan.moved_at, zone)
    if scan.state == "running":
        return f"A scan is running since {begun}: {read}.", "soft"
    if scan.state == "broken":
        return f"The scan of {begun} broke off: {read}. The same command goes on where it was.", "late"
    unread = f"; {counted(scan.unread, 'encounter')} could not be read" if scan.unread else ""
    partly = "" if scan.whole else "; not every encounter was listed"
    return f"Last scan {moved}: {read}{unread}{partly}.", "late" if unread or partly else "soft"


def _when(moment: datetime, zone: ZoneInfo | None) -> str:
    """In the facility's zone, else in UTC."""
    local = moment.astimezone(zone or UTC)
    return f"{day_words(local.date())}, {local:%H:%M}"


def dollars(cents: int) -> str:
    """Whole dollars, as a list needs them: $1,234."""
    return f"${round(cents / 100):,}"


def _deadline(row: WorkRow, today: date) -> tuple[str, str]:
    """When the bill goes out, and whether that is over or near; of no matter once nothing is to be done."""
    if not row.due:
        return "The end of the bill hold is not known", ""
    due = date.fromisoformat(row.due)
    days = (due - today).days
    words = f"Bill hold {'ends' if days >= 0 else 'ended'} {day_words(due)}"
    if not row.is_open:
        return words, ""
    return f"{words}, {_from_today(due, today)}", "late" if days < 0 else "soon" if days < 2 else ""


def _from_today(day: date, today: date) -> str:
    """For example 3 days ago, today, in 1 day."""
    days = (day - today).days
    if days == 0:
        return "today"
    return f"in {counted(days, 'day')}" if days > 0 else f"{counted(-days, 'day')} ago"


def _standing(row: WorkRow) -> tuple[str, ...]:
    questions = [counted(row.questions, "question")] if row.questions else []
    lines = [f"{counted(row.counts[name], 'line')} {words}" for name, words in _STANDING if row.counts[name]]
    return tuple(questions + lines) or ("Nothing to charge",)
