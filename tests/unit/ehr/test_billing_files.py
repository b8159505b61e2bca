"""CSV and HL7 v2: read back by other readers, with texts that try to be a formula, a segment or markup."""

import csv
import io
import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import hl7
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from plugin.domain import ChargeDraft, Patient, Quantity, SuggestedCharge
from plugin.domain.replacing import replace
from plugin.ehr.billing_csv import COLUMNS, write_csv
from plugin.ehr.billing_hl7v2 import NoMessage, write_hl7v2
from plugin.ehr.billing_lines import BillingLine, billing_line
from plugin.ehr.charge_master import BillingCodes, ChargeMaster
from plugin.ehr.plain_cells import FORMULA, plain_cell
from plugin.store.exports import ExportLine
from plugin.store.turns import Place
from tests.verifies import verifies

NOW = datetime(2026, 3, 3, 8, 0, tzinfo=UTC)
CHARGE = SuggestedCharge(
    "CPT", "96413", 1, (), date(2026, 3, 2), ("MedicationAdministration/m1",), ("C50.911", "Z51.11"), (), (), (), ()
)
DRAFT = ChargeDraft(
    identity="ab" * 32,
    encounter="Encounter/e1",
    patient="Patient/p1",
    charge=CHARGE,
    units=2,
    modifiers=("59", "JZ"),
    status="billable",
    entered_by="Practitioner/c1",
    entered_at=NOW,
    start=datetime(2026, 3, 2, 15, 0, tzinfo=UTC),
    stop=datetime(2026, 3, 2, 16, 30, tzinfo=UTC),
    note="ran for 90 minutes",
    person=Patient("Patient/p1", "Ada Example", "1970-01-31", "female", "MRN-7"),
)
MASTER = ChargeMaster({"96413": BillingCodes("4700123", "0335")})
NAMES = {"sending_facility": "CLINIC", "receiving_application": "BILLING"}


DRUG = structs.replace(
    CHARGE, system="HCPCS", code="J1745", ndc="57894003001", ndc_quantity=Quantity(Decimal("3.50"), "UN")
)


def line(**changes: Any) -> BillingLine:
    """The one line of these tests as billing reads it."""
    kind = changes.pop("kind", "charge")
    return billing_line(
        ExportLine(7, Place("clinic", "Encounter/e1"), 1, kind, replace(DRAFT, **changes), NOW, 3), MASTER
    )


def rows(*lines: BillingLine) -> list[dict[str, str]]:
    """The CSV as an ordinary reader has it."""
    return list(csv.DictReader(io.StringIO(write_csv(3, lines), newline="")))


def messages(*lines: BillingLine) -> list[hl7.Message]:
    """The messages as another library has them."""
    text, _ = write_hl7v2(3, NOW, lines, NAMES)
    return [hl7.parse(each.strip("\r\n")) for each in text.split("\n") if each.strip()]


def field(message: hl7.Message, segment: str, number: int) -> str:
    """A field of the first such segment, its escapes undone."""
    return str(message.unescape(str(message.segment(segment)[number])))


@verifies("WR-09")
def test_csv_has_every_column() -> None:
    """One line as billing reads it."""
    (row,) = rows(line())
    assert tuple(row) == COLUMNS
    assert row == {
        "file": "3",
        "line": "7",
        "kind": "charge",
        "charge": "ab" * 32,
        "visit": "e1",
        "patient": "p1",
        "record_number": "MRN-7",
        "patient_name": "Ada Example",
        "birth_date": "1970-01-31",
        "date": "2026-03-02",
        "start": "2026-03-02T15:00+00:00",
        "stop": "2026-03-02T16:30+00:00",
        "system": "CPT",
        "code": "96413",
        "modifiers": "59 JZ",
        "units": "2",
        "charge_code": "4700123",
        "revenue_code": "0335",
        "diagnoses": "C50.911 Z51.11",
        "ndc": "",
        "ndc_quantity": "",
        "ndc_unit": "",
        "accepted_by": "Practitioner/c1",
        "accepted_at": "2026-03-03T08:00+00:00",
        "why": "ran for 90 minutes",
    }


