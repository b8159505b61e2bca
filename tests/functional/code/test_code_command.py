"""`infusion-charges code` from outside: what goes in, what comes out, and the exit status."""

import gzip
import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from plugin.cli import main
from plugin.rules.differences import code_encounter

CHARTS = Path(__file__).parents[3] / "plugin" / "sandbox" / "charts"
INFLIXIMAB = CHARTS / "infliximab-for-crohns-disease" / "chart.json"
MISSING_STOP = CHARTS / "missing-stop-time" / "chart.json"

Printed = pytest.CaptureFixture[str]


def coded(arguments: list[str], printed: Printed) -> tuple[int, dict[str, Any], str]:
    """Exit status, the JSON on standard output, and standard error."""
    status = main(["code", *arguments])
    out, err = printed.readouterr()
    return status, json.loads(out) if out else {}, err


def codes(answer: dict[str, Any]) -> list[str]:
    """The codes of the first encounter, in their order."""
    return [charge["code"] for charge in answer["encounters"][0]["charges"]]


def test_a_bundle_is_coded(capsys: Printed) -> None:
    """A clean chart gives its charges, nothing on standard error, and status 0."""
    status, answer, err = coded([str(INFLIXIMAB)], capsys)

    assert (0, "") == (status, err)
    assert ["96413", "96415", "96375", "J1745", "J2919"] == codes(answer)


@pytest.mark.parametrize("form", ["ndjson", "gzip", "one resource a file"])
def test_every_form_of_file_is_read(form: str, tmp_path: Path, capsys: Printed) -> None:
    """NDJSON, gzip and a Bundle say the same."""
    resources = [entry["resource"] for entry in json.loads(INFLIXIMAB.read_text())["entry"]]
    lines = "\n".join(json.dumps(resource) for resource in resources).encode()
    file = tmp_path / "chart.ndjson"
    file.write_bytes(gzip.compress(lines) if form == "gzip" else lines)
    if form == "one resource a file":
        encounter = next(r for r in resources if r["resourceType"] == "Encounter")
        file.write_text(json.dumps(encounter))

    status, answer, _ = coded([str(file)], capsys)

    assert 0 == status
    assert ([] if form == "one resource a file" else ["96413", "96415", "96375", "J1745", "J2919"]) == codes(answer)


def test_standard_input_is_read(monkeypatch: pytest.MonkeyPatch, capsys: Printed) -> None:
    """`-` stands for standard input."""
    stream = io.TextIOWrapper(io.BytesIO(INFLIXIMAB.read_bytes()))
    monkeypatch.setattr("sys.stdin", stream)

    assert 0 == coded(["-"], capsys)[0]


def test_a_broken_line_is_named_and_the_rest_coded(tmp_path: Path, capsys: Printed) -> None:
    """One bad line gives status 1 and one line on standard error that names file and line, without its content."""
    resources = [entry["resource"] for entry in json.loads(INFLIXIMAB.read_text())["entry"]]
    lines = [json.dumps(resource) for resource in resources]
    lines.insert(2, '{"resourceType": "Patient", "name": [{"family": "Zzyzx"')
    file = tmp_path / "export.ndjson"
    file.write_text("\n".join(lines))

    status, answer, err = coded([str(file)], capsys)

    assert 1 == status
    assert "export.ndjson" in err
    assert "line 3" in err
    assert "Zzyzx" not in err
    assert ["96413", "96415", "96375", "J1745", "J2919"] == codes(answer)


@pytest.mark.parametrize(
    ("arguments", "remedy"),
    [
        pytest.param(["nowhere.json"], "check the path", id="no such file"),
        pytest.param([str(INFLIXIMAB), "--zone", "Mars/Olympus"], "America/Chicago", id="no such zone"),
        pytest.param([str(INFLIXIMAB), "--position", "same_drug_time"], "NAME=SIDE", id="half a position"),
        pytest.param([str(INFLIXIMAB), "--position", "moon=full"], "partial_overlap", id="no such position"),
        pytest.param([str(INFLIXIMAB), "--position", "same_drug_time=often"], "cumulative", id="no such side"),
        pytest.param([str(INFLIXIMAB), "--profile", "nobody"], "medicare", id="no such profile"),
        pytest.param([str(INFLIXIMAB), "--codebook", "nowhere"], "no such folder", id="no such overlay"),
    ],
)
def test_unusable_arguments_are_named_with_the_remedy(arguments: list[str], remedy: str, capsys: Printed) -> None:
    """Status 2, nothing on standard output, and a line that says what to do."""
    status, answer, err = coded(arguments, capsys)

    assert (2, {}) == (status, answer)
    assert remedy in err
    assert 1 == len(err.strip().splitlines())


