"""Chart folders: loaded whole, or refused with the file and the remedy."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from plugin.sandbox.config import PACKAGE_FOLDER, SandboxError
from plugin.sandbox.fhir.resources import ResourceStore
from plugin.sandbox.loading import load_charts, load_staff
from plugin.sandbox.store import Database
from tests.smart.sandbox.ehr import CHARTS

NOTE = {"resourceType": "Medication", "id": "shared", "code": {"text": "saline"}}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ResourceStore]:
    """An empty FHIR store with the staff in it."""
    database = Database(tmp_path / "loading.sqlite")
    made = ResourceStore(database, "http://localhost/fhir", time.time)
    load_staff(made)
    yield made
    database.close()


def _write(folder: Path, name: str, text: str) -> None:
    (folder / name).mkdir(parents=True)
    (folder / name / "chart.json").write_text(text)


def _bundle(*resources: object) -> str:
    return json.dumps({"resourceType": "Bundle", "entry": [{"resource": resource} for resource in resources]})


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("{", "can't be read as JSON"),
        ("[]", "must be a FHIR Bundle"),
        (_bundle({"resourceType": "Patient"}), "entry 0 must hold a resource with an id"),
        (_bundle(NOTE, {"resourceType": "Spaceship", "id": "s"}), "entry 1 is a Spaceship"),
        (_bundle({"resourceType": "Practitioner", "id": "sandbox-coder"}), "Give it an id of its own"),
    ],
)
def test_unfit_chart_names_the_file(store: ResourceStore, tmp_path: Path, text: str, named: str) -> None:
    """A chart that can't be loaded is named, and nothing of any chart is kept."""
    _write(tmp_path, "a-good", _bundle(NOTE))
    _write(tmp_path, "broken", text)
    with pytest.raises(SandboxError, match=r"broken/chart\.json") as caught:
        load_charts(store, tmp_path)
    assert named in str(caught.value)
    assert store.find("Medication", "shared") is None


def test_equal_resources_may_be_in_two_charts(store: ResourceStore, tmp_path: Path) -> None:
    """A Medication that two charts hold alike is loaded once; one that differs is refused."""
    _write(tmp_path / "alike", "one", _bundle(NOTE))
    _write(tmp_path / "alike", "two", _bundle(NOTE))
    _write(tmp_path / "other", "three", _bundle({**NOTE, "code": {"text": "dextrose"}}))
    assert load_charts(store, tmp_path / "alike") == {}
    with pytest.raises(SandboxError, match="Medication/shared"):
        load_charts(store, tmp_path / "other")


def test_test_charts_load_and_belong_to_their_patients(store: ResourceStore) -> None:
    """Each resource of a chart lies in its patient's compartment; shared ones in none."""
    assert load_charts(store, CHARTS) == {"amber": "Amber, twice in a week", "birch": "birch"}
    assert [found.id for found in store.of_type("Encounter", "amber")] == ["amber-1", "amber-2"]
    medication = store.find("Medication", "saline")
    assert medication is not None
    assert medication.patient is None


def test_shipped_charts_load(store: ResourceStore) -> None:
    """Every chart folder the package ships can be loaded; encounters and administrations belong to its patients."""
    folder = PACKAGE_FOLDER / "charts"
    titles = load_charts(store, folder)
    assert len(titles) == len([entry for entry in folder.iterdir() if entry.is_dir()])
    patients = {found.id for found in store.of_type("Patient")}
    assert patients == set(titles)
    for kind in ("Encounter", "MedicationAdministration"):
        assert {found.patient for found in store.of_type(kind)} <= patients