@verifies("WR-09")
def test_hl7v2_has_what_billing_posts() -> None:
    """DFT^P03 with one FT1; charge master first, revenue code beside it, diagnoses and modifiers in order."""
    (message,) = messages(line())
    assert str(message.segment("MSH")[9]) == "DFT^P03^DFT_P03"
    assert (str(message.segment("MSH")[4]), str(message.segment("MSH")[10])) == ("CLINIC", "3-1")
    assert str(message.segment("MSH")[7]) == "20260303080000+0000"
    assert (str(message.segment("PID")[3]), str(message.segment("PID")[7])) == ("MRN-7^^^^MR", "19700131")
    assert str(message.segment("PV1")[19]) == "e1"
    ft1 = message.segment("FT1")
    assert [str(ft1[number]) for number in (1, 2, 3, 6, 10)] == ["1", "7", "3", "CG", "2"]
    assert str(ft1[4]) == "20260302150000+0000^20260302163000+0000"
    assert str(ft1[7]) == "4700123^^99CDM^0335^^99REV"
    assert str(ft1[19]) == "C50.911^^I10~Z51.11^^I10"
    assert (str(ft1[25]), str(ft1[26])) == ("96413^^C4", "59~JZ")


def test_a_credit_is_told_as_one() -> None:
    """CD in HL7 v2, `credit` in CSV."""
    taken_back = line(kind="credit")
    assert rows(taken_back)[0]["kind"] == "credit"
    assert str(messages(taken_back)[0].segment("FT1")[6]) == "CD"


def test_a_drug_line_has_its_package_and_quantity() -> None:
    """The NDC in eleven digits with its unit and amount, as a claim has them behind N4."""
    drug = line(charge=DRUG)
    (row,) = rows(drug)
    assert (row["ndc"], row["ndc_quantity"], row["ndc_unit"]) == ("57894003001", "3.5", "UN")
    ft1 = messages(drug)[0].segment("FT1")
    assert (str(ft1[9]), str(ft1[29]), str(ft1[25])) == ("N457894003001 UN3.5", "57894003001^^NDC", "J1745^^HPC")
    assert str(ft1[7]) == "J1745^^HPC^0636^^99REV"


def test_a_package_of_unknown_quantity_is_named_alone() -> None:
    """Nothing stands where nobody knows how much."""
    drug = line(charge=structs.replace(DRUG, ndc_quantity=None))
    (row,) = rows(drug)
    assert (row["ndc"], row["ndc_quantity"], row["ndc_unit"]) == ("57894003001", "", "")
    ft1 = messages(drug)[0].segment("FT1")
    assert (str(ft1[9]), str(ft1[29])) == ("N457894003001", "57894003001^^NDC")


@pytest.mark.parametrize(
    ("charted", "patient_class"),
    [
        ("AMB", "O"),
        ("OBSENC", "O"),
        ("SS", "O"),
        ("EMER", "E"),
        ("IMP", "I"),
        ("ACUTE", "I"),
        ("NONAC", "I"),
        ("PRENC", "P"),
        ("", "U"),
        ("something else", "U"),
    ],
)
def test_the_patient_class_is_the_encounters(charted: str, patient_class: str) -> None:
    """HL7 table 0004; who is observed is an outpatient, and U stands only where nobody knows."""
    (message,) = messages(line(visit_class=charted))
    assert str(message.segment("PV1")[2]) == patient_class


def test_a_visit_is_what_it_was_when_its_last_line_was_written() -> None:
    """First in the emergency department, then observed."""
    (message,) = messages(line(visit_class="EMER"), line(visit_class="OBSENC"))
    assert str(message.segment("PV1")[2]) == "O"


def test_each_visit_is_a_message_of_its_own() -> None:
    """Two visits, the first with two lines."""
    other = line(encounter="Encounter/e2")
    found = messages(line(), line(), other)
    assert [len(message.segments("FT1")) for message in found] == [2, 1]
    assert [str(message.segment("PV1")[19]) for message in found] == ["e1", "e2"]


