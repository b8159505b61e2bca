"""The HTML report of `infusion-charges audit`: every number of it by hand."""

import csv
from datetime import date, timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest

from plugin.cli import main
from tests.unit.bulk.exports import charge, condition, encounter, infusion, patient, visit, write

FEES = "code,amount\n96365,70\n96366,22.50\n"
RATE = {
    "route": {"text": "IVPB"},
    "dose": {"value": 100, "unit": "mL"},
    "rateQuantity": {"value": 100, "unit": "mL/h"},
}
CALCULATED = ("--simulate", "--position", "missing_stop=calculate_from_rate_then_query")


class Page(HTMLParser):
    """A page as a person would take it in: tables by their names, rows of cells, and all its text."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.tables: dict[str, list[list[str]]] = {}
        self.text = ""
        self._name = ""
        self.feed(path.read_text("utf-8"))
        self.text = " ".join(self.text.split())

    def handle_starttag(self, tag, attributes):
        named = dict(attributes)
        if named.get("role") == "region":
            self._name = named["aria-label"]
            self.tables[self._name] = []
        elif tag == "tr":
            self.tables[self._name].append([])
        elif tag in ("td", "th"):
            self.tables[self._name][-1].append("")
        elif tag in ("text", "p", "dt", "dd", "li", "h1", "h2"):
            self.text += " "

    def handle_data(self, data):
        self.text += data
        if self._name and self.get_starttag_text() and self.tables[self._name] and self.tables[self._name][-1]:
            self.tables[self._name][-1][-1] += data.strip()

    def handle_endtag(self, tag):
        if tag == "table":
            self._name = ""

    def rows(self, name: str) -> list[list[str]]:
        """The rows of a table below its head."""
        return self.tables[name][1:]


def report(folder: Path, resources: list[dict], *options: str, fees: str = FEES) -> Page:
    """The report of an audit of these."""
    export = write(folder / "export", resources)
    (folder / "fees.csv").write_text(fees)
    given = ["--fees", str(folder / "fees.csv")] if fees else []
    output = folder / "report.html"
    assert main(["audit", str(export), "--output", str(output), "--workers", "1", *given, *options]) == 0
    return Page(output)


def elsewhere(resource: dict) -> dict:
    """The same of the second patient, in the second visit."""
    return resource | {"subject": {"reference": "Patient/p2"}, "context": {"reference": "Encounter/e2"}}


def unclosed() -> list[dict]:
    """A second patient's visit with an infusion from 13:20 on, of which nobody charted the end."""
    return [
        patient("p2"),
        encounter("e2", of="p2"),
        condition("c2", of="p2", within="e2"),
        elsewhere(infusion("m2", "13:20", None, dosage=RATE)),
    ]


@pytest.fixture
def both(tmp_path) -> Page:
    """Two hours of which the first was charged twice and the second not, a push nobody gave, an unclosed infusion."""
    charged = [charge("1", "96365", 2), charge("2", "96375"), elsewhere(charge("3", "96365"))]
    return report(tmp_path, [*visit(), infusion("m1", "09:00", "11:00"), *unclosed(), *charged])


def test_findings_units_and_dollars_stand_by_direction(both):
    """Under: an hour of 22.50. Over: an hour of 70, and a push without a fee. Undocumented: an hour of 70."""
    assert both.tables["Findings by direction"] == [
        ["Direction", "Findings", "Encounters", "Units", "Dollars", "Without a fee"],
        ["under", "1", "1", "1", "$22.50", "0"],
        ["over", "2", "1", "2", "-$70.00", "1"],
        ["undocumented", "1", "1", "1", "-$70.00", "0"],
        ["under less over", "", "", "-1", "-$47.50", ""],
    ]


def test_the_same_stands_by_code_and_in_the_pictures(both):
    """With what each code is; the code whose worth is not known is named."""
    assert both.rows("Findings by code and direction") == [
        ["96365", "therapeutic infusion, first hour", "over", "1", "1", "1", "-$70.00", "0"],
        ["96365", "therapeutic infusion, first hour", "undocumented", "1", "1", "1", "-$70.00", "0"],
        ["96366", "therapeutic infusion, each further hour", "under", "1", "1", "1", "$22.50", "0"],
        ["96375", "push, each further drug", "over", "1", "1", "1", "", "1"],
    ]
    assert "96375 over 1 (1 unit)" in both.text
    assert "96366 under $22.50" in both.text
    assert "no fee was given for their day: findings of 96375." in both.text


def test_infusions_without_a_stop_stand_by_unit_and_hour(both):
    """One, in the clinic, begun in the hour of 13."""
    (row,) = both.rows("Infusions without a stop time by unit and hour")

    assert row == ["AMB", "1", *([""] * 13), "1", *([""] * 10)]
    assert "1 in all, whether or not anything was charged" in both.text


