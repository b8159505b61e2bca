"""Add-on codes that stand without a code they can be added to."""

from collections.abc import Iterator

from plugin.domain import Fact
from plugin.rules.base import since
from plugin.rules.scrub.base import Found, edit, hard_if
from plugin.rules.scrub.claim import Claim


@edit(
    "ADD-ON-WITHOUT-PARENT",
    title="An add-on code stands without a code that it can be added to",
    cites=("decided-scrubbing",),
    in_force=since("2006-01-01"),
)
def add_on_without_parent(claim: Claim) -> Iterator[Found]:
    """The parent may stand on another day of the encounter: a stay over midnight is one tree (dossier R7, R12).

    It warns where the contractor may name further parents, and where another initial service stands there while the
    parents are our own rows: until the site imports its file, that one might do (dossier R2).
    """
    for line in claim.lines:
        known = claim.book.claims.add_on(line.code, line.day)
        if known is None or claim.codes.intersection(known.parents):
            continue
        parents = ", ".join(known.parents) or "the contractor's own list"
        yield Found(
            (line,),
            Fact("{} is added to one of {}, and none of them is charged", (line.code, parents)),
            Fact("charge the service it belongs to, or take {} off", (line.code,)),
            hard_if(not known.open_ended and (known.of_file or not claim.initials())),
            known.rows,
        )