def test_a_file_without_fhir_is_unusable(tmp_path: Path, capsys: Printed) -> None:
    """Nothing readable is status 2."""
    file = tmp_path / "letter.txt"
    file.write_text("Dear Sir or Madam")

    assert 2 == coded([str(file)], capsys)[0]


def test_a_position_changes_the_charges(capsys: Printed) -> None:
    """The therapeutic side of complex biologics gives the therapeutic family, and its caveat the other way round."""
    _, answer, _ = coded([str(INFLIXIMAB), "--position", "complex_biologic_class=therapeutic"], capsys)

    assert ["96365", "96366", "96375", "J1745", "J2919"] == codes(answer)
    assert "complex_biologic_class" == answer["encounters"][0]["charges"][0]["caveats"][0]["position"]


def test_a_profile_is_a_set_of_positions(capsys: Printed) -> None:
    """The commercial profile says the same as its position."""
    _, by_profile, _ = coded([str(INFLIXIMAB), "--profile", "commercial-default"], capsys)

    assert ["96365", "96366", "96375", "J1745", "J2919"] == codes(by_profile)


def test_what_one_more_fact_would_change(capsys: Printed) -> None:
    """123 minutes earn one further hour; 28 minutes more would earn the next."""
    _, answer, _ = coded([str(INFLIXIMAB), "--what-if"], capsys)

    [later] = [w for w in answer["encounters"][0]["what_if"] if w["fact"].startswith("a stop")]
    assert "96415 x1 becomes x2" == later["would"]


def test_an_overlay_stands_over_the_tables(tmp_path: Path, capsys: Printed) -> None:
    """A site's own row for a drug replaces ours; its source must be one we know."""
    columns = "drug,class,injected_class,payer_varies,names,valid_from,valid_to,cites,checked_on,note"
    row = "infliximab,therapeutic,,,remicade,,,noridian-complex,2026-11-21,site"
    (tmp_path / "drugs.csv").write_text(f"{columns}\n{row}\n")

    _, answer, _ = coded([str(INFLIXIMAB), "--codebook", str(tmp_path)], capsys)

    assert ["96365", "96366", "96375", "J1745", "J2919"] == codes(answer)


def test_a_wrong_overlay_is_refused_by_row(tmp_path: Path, capsys: Printed) -> None:
    """A class that doesn't exist names table and line, and nothing is coded."""
    columns = "drug,class,injected_class,payer_varies,names,valid_from,valid_to,cites,checked_on,note"
    (tmp_path / "drugs.csv").write_text(f"{columns}\ninfliximab,wonderful,,,,,,noridian-complex,2026-11-21,\n")

    status, _, err = coded([str(INFLIXIMAB), "--codebook", str(tmp_path)], capsys)

    assert 2 == status
    assert "drugs.csv line 2" in err


def test_text_is_for_reading(capsys: Printed) -> None:
    """`--format text` names code, units, facts and the question."""
    assert 0 == main(["code", str(MISSING_STOP), "--format", "text"])
    out, _ = capsys.readouterr()

    assert "96365 x1" in out
    assert "? missing-stop-time" in out
    assert "\n      it ran 60 min: adds 96367 x1" in out


def test_no_encounter_gives_no_charges_and_names_each_administration(tmp_path: Path, capsys: Printed) -> None:
    """Without an Encounter `encounters` is empty and each administration stands in the issues (status 1)."""
    resources = [entry["resource"] for entry in json.loads(INFLIXIMAB.read_text())["entry"]]
    given = [r for r in resources if r["resourceType"] == "MedicationAdministration"]
    file = tmp_path / "given.ndjson"
    file.write_text("\n".join(json.dumps(r) for r in given))

    status, answer, _ = coded([str(file)], capsys)

    assert (1, []) == (status, answer["encounters"])
    assert {f"MedicationAdministration/{r['id']}" for r in given} <= {i["resource"] for i in answer["issues"]}


def test_a_reader_that_goes_away_is_no_error() -> None:
    """`| head -1` ends it quietly."""
    command = [sys.executable, "-m", "plugin.cli", "code", str(INFLIXIMAB)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=CHARTS.parents[2]) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.readline()
        running.stdout.close()
        complaint = running.stderr.read()

    assert b"" == complaint


