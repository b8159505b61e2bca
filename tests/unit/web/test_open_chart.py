"""What one request does with the open chart when the EHR can't be asked."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from plugin.codebook import CodeBook
from plugin.domain import CareSetting
from plugin.domain.replacing import replace
from plugin.ehr.errors import Unreachable
from plugin.review.decide import Asked
from plugin.review.ports import Person, Policy
from plugin.review.prepare import Review, ReviewSettings, code_chart
from plugin.rules.what_if import WhatIf
from plugin.web.open_chart import OpenChart
from tests.unit.web.sample_charts import chemo_day

CODED = chemo_day()
CHARGE = CODED.charges[0]


class SilentEhr:
    """Services whose EHR doesn't answer."""

    book: Any = SimpleNamespace(modifiers={"59": {}})

    def sink(self, launch):
        raise Unreachable("no answer")

    def person(self, launch):
        return Person("Practitioner/k", "Kim Lee", "coder", verified=True)

    def policy(self, launch):
        return Policy("sandbox")

    def clock(self):
        return datetime(2026, 3, 2, 20, tzinfo=UTC)


class Records:
    """Records that may not be written to, with one intent whose outcome is unknown."""

    tenant, encounter = "sandbox", CODED.chart.encounter.id

    def last_intents(self):
        return {"i": SimpleNamespace(state="unknown")}

    def standing(self):
        return ()

    def decide(self, new, now):
        raise AssertionError("recorded although nothing can be sent")


def chart() -> OpenChart:
    services: Any = SilentEhr()
    records: Any = Records()
    launch: Any = SimpleNamespace(id="l1")
    tenant: Any = SimpleNamespace()
    return OpenChart(services, launch, tenant, Review(CODED, "b1"), records)


def test_an_unknown_charge_stays_unknown_when_the_ehr_cannot_be_asked():
    """The chart was read; that looking for the charge fails must not hide it."""
    chart().settle()


def test_nothing_is_recorded_when_the_ehr_does_not_say_what_it_takes():
    """The person hears it before, not after, the decision."""
    encounter = CODED.chart.encounter
    asked = Asked(encounter.patient, encounter.id, "b1", CHARGE.key, "accept")
    with pytest.raises(Unreachable):
        chart().decide([asked])


def test_who_may_decide_has_no_reason_not_to():
    """Empty means yes."""
    assert chart().why_not_decide() == ""


class SiteThatSaysXS(SilentEhr):
    """A site with a side of its own."""

    book = CodeBook.load()

    def review_settings(self, launch):
        return ReviewSettings(setting=CareSetting.FACILITY, positions={"second_site_modifier": "XS"})


def test_one_more_fact_is_tried_under_the_sites_own_settings():
    """A second access site would come with the site's modifier, and nothing is tried where nothing was coded."""
    services: Any = SiteThatSaysXS()
    coded = code_chart(CODED.chart, services.book, services.review_settings(None))
    opened = replace(chart(), services=services, review=Review(coded, "b1"))
    sites = [each.would for each in opened.what_ifs() if "another documented access site" in each.fact]
    assert sites
    assert all("-XS x1" in would for would in sites)
    assert replace(opened, review=Review(replace(coded, charges=()), "b1")).what_ifs() == ()


def test_a_fact_that_only_takes_away_is_not_listed(monkeypatch):
    """A stop beyond the end of the visit would only be doubted: that is nothing the chart lacks."""
    later = WhatIf(("MedicationAdministration/m8",), "a stop at or after 13:56", "removes 96417 x1")
    moved = replace(later, would="removes 96417 x1, adds 96413-59 x1")
    more = replace(later, would="96415 x2 becomes x3")
    monkeypatch.setattr("plugin.web.open_chart.what_if", lambda *_: (later, moved, more))
    services: Any = SiteThatSaysXS()
    assert replace(chart(), services=services).what_ifs() == (moved, more)
