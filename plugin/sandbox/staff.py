"""The people who can be logged in; made up, and there in every sandbox."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

SYSTEM = "urn:sandbox-ehr:staff"


@dataclass(frozen=True, slots=True)
class StaffMember:
    """One person: Practitioner id, name, and what they do."""

    id: str
    given: str
    family: str
    job: str

    @property
    def name(self) -> str:
        """The name as people say it."""
        return f"{self.given} {self.family}"

    @property
    def label(self) -> str:
        """Name and job, for a list to choose from."""
        return f"{self.name} ({self.job})"

    def resource(self) -> dict[str, Any]:
        """The Practitioner resource."""
        return {
            "resourceType": "Practitioner",
            "id": self.id,
            "identifier": [{"system": SYSTEM, "value": self.id}],
            "active": True,
            "name": [{"family": self.family, "given": [self.given], "text": self.name}],
            "qualification": [{"code": {"text": self.job}}],
        }


STAFF = (
    StaffMember("sandbox-clinician", "Nora", "Nightshift", "infusion nurse"),
    StaffMember("sandbox-coder", "Cody", "Ledger", "coder"),
    StaffMember("sandbox-lead", "Lea", "Overton", "coding lead"),
    StaffMember("sandbox-admin", "Ada", "Rackham", "administrator of apps"),
)


def staff_choices() -> list[tuple[str, str]]:
    """Practitioner id and label of everybody who can log in."""
    return [(person.id, person.label) for person in STAFF]


def name_of(user: str) -> str:
    """The name behind a Practitioner id; the id itself for somebody who isn't staff."""
    return next((person.name for person in STAFF if person.id == user), user)
