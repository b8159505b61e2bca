"""TB and JG: drugs bought under the 340B programme."""

from collections.abc import Iterator

from plugin.domain import Fact
from plugin.rules.base import since
from plugin.rules.scrub.base import Found, edit, shown
from plugin.rules.scrub.claim import DRUG, Claim, by_code

DISCOUNT = "discount"


@edit(
    "DISCOUNT-CONTRADICTORY",
    title="The lines of one drug tell different things about its 340B price",
    cites=("tb-only-2025",),
    in_force=since("2018-01-01"),
)
def discount_contradictory(claim: Claim) -> Iterator[Found]:
    """The modifier goes on the line of what was given and on that of the waste alike (dossier R32d, addendum A5)."""
    for lines in claim.by_day.values():
        for code, of_code in by_code(claim.of_kind(DRUG, lines)).items():
            told = {tuple(m for m in line.modifiers if claim.says(m) == DISCOUNT) for line in of_code}
            if len(told) > 1 or any(len(each) > 1 for each in told):
                names = ", ".join(map(shown, of_code))
                text = Fact("{}: the lines of {} do not agree on its price", (names, code))
                yield Found(tuple(of_code), text, Fact("mark every line of the drug alike, with one modifier"))
