"""What somebody wants generated."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wish:
    """What to generate: encounters, the seed, shares of under- and over-coded ones, and how charges are written.

    `drugs`: the drugs themselves are charted with their waste and charged, and miscoded in the same shares.
    `utc`: servers that write times in UTC do so here, and the visits' zone has to be told to whoever reads them.
    """

    encounters: int
    seed: int = 1
    under: float = 0.06
    over: float = 0.06
    charges: str = "chargeitem"
    zone: str = "America/Chicago"
    zipped: bool = False
    lines_per_file: int = 100_000
    drugs: bool = False
    utc: bool = False
