"""What changed between two readings."""

import json

from msgspec import structs

from plugin.domain.replacing import replace
from plugin.web.views.changes import Change, changes_between, snapshot_of
from tests.unit.web.sample_charts import at, chemo_day


def with_stop(coded, number, stop, version):
    """The chart with one administration's stop charted later on."""
    administrations = tuple(
        replace(a, stop=stop, instant=False, version=version) if a.id.endswith(f"/m{number}") else a
        for a in coded.chart.administrations
    )
    return replace(coded, chart=replace(coded.chart, administrations=administrations))


def test_equal_readings_have_no_changes():
    """A second look at the same chart."""
    assert changes_between(snapshot_of(chemo_day(), "a"), snapshot_of(chemo_day(), "b")) == ()


def test_a_stop_charted_meanwhile_is_shown_before_and_now():
    """The question is gone with it."""
    before = chemo_day()
    now = replace(with_stop(before, 9, at("13:40"), "2"), asks=(), would=())
    assert changes_between(snapshot_of(before, "a"), snapshot_of(now, "b")) == (
        Change(
            "Administration",
            "Magnesium sulfate 2 g",
            "13:00 to one moment; left forearm; completed (version 1)",
            "13:00 to 13:40; left forearm; completed (version 2)",
        ),
        Change(
            "Question",
            "missing-stop-time",
            "When did the magnesium sulfate that started at 13:00 end?",
            "\N{EN DASH}",
        ),
    )


def test_a_new_charge_and_changed_units_are_shown():
    """Lines are told apart by code, modifiers and day."""
    before = chemo_day()
    before = replace(before, charges=before.charges[1:])
    first, second, *rest = chemo_day().charges
    now = replace(before, charges=(first, structs.replace(second, units=3), *rest))
    assert changes_between(snapshot_of(before, "a"), snapshot_of(now, "b")) == (
        Change("Charge", "96415", "2 x; 120 min; C50.911", "3 x; 120 min; C50.911"),
        Change("Charge", "96413", "\N{EN DASH}", "1 x; 60 min; C50.911"),
    )


def test_a_snapshot_survives_being_stored():
    """It is kept as JSON."""
    snapshot = snapshot_of(chemo_day(), "a")
    assert json.loads(json.dumps(snapshot)) == snapshot
