"""Minutes that were weighed for a code and did not earn it."""

from plugin.domain import Fact, Notice, Technique
from plugin.rules.base import Kind, Said, looking_at, rule, since
from plugin.rules.placement import Placed
from plugin.rules.saying import decline
from plugin.rules.visit import Visit


@rule(
    "NOT-EARNED",
    title="Too short, too soon, or spent beside something else: considered, and declined with the reason",
    cites=("decided-carving", "decided-repeat-push", "noridian-hydration"),
    in_force=since("2006-01-01"),
    looks_at=looking_at(Kind.NOT_EARNED),
)
def not_earned(placed: Placed, visit: Visit) -> list[Said]:
    """The placing says why; this says which code it would have been."""
    how = placed.service.technique or Technique.INFUSION
    code = visit.book.code_anywhere(placed.category, placed.considered, how)
    why = placed.why or Fact("it does not reach what the code asks")
    said: list[Said] = [*decline(code, placed.kept, why)]
    return [*said, Notice("manual-unlisted", placed.service.ids, why)] if placed.by_hand else said
