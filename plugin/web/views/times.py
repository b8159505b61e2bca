"""Moments in words: always in the facility's zone, with the offset never hidden."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo

from plugin.domain import Chart

MINUS = "\N{MINUS SIGN}"
DASH = "\N{EN DASH}"


@dataclass(frozen=True, slots=True)
class WallClock:
    """Reads moments (aware datetimes, or whole seconds since 1970) in one zone."""

    zone: tzinfo

    def moment(self, at: int | datetime) -> datetime:
        """The moment in this zone."""
        return at.astimezone(self.zone) if isinstance(at, datetime) else datetime.fromtimestamp(at, self.zone)

    def time(self, at: int | datetime) -> str:
        """Hours and minutes, for example 09:05."""
        return f"{self.moment(at):%H:%M}"

    def when(self, at: int | datetime) -> str:
        """For example 2 Mar 2026, 09:05, where the offset stands nearby."""
        return f"{day_words(self.moment(at).date())}, {self.time(at)}"

    def day_and_time(self, at: int | datetime) -> str:
        """For example 2 Mar 2026, 09:05 (UTC-05:00)."""
        moment = self.moment(at)
        return f"{day_words(moment.date())}, {moment:%H:%M} ({offset_words(moment)})"

    def span(self, start: int | datetime, stop: int | datetime) -> str:
        """For example 23:30-01:15 (+1 day)."""
        days = (self.moment(stop).date() - self.moment(start).date()).days
        later = f" (+{days} {plural(days, 'day')})" if days else ""
        return f"{self.time(start)}{DASH}{self.time(stop)}{later}"

    def midnights(self, start: int, stop: int) -> tuple[int, ...]:
        """Seconds since 1970 of every midnight strictly between the two."""
        day, found = self.moment(start).date() + timedelta(days=1), []
        while (at := self._midnight(day)) < stop:
            found.append(at)
            day += timedelta(days=1)
        return tuple(found)

    def _midnight(self, day: date) -> int:
        return int(datetime(day.year, day.month, day.day, tzinfo=self.zone).timestamp())

    def zone_words(self, start: int | datetime, stop: int | datetime) -> str:
        """The zone's name where it has one, and every offset that holds between the two moments."""
        offsets = list(dict.fromkeys(offset_words(self.moment(at)) for at in (start, stop)))
        name = getattr(self.zone, "key", "")
        return f"{name} ({' then '.join(offsets)})" if name else " then ".join(offsets)


def clock_for(chart: Chart) -> WallClock:
    """The facility's zone, else the first offset that was charted, else UTC."""
    moments = [chart.encounter.start, *(a.start or a.stop for a in chart.administrations)]
    charted = next((m.tzinfo for m in moments if m is not None and m.tzinfo is not None), UTC)
    return WallClock(chart.zone or charted)


def offset_words(moment: datetime) -> str:
    """The offset of an aware moment, for example UTC-05:00."""
    minutes = int((moment.utcoffset() or timedelta()).total_seconds()) // 60
    sign = MINUS if minutes < 0 else "+"
    return f"UTC{sign}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"


def day_words(day: date) -> str:
    """For example 2 Mar 2026."""
    return f"{day.day} {day:%b %Y}"


def plural(count: int, one: str, many: str = "") -> str:
    """The word that goes with the count."""
    return one if count == 1 else many or one + "s"


def counted(count: int, one: str, many: str = "") -> str:
    """The count with its word, for example 2 records."""
    return f"{count} {plural(count, one, many)}"