def test_causes_and_findings_say_why(both):
    """One service charged under another code is a substitution; an open question is said in its words."""
    causes = [row[:3] + row[5:] for row in both.rows("The most common causes")]
    findings = {(row[0], row[2]): row[3:] for row in both.rows("Findings")}

    assert causes == [
        ["1", "over", "96365", "INITIAL-SERVICE"],
        ["1", "over", "96375", ""],
        ["1", "under", "96366", "TIME-ADDITIONAL-HOUR"],
        ["1", "undocumented", "96365", "MISSING-STOP-TIME"],
    ]
    assert findings["Encounter/e1", "96365"][:4] == ["2", "1", "over, substitution", "-$70.00"]
    assert findings["Encounter/e1", "96366"][:4] == ["0", "1", "under, substitution", "$22.50"]
    assert findings["Encounter/e1", "96375"] == ["1", "0", "over", "", "nothing charted earns it"]
    assert findings["Encounter/e2", "96365"][4].startswith("cefepime started at 13:20. When did it stop?")


def test_the_head_says_what_was_audited_by_what(both, tmp_path):
    """Two visits, both with findings; the first supports two lines."""
    assert "2 of 2 encounters (100.0%) have a finding. The charts support 2 charge lines." in both.text
    assert f"Export {tmp_path / 'export'}" in both.text
    assert "Days of service 2026-03-02 to 2026-03-02" in both.text
    assert "Charged as the export's ChargeItem resources say" in both.text
    assert "Coded by rulebook 2026.1, the tables of each chart's day" in both.text
    assert "Lines compared administrations, without drugs" in both.text
    assert "Time zone as charted" in both.text
    assert "Fees of 2 codes" in both.text


def test_without_fees_nothing_is_said_of_dollars(tmp_path):
    """No column, no picture, no sentence."""
    page = report(tmp_path, [*visit(), infusion("m1", "09:00", "11:00"), charge("1", "96365")], fees="")

    assert page.tables["Findings by direction"] == [
        ["Direction", "Findings", "Encounters", "Units"],
        ["under", "1", "1", "1"],
    ]
    assert "ollars" not in page.text
    assert "$" not in page.text


def test_a_report_without_findings_says_so_and_shows_no_empty_table(tmp_path):
    """What was charged is what the chart supports."""
    page = report(tmp_path, [*visit(), infusion("m1", "09:00", "10:00"), charge("1", "96365")])

    assert "0 of 1 encounters (0.0%) have a finding. The charts support 1 charge line." in page.text
    assert "What was charged is what the charts that were read support." in page.text
    assert page.tables == {}


def test_the_documentation_alone_has_questions_and_neither_units_nor_dollars(tmp_path):
    """Nothing is known of charges: an unclosed infusion may cost one."""
    page = report(tmp_path, unclosed())

    assert "1 of 1 encounters (100.0%) have an open question that may cost a charge." in page.text
    assert page.tables["Findings by direction"] == [["Direction", "Findings", "Encounters"], ["undocumented", "1", "1"]]
    assert page.tables["Findings"][0] == ["Encounter", "Day", "Code", "Direction", "Why"]
    assert "$" not in page.text
    assert "the fees that were given have no use" in page.text


def test_a_chart_that_was_not_read_is_a_cause_of_its_own(tmp_path):
    """A charge that no chart refutes: not `nothing charted earns it`."""
    unreadable = infusion("m1", "09:00", "10:00") | {"effectivePeriod": {"start": "soon", "end": "later"}}
    write(tmp_path / "export", [*visit(), unreadable, charge("1", "96375")])
    main(["audit", str(tmp_path / "export"), "--output", str(tmp_path / "r.html"), "--workers", "1"])
    (cause,) = Page(tmp_path / "r.html").rows("The most common causes")

    assert cause[4] == "the chart could not be read or placed whole"


def test_an_export_without_encounters_is_not_called_sound(tmp_path):
    """An infusion of no visit: nothing was coded, and that is said."""
    write(tmp_path / "export", [patient(), infusion("m1", "09:00", "10:00")])
    assert main(["audit", str(tmp_path / "export"), "--output", str(tmp_path / "r.html"), "--workers", "1"]) == 1
    page = Page(tmp_path / "r.html")

    assert "0 of 0 encounters have an open question" in page.text
    assert "The export holds no encounter, so nothing was coded." in page.text
    assert "1 line, file or resource was not read or placed." in page.text


def test_a_simulation_names_both_policies_and_says_what_is_added(tmp_path):
    """100 mL at 100 mL an hour without a stop: an hour at 70 dollars where rates may be calculated with."""
    page = report(tmp_path, [*visit(), infusion("m1", "09:00", "10:00"), *unclosed()], *CALCULATED)

    assert "1 of 2 encounters (50.0%) would be coded otherwise. The policy gives 2 charge lines." in page.text
    assert "Compared with rulebook 2026.1, the tables of each chart's day" in page.text
    assert "Policy rulebook 2026.1, missing_stop=calculate_from_rate_then_query, the tables of each" in page.text
    assert page.rows("Findings by direction") == [["added", "1", "1", "1", "$70.00", "0"]]
    assert page.rows("Encounters that change") == [["Encounter/e2", "2026-03-02", "96365: 0 to 1", "$70.00"]]
    assert page.tables["Findings"][0][3:6] == ["Before", "After", "Direction"]


