"""The nurse corrects the MAR, and the app sees it at its next reading."""

from typing import Any

import pytest

from plugin.sandbox.editing import EditError, edited
from tests.smart.sandbox.ehr import Ehr

STOP = {"start": "2026-03-02T12:00:00", "stop": "2026-03-02T13:10", "status": "completed", "version": "1"}


def test_missing_stop_time_is_added(ehr: Ehr) -> None:
    """The form takes the stop in the charted offset; FHIR shows version 2 with the period closed."""
    form = ehr.get("/patients/amber/mar/amber-m3/edit").text
    answer = ehr.post("/patients/amber/mar/amber-m3/edit", STOP)
    read = ehr.fhir(ehr.launched()).get("MedicationAdministration/amber-m3")
    assert 'value="2026-03-02T12:00:00"' in form
    assert answer.headers["Location"] == "/patients/amber#mar"
    assert read.headers["ETag"] == 'W/"2"'
    assert read.json()["status"] == "completed"
    assert read.json()["effectivePeriod"] == {"start": "2026-03-02T12:00:00-05:00", "end": "2026-03-02T13:10:00-05:00"}


def test_correction_keeps_the_decimals(ehr: Ehr) -> None:
    """What the form doesn't touch stays to the digit."""
    sent = {"start": "2026-03-02T10:00:00", "stop": "2026-03-02T11:15:00", "status": "completed", "version": "1"}
    ehr.post("/patients/amber/mar/amber-m1/edit", sent)
    text = ehr.fhir(ehr.launched()).get("MedicationAdministration/amber-m1").text
    assert '"value":125.00,' in text
    assert '"end":"2026-03-02T11:15:00-05:00"' in text


def test_search_finds_the_corrected_time(ehr: Ehr) -> None:
    """The index moves with the correction."""
    ehr.post("/patients/amber/mar/amber-m3/edit", STOP)
    found = ehr.fhir(ehr.launched()).ids("MedicationAdministration?patient=amber&effective-time=2026-03-02")
    assert "amber-m3" in found


@pytest.mark.parametrize(
    ("changes", "status", "text"),
    [
        ({"stop": "soon"}, 400, "The stop time is no date and time."),
        ({"stop": "2026-03-02T11:00"}, 400, "The stop time is before the start time."),
        ({"status": "given"}, 400, "Choose a status from the list."),
        ({"version": "7"}, 409, "is at version 1, not 7"),
    ],
)
def test_unfit_correction_is_refused_and_said(ehr: Ehr, changes: dict[str, str], status: int, text: str) -> None:
    """The form comes back with what is wrong and what was typed; nothing is saved."""
    answer = ehr.post("/patients/amber/mar/amber-m3/edit", {**STOP, **changes})
    assert answer.status_code == status
    assert text in answer.text
    assert f'value="{changes.get("stop", STOP["stop"])}"' in answer.text
    assert ehr.fhir(ehr.launched()).get("MedicationAdministration/amber-m3").headers["ETag"] == 'W/"1"'


@pytest.mark.parametrize(
    ("charted", "form", "expected"),
    [
        (
            {"effectiveDateTime": "2026-03-02T11:00:00-05:00"},
            {"start": "2026-03-02T11:00:00", "stop": "2026-03-02T12:00"},
            {"effectivePeriod": {"start": "2026-03-02T11:00:00-05:00", "end": "2026-03-02T12:00:00-05:00"}},
        ),
        (
            {"effectiveDateTime": "2026-03-02T11:00:00-05:00"},
            {"start": "2026-03-02T11:01", "stop": ""},
            {"effectiveDateTime": "2026-03-02T11:01:00-05:00"},
        ),
        ({"effectiveDateTime": "2026-03-02"}, {"start": "2026-03-02", "stop": ""}, {"effectiveDateTime": "2026-03-02"}),
        (
            {"effectivePeriod": {"start": "2026-03-02T11:00:00Z", "end": "2026-03-02T12:00:00Z"}},
            {"start": "2026-03-02T11:00:00", "stop": ""},
            {"effectivePeriod": {"start": "2026-03-02T11:00:00Z"}},
        ),
        ({}, {"start": "", "stop": ""}, {}),
    ],
)
def test_shape_of_the_time(charted: dict[str, Any], form: dict[str, str], expected: dict[str, Any]) -> None:
    """An instant with a stop becomes a period, without one it stays; the charted offset is kept."""
    made = edited({"status": "completed", **charted}, {**form, "status": "stopped"})
    assert made == {"status": "stopped", **expected}


def test_unreadable_time_raises() -> None:
    """A time that is none names the field."""
    with pytest.raises(EditError, match="start"):
        edited({"status": "completed"}, {"start": "25:00", "stop": "", "status": "completed"})
