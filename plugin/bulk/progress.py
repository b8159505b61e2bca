"""What a long run tells of how far it has come."""

from collections.abc import Callable

READING, PARTING, AUDITING = "reading", "parting", "auditing"
"""The stages of an audit; of the last the encounters are told, of the others the hundredths."""
Report = Callable[[str, int, int], object]
"""Told (stage, how much of it is done, how much there is) now and then."""


def untold(stage: str, done: int, total: int) -> None:
    """For runs that nobody watches."""