def test_a_simulation_that_trades_one_line_for_another_says_both_and_the_difference(tmp_path):
    """A site's table lets an infusion be one from minute 21 on: 18 minutes become a push, at 40 instead of 70."""
    overlay = tmp_path / "overlay"
    overlay.mkdir()
    (overlay / "time_limits.toml").write_text(
        '[infusion_minimum]\nmeans = "Minutes a drug must run to be an infusion"\nunit = "minutes"\n'
        'values = [{ from = 2006-01-01, is = 21, cites = "noridian-push-infusion" }]\n'
    )
    given = ("--simulate", "--codebook", str(overlay))
    page = report(tmp_path, [*visit(), infusion("m1", "09:00", "09:18")], *given, fees=f"{FEES}96374,40\n")

    assert page.rows("Findings by direction") == [
        ["added", "1", "1", "1", "$40.00", "0"],
        ["taken away", "1", "1", "1", "-$70.00", "0"],
        ["added less taken away", "", "", "0", "-$30.00", ""],
    ]
    assert page.rows("Encounters that change") == [
        ["Encounter/e1", "2026-03-02", "96365: 1 to 0; 96374: 0 to 1", "-$30.00"],
    ]
    assert f"the tables in {overlay}" in page.text


def test_a_line_that_moves_to_another_day_is_told_with_its_days(tmp_path):
    """From 22:00 to 02:00: three further hours of the day it began, or one of it and two of the day after."""
    night = {"start": "2026-03-02T22:00:00-06:00", "end": "2026-03-03T02:00:00-06:00"}
    stay = encounter() | {"period": night}
    given = [patient(), stay, condition(), infusion("m1", "22:00", "23:00") | {"effectivePeriod": night}]
    page = report(tmp_path, given, "--simulate", "--position", "midnight_dating=split_by_day")
    (changed,) = page.rows("Encounters that change")

    assert changed[2] == "96366 on 2026-03-02: 3 to 1; 96366 on 2026-03-03: 0 to 2"
    assert changed[3] == "$0.00"


def test_a_simulation_without_a_difference_says_so(tmp_path):
    """Nothing was unclosed."""
    page = report(tmp_path, [*visit(), infusion("m1", "09:00", "10:00")], *CALCULATED)

    assert "0 of 1 encounters (0.0%) would be coded otherwise." in page.text
    assert "Both policies give every encounter the same lines." in page.text
    assert page.tables == {}


def test_days_that_may_be_wrong_are_warned_of(tmp_path):
    """Charted in UTC, and no zone given."""
    in_utc = {"effectivePeriod": {"start": "2026-03-03T02:00:00Z", "end": "2026-03-03T03:00:00Z"}}
    given = [*visit(), infusion("m1", "09:00", "10:00") | in_utc]
    warned = report(tmp_path, given)
    told = report(tmp_path, given, "--zone", "America/Chicago")

    assert "1 encounter charted in UTC with no --zone given" in warned.text
    assert "UTC" not in told.text
    assert "Time zone America/Chicago" in told.text


def test_more_encounters_than_a_page_holds_are_counted(tmp_path):
    """501 unclosed infusions of 100 mL at 100 mL an hour: an hour each."""
    resources = [patient()]
    for number in range(501):
        id, day = f"e{number:03}", date(2025, 1, 1) + timedelta(days=number)
        within = {"context": {"reference": f"Encounter/{id}"}, "dosage": RATE}
        resources += [
            encounter(id) | {"period": {"start": f"{day}T08:00:00-06:00", "end": f"{day}T17:00:00-06:00"}},
            infusion(f"m{number}", "09:00", None, **within) | {"effectivePeriod": {"start": f"{day}T09:00:00-06:00"}},
        ]
    page = report(tmp_path, resources, *CALCULATED)

    assert "501 of 501 encounters (100.0%) would be coded otherwise." in page.text
    assert page.rows("Findings by direction") == [["added", "501", "501", "501", "$35,070.00", "0"]]
    assert len(page.rows("Encounters that change")) == 500
    assert "The first 500 of 501, those with the most dollars, then units." in page.text


def test_more_findings_than_a_page_holds_are_counted_and_left_to_the_other_formats(tmp_path):
    """502 visits, each with an hour that was charged and not given."""
    resources = [patient()]
    for number in range(502):
        id = f"e{number:03}"
        resources += [encounter(id), charge(f"c{number}", "96365", context={"reference": f"Encounter/{id}"})]
    page = report(tmp_path, resources)
    main(["audit", str(tmp_path / "export"), "--output", str(tmp_path / "all.csv"), "--workers", "1"])

    assert page.rows("Findings by direction") == [["over", "502", "502", "502", "-$35,140.00", "0"]]
    assert "The first 500 of 502. The other formats hold all of them." in page.text
    assert [row[0] for row in page.rows("Findings")] == [f"Encounter/e{number:03}" for number in range(500)]
    with (tmp_path / "all.csv").open(newline="") as file:
        assert len(list(csv.DictReader(file))) == 502