@pytest.mark.parametrize(
    "text",
    [
        "=HYPERLINK(1)",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=cmd|' /C calc'!A0",
        "  =1+1",
        "\u200b=1",
        "\uff1d1",
    ],
)
@verifies("WR-09")
def test_no_cell_is_a_formula(text: str) -> None:
    """An apostrophe goes before it; leading blanks don't hide it."""
    cell = rows(line(note=text, person=Patient("Patient/p1", text)))[0]
    assert cell["why"].startswith("'")
    assert cell["patient_name"] == cell["why"]


@given(st.text(max_size=60))
@verifies("WR-09")
def test_any_text_stays_one_plain_cell(text: str) -> None:
    """One row, one line, no control character, never a formula."""
    (row,) = rows(line(note=text))
    assert row["why"] == plain_cell(text)
    assert not row["why"].startswith(FORMULA)
    assert row["why"].isprintable()


HOSTILE = st.text(st.sampled_from("|^~&\\\r\n\x0b\x1c\x00aMSHOBXF.br<>='\" "), max_size=40)


@given(HOSTILE, HOSTILE)
@verifies("WR-09")
def test_no_text_becomes_a_segment_a_field_or_markup(note: str, name: str) -> None:
    """Another library reads one message of five segments, and each text as it was, blanks for control characters."""
    (message,) = messages(line(note=note, person=Patient("Patient/p1", name, "", "", "MRN-7")))
    assert [str(segment[0]) for segment in message] == ["MSH", "EVN", "PID", "PV1", "FT1"]
    plain = "".join(each if each.isprintable() else " " for each in note)
    assert field(message, "FT1", 8) == plain
    named = "".join(each if each.isprintable() else " " for each in name.strip()) or "UNKNOWN"
    assert field(message, "PID", 5) == named
    assert str(message.segment("FT1")[10]) == "2"


def test_what_the_standard_can_not_hold_is_told() -> None:
    """Something that is no number where a number goes: that visit is named, with the remedy; the others are written."""
    lines = [line(units="many", encounter="Encounter/e1"), line(encounter="Encounter/e2")]
    text, (refusal,) = write_hl7v2(3, NOW, lines, NAMES)
    assert isinstance(refusal, NoMessage)
    assert re.search(r"visit 'e1'.*--again 3 --format csv", str(refusal))
    assert (text.count("MSH|"), "e2" in text) == (1, True)


def test_what_cannot_be_said_names_nobody() -> None:
    """The refusal goes to a terminal and from there into logs: no name, no number, no words of the chart."""
    person = replace(DRAFT.person or Patient(""), record_number="MRN-secret" * 40)
    _, (refusal,) = write_hl7v2(3, NOW, [line(person=person, encounter="Encounter/e1")], NAMES)
    assert "secret" not in str(refusal)
    assert "PID" in str(refusal) or "MaxLengthReached" in str(refusal)


@pytest.mark.parametrize("birth_date", ["|||||\rZZZ|", "1970-02-31", "31.01.1970", "1970-01"])
def test_an_odd_birth_date_stops_no_file(birth_date: str) -> None:
    """It is left out; the charges go to billing all the same."""
    person = replace(DRAFT.person or Patient(""), birth_date=birth_date)
    text, _ = write_hl7v2(3, NOW, [line(person=person)], NAMES)
    assert [segment[:3] for segment in text.strip().split("\r")] == ["MSH", "EVN", "PID", "PV1", "FT1"]
    assert hl7.parse(text.strip())["PID"][0][5][0] != ""


def test_a_note_of_separators_is_cut_where_the_field_ends() -> None:
    """Each separator takes three characters; the last is whole."""
    said, _ = write_hl7v2(3, NOW, [line(note="|" * 500)], NAMES)
    assert "\\F\\" * 66 + "|" in said
    assert "\\F\\" * 67 not in said


@pytest.mark.parametrize("text", ["said;=1+1", "said; @SUM(1)", "said;\uff1d1"])
def test_no_formula_begins_behind_a_semicolon(text: str) -> None:
    """Where the comma is the decimal mark, spreadsheets part cells at semicolons, quoted or not."""
    assert re.search(r"; ?'", plain_cell(text))
