"""What people stated, on both databases: sealed, numbered, told in the trail, and only ever added to."""

import pytest
from sqlalchemy import select

from plugin.domain import Attested, AttestedFact
from plugin.domain.replacing import replace
from plugin.review.ports import Person
from plugin.store.attestations import EncounterAttestations
from plugin.store.records import EncounterRecords
from plugin.store.tables import attestations

NURSE = Person("Practitioner/n1", "Nora Nurse", "clinician", verified=True)
FACT = AttestedFact("missing-stop-time", "MedicationAdministration/m1", "stop", "2026-03-02T15:30:00+00:00")


@pytest.fixture
def kept(store) -> EncounterAttestations:
    """Nothing stated yet."""
    return EncounterAttestations(store, "clinic", "Encounter/e1")


def said(now, fact: AttestedFact = FACT) -> Attested:
    """One answer."""
    return Attested(
        0, (fact,), "When?", "drug: stop 09:30", "pump", "Late entry", "Practitioner/n1", "Nora Nurse", "clinician",
        verified=True, at=now,
    )  # fmt: skip


def test_what_was_stated_comes_back_as_it_was(kept, now):
    """Numbers count from 1; every field survives."""
    other = replace(FACT, about="MedicationAdministration/m2")
    assert kept.attest([said(now), said(now, other)], now) == kept.attested()
    assert kept.attested() == (replace(said(now), number=1), replace(said(now, other), number=2))


def test_it_belongs_to_its_encounter_alone(kept, now):
    """Another encounter and another tenant see nothing."""
    kept.attest([said(now)], now)
    assert replace(kept, encounter="Encounter/e2").attested() == ()
    assert replace(kept, tenant="hospital").attested() == ()


def test_taken_back_stays_in_the_table_and_in_the_trail(kept, now):
    """Nothing is deleted; the next one gets the next number."""
    kept.attest([said(now)], now)
    assert kept.take_back(1, NURSE, now)
    assert not kept.take_back(1, NURSE, now)
    kept.attest([said(now)], now)
    assert [each.number for each in kept.attested()] == [2]
    with kept.store.reading() as connection:
        rows = connection.execute(select(attestations).order_by(attestations.c.id)).all()
    assert [(row.number, row.action) for row in rows] == [(1, "attest"), (1, "take-back"), (2, "attest")]
    assert all("drug" not in row.content_sealed for row in rows)
    trail = EncounterRecords(kept.store, "clinic", "Encounter/e1").trail()
    assert [each.entry.kind for each in trail] == ["attest", "take-back", "attest"]
