"""Where a rule or a table row comes from."""

from dataclasses import dataclass
from datetime import date
from enum import Enum


class Standing(Enum):
    """How far the source was read.

    `SOURCED`: the page or file was read; `COPY`: a republished copy was read; `DERIVED`: logic applied to a sourced
    rule; `PRACTICE`: common coder practice, no document read; `UNSOURCED`: to be verified; `DECIDED`: this product's
    own default where the sources leave it open.
    """

    SOURCED = "sourced"
    COPY = "copy"
    DERIVED = "derived"
    PRACTICE = "practice"
    UNSOURCED = "unsourced"
    DECIDED = "decided"


@dataclass(frozen=True, slots=True)
class Citation:
    """One source: `locator` is an address or a paragraph, `checked_on` the day somebody last looked."""

    id: str
    title: str
    locator: str
    standing: Standing
    checked_on: date
