"""What the forms under questions say: local times in the facility's zone, and nothing that isn't clear."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from werkzeug.datastructures import MultiDict

from plugin.domain import Ask, Fact
from plugin.domain.replacing import replace
from plugin.web.attest_forms import read_ask_key, read_statements
from plugin.web.review_forms import Unreadable
from tests.unit.web.sample_charts import chemo_day

ZONE = ZoneInfo("America/New_York")
CODED = chemo_day()
OPEN = next(a for a in CODED.chart.administrations if a.stop is None)
TOKEN = f"missing-stop-time|{OPEN.id}"
ASKED = replace(CODED, asks=(Ask("missing-stop-time", (OPEN.id,), (), Fact("When did it stop?")),))


def read(stop: str):
    """The statement of a form with this stop."""
    form = MultiDict([("question", TOKEN), (f"{TOKEN}|{OPEN.id}|stop", stop)])
    return read_statements(form, ASKED, ZONE)


def test_a_local_time_is_read_in_the_facilitys_zone():
    """9:30 in New York in March, before the clocks change, is 14:30 UTC."""
    (statement,) = read("2026-03-02T09:30")
    assert statement.values[(OPEN.id, "stop")].astimezone(UTC) == datetime(2026, 3, 2, 14, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("half past nine", "give a day and a time"),
        ("2026-03-02T09:30+01:00", "without an offset"),
        ("2026-11-01T01:30", "the clocks changed"),
        ("2026-03-08T02:30", "the clocks changed"),
    ],
)
def test_what_is_not_clear_is_refused(text, why):
    """Twice in the night of November 1, never in that of March 8."""
    with pytest.raises(Unreadable, match=why):
        read(text)


def test_no_value_is_no_value():
    """The use case says what is missing."""
    (statement,) = read("")
    assert statement.values == {}


@pytest.mark.parametrize("token", ["", "missing-stop-time", "|m1"])
def test_a_form_that_names_no_question_is_refused(token):
    """Made up by hand."""
    with pytest.raises(Unreadable):
        read_ask_key(token)
