"""What was found out about an EHR before anybody launches, in words for its administrators."""

from dataclasses import dataclass
from enum import Enum


class Standing(Enum):
    """GOOD works; LOOK is for somebody to look at; STOP keeps the app from working."""

    GOOD = "good"
    LOOK = "look"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class Finding:
    """`says` is what was found at the EHR or in the tenants file, `means` what its users will notice of it."""

    topic: str
    standing: Standing
    says: str
    means: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """Everything found about one tenant, in the order of a launch."""

    tenant: str
    name: str
    findings: tuple[Finding, ...]

    @property
    def usable(self) -> bool:
        """Does nothing stop the app from working with this EHR?"""
        return all(each.standing is not Standing.STOP for each in self.findings)