@pytest.mark.parametrize(
    ("code", "says"),
    [
        pytest.param("90760", "90760 ended 2008-12-31; it is 96360", id="retired"),
        pytest.param("96361", "hydration", id="current"),
        pytest.param("00000", "has no 00000", id="unknown"),
    ],
)
def test_the_code_book_shows_a_code(code: str, says: str, capsys: Printed) -> None:
    """A reader of old guides learns what became of a code."""
    status = main(["codebook", "show", code])

    assert (1 if code == "00000" else 0) == status
    assert says in capsys.readouterr().out


def test_the_code_book_is_sound(capsys: Printed) -> None:
    """Every row has its source; nothing overlaps."""
    status = main(["codebook", "check"])

    assert (0, "the code book is sound") == (status, capsys.readouterr().out.strip())


def administration(**changes: Any) -> dict[str, Any]:
    """An hour of an antibiotic by vein, and what is different."""
    return {
        "resourceType": "MedicationAdministration",
        "id": "m1",
        "status": "completed",
        "medicationCodeableConcept": {"text": "ceftriaxone 1 g IVPB"},
        "subject": {"reference": "Patient/p1"},
        "context": {"reference": "Encounter/e1"},
        "effectivePeriod": {"start": "2026-03-02T10:00:00-06:00", "end": "2026-03-02T11:00:00-06:00"},
        "dosage": {"route": {"text": "IVPB"}},
        "reasonCode": [{"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "J18.9"}]}],
        **changes,
    }


def encounter(**changes: Any) -> dict[str, Any]:
    """An emergency visit of a day, and what is different."""
    return {
        "resourceType": "Encounter",
        "id": "e1",
        "status": "finished",
        "class": {"code": "EMER"},
        "subject": {"reference": "Patient/p1"},
        "period": {"start": "2026-03-02T08:00:00-06:00", "end": "2026-03-02T16:00:00-06:00"},
        **changes,
    }


def bundle(*resources: dict[str, Any], **more: Any) -> str:
    """A searchset of them."""
    return json.dumps(
        {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": r} for r in resources], **more}
    )


def test_one_encounter_no_table_knows_does_not_stop_the_others(tmp_path: Path, capsys: Printed) -> None:
    """A visit of 1990 comes out without charges and says why; the other is coded."""
    old = {"start": "1990-03-02T10:00:00-06:00", "end": "1990-03-02T11:00:00-06:00"}
    file = tmp_path / "two.json"
    file.write_text(
        bundle(
            encounter(id="old", period=old),
            administration(id="mo", context={"reference": "Encounter/old"}, effectivePeriod=old),
            encounter(),
            administration(),
        )
    )

    status, answer, err = coded([str(file)], capsys)

    first, second = answer["encounters"]
    assert 1 == status
    assert "Traceback" not in err
    assert ([], False) == (first["charges"], first["complete"])
    assert "2009-01-01" in first["issues"][-1]["found"]
    assert ["96365"] == [charge["code"] for charge in second["charges"]]


@pytest.mark.parametrize("year", ["0001-01-01T00:00:00+05:00", "9999-12-31T23:59:59-14:00"])
def test_a_year_no_chart_is_from_is_an_issue(year: str, tmp_path: Path, capsys: Printed) -> None:
    """The edge of the calendar is read as no time, and said."""
    file = tmp_path / "odd.json"
    file.write_text(bundle(encounter(), administration(effectivePeriod={"start": year, "end": year})))

    status, answer, err = coded([str(file)], capsys)

    assert 1 == status
    assert "Traceback" not in err
    assert not answer["encounters"][0]["complete"]


def test_a_time_without_offset_is_read_as_the_visit_was(tmp_path: Path, capsys: Printed) -> None:
    """No zone given: the encounter's own offset stands in, with the notice, and nothing is asked."""
    file = tmp_path / "bare.json"
    bare = {"start": "2026-03-02T10:00:00", "end": "2026-03-02T11:00:00"}
    file.write_text(bundle(encounter(), administration(effectivePeriod=bare)))

    _, answer, _ = coded([str(file), "--position", "drug_lines=elsewhere"], capsys)

    [visit] = answer["encounters"]
    assert "2026-03-02T10:00:00-06:00" == visit["charges"][0]["minutes"][0]["start"]
    assert ["assumed-zone"] == [notice["kind"] for notice in visit["notices"]]
    assert [] == visit["queries"]


@pytest.mark.parametrize("loss", ["a next page", "a null entry", "an untimed administration"])
def test_what_was_lost_keeps_an_encounter_from_being_complete(loss: str, tmp_path: Path, capsys: Printed) -> None:
    """DESIGN section 6: an unread entry, a missing page, an unplaced administration."""
    page = (
        {"link": [{"relation": "next", "url": "https://ehr.example.org/fhir?page=2"}]} if loss == "a next page" else {}
    )
    untimed = administration(id="m2", context=None, effectivePeriod=None)
    more = [untimed] if loss == "an untimed administration" else []
    whole = json.loads(bundle(encounter(), administration(), *more, **page))
    if loss == "a null entry":
        whole["entry"].append(None)
    file = tmp_path / "lost.json"
    file.write_text(json.dumps(whole))

    status, answer, _ = coded([str(file)], capsys)

    assert 1 == status
    assert not answer["encounters"][0]["complete"]
    assert ["96365"] == codes(answer)


def test_the_words_of_the_dosage_count(tmp_path: Path, capsys: Printed) -> None:
    """Saline charted as keep-open in `dosage.text` is no hydration."""
    saline = administration(
        medicationCodeableConcept={"text": "sodium chloride 0.9%"},
        dosage={"route": {"text": "IV infusion"}, "text": "TKO at 30 mL/hr"},
    )
    file = tmp_path / "tko.json"
    file.write_text(bundle(encounter(), saline))

    _, answer, _ = coded([str(file)], capsys)

    assert [] == answer["encounters"][0]["charges"]
    assert ["KEEP-VEIN-OPEN"] == answer["encounters"][0]["declined"][0]["rules"]


def test_a_second_visit_knows_of_the_first_in_one_file(tmp_path: Path, capsys: Printed) -> None:
    """Two visits of a day: each has its initial service, the later one marked, and nothing is asked."""
    evening = {"start": "2026-03-02T18:00:00-06:00", "end": "2026-03-02T20:00:00-06:00"}
    again = {"start": "2026-03-02T18:30:00-06:00", "end": "2026-03-02T19:10:00-06:00"}
    second = administration(id="m2", context={"reference": "Encounter/e2"}, effectivePeriod=again)
    file = tmp_path / "day.json"
    file.write_text(bundle(encounter(id="e2", period=evening), second, encounter(), administration()))

    _, answer, _ = coded([str(file), "--position", "drug_lines=elsewhere"], capsys)

    later, earlier = answer["encounters"]
    assert [("96365", [])] == [(c["code"], c["modifiers"]) for c in earlier["charges"]]
    assert [("96365", ["59"])] == [(c["code"], c["modifiers"]) for c in later["charges"]]
    assert [] == later["queries"]


def test_a_defect_costs_one_encounter_alone(tmp_path: Path, capsys: Printed, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever goes wrong with one chart, the other is coded; the place of the defect is said, never the content."""

    def spoilt(chart: Any, *rest: Any) -> Any:
        if chart.encounter.id == "Encounter/e2":
            raise OverflowError("PATIENT SECRET")
        return code_encounter(chart, *rest)

    monkeypatch.setattr("plugin.review.prepare.code_encounter", spoilt)
    other = administration(id="m2", context={"reference": "Encounter/e2"})
    file = tmp_path / "two.json"
    file.write_text(bundle(encounter(), administration(), encounter(id="e2"), other))
    status, answer, err = coded([str(file)], capsys)

    assert 1 == status
    assert [True, False] == [each["complete"] for each in answer["encounters"]]
    assert "96365" in codes(answer)
    assert "OverflowError at test_code_command.py:" in answer["encounters"][1]["issues"][0]["found"]
    assert "SECRET" not in err + json.dumps(answer)
    assert err.startswith(f"infusion-charges code: {file}: Encounter/e2: nothing was coded for it")


def test_text_says_what_was_not_read_and_prints_no_control_characters(tmp_path: Path, capsys: Printed) -> None:
    """A terminal shows the issue beside NOT COMPLETE, and no chart can colour it."""
    file = tmp_path / "odd.json"
    drug = {"text": "ceftriaxone \x1b[31m1 g IVPB"}
    file.write_text(bundle(encounter(), administration(medicationCodeableConcept=drug, implicitRules="https://x.test")))
    assert 1 == main(["code", str(file), "--format", "text"])
    out = capsys.readouterr().out
    assert "NOT COMPLETE" in out
    assert "not read! MedicationAdministration/m1 MedicationAdministration.implicitRules: not understood" in out
    assert "\x1b" not in out
