"""JW and JZ: what became of the rest of a single-dose container."""

import re
from collections.abc import Iterator

from plugin.domain import ClaimLine, Fact
from plugin.rules.base import since
from plugin.rules.scrub.base import Found, edit, hard_if, shown
from plugin.rules.scrub.claim import DRUG, FLUIDS, Claim, by_code

JW, JZ = "JW", "JZ"
SINGLE, MULTI = "single", "multi"
# A new drug without a code of its own has no waste line (dossier R32a); blood, fluids and flushes are none of these.
NO_WASTE_LINE = re.compile(r"C9399|P\d{4}|" + FLUIDS.pattern)


@edit(
    "WASTE-CONTRADICTORY",
    title="JW and JZ contradict each other, or waste is charged of a drug that was not given",
    cites=("noridian-jw-jz", "noridian-jz-under-one-unit"),
    in_force=since("2017-01-01"),
)
def waste_contradictory(claim: Claim) -> Iterator[Found]:
    """JZ says that nothing was discarded, JW what was; what was given is a line without JW (dossier R32a, A4)."""
    for lines in claim.by_day.values():
        for code, of_code in by_code(claim.of_kind(DRUG, lines)).items():
            wasted = [line for line in of_code if JW in line.modifiers]
            if not wasted:
                continue
            given = [line for line in of_code if JW not in line.modifiers]
            whole = [line for line in of_code if JZ in line.modifiers]
            if whole:
                text = Fact("{} has JW for waste and JZ for none", (code,))
                both = tuple(dict.fromkeys([*wasted, *whole]))
                yield Found(both, text, Fact("keep JW and the line without JZ, or JZ alone, by what was discarded"))
            elif not given:
                text = Fact("{} is charged as waste alone", (code,))
                yield Found(tuple(wasted), text, Fact("add the line of what was given, or take the waste off"))


@edit(
    "WASTE-MISSING",
    title="A drug line says neither what was discarded (JW) nor that nothing was (JZ)",
    cites=("noridian-jw-jz", "first-coast-jw-jz"),
    in_force=since("2023-07-01"),
)
def waste_missing(claim: Claim) -> Iterator[Found]:
    """Required of single-dose containers that are paid by themselves (dossier R32a, A4).

    Hard only where a source for the container was read and the site's file of prices has the drug.
    """
    for day, lines in claim.by_day.items():
        for code, of_code in by_code(claim.of_kind(DRUG, lines)).items():
            rows = [row for row in claim.book.rows_of_drug_code(code) if row.holds(day)]
            if NO_WASTE_LINE.fullmatch(code) or _told(of_code) or any(row.container == MULTI for row in rows):
                continue
            text = Fact("{} has neither JW nor JZ", (", ".join(dict.fromkeys(map(shown, of_code))),))
            mend = Fact("from a single-dose container: JZ where nothing was discarded, else a line with JW")
            read = tuple(row.container_row for row in rows if row.container == SINGLE and row.container_row)
            known = any(map(claim.book.claims.verified, read)) and claim.book.claims.priced(code, day)
            yield Found(tuple(of_code), text, mend, hard_if(known), read)


def _told(lines: list[ClaimLine]) -> bool:
    return any(JW in line.modifiers or JZ in line.modifiers for line in lines)
