"""`coverage.toml` says of every rule of the dossier what this rulebook does with it."""

from plugin.codebook.tables import read_toml
from plugin.rules import BY_ID
from plugin.rules.scrub import EDITS_BY_ID

COVERAGE = read_toml("coverage.toml")
STATES = {"complete", "partial", "outside", "later"}


def test_every_rule_of_the_dossier_is_there() -> None:
    """R1 to R57, none left out."""
    assert [f"R{number}" for number in range(1, 58)] == list(COVERAGE)


def test_every_state_is_known_and_every_gap_has_its_reason() -> None:
    """Partial says what is missing; complete and partial name their rules, or the edits of the scrubber."""
    for name, entry in COVERAGE.items():
        assert entry["status"] in STATES, name
        if entry["status"] == "partial":
            assert entry["note"], name
        if entry["status"] in ("complete", "partial"):
            assert entry.get("rules") or entry["edits"], name


def test_every_rule_named_exists_and_none_is_forgotten() -> None:
    """The coverage and the rulebook name the same rules, but for two that come from the design, not the dossier."""
    named = {rule for entry in COVERAGE.values() for rule in entry.get("rules", [])}

    assert set() == named - set(BY_ID)
    assert {edit for entry in COVERAGE.values() for edit in entry.get("edits", [])} <= set(EDITS_BY_ID)
    assert {"UNKNOWN-DRUG-CLASS", "ASSUMED-ZONE"} == set(BY_ID) - named
