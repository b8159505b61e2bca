"""In which lane of the timeline an administration stands: its access site, or the reason why it has none."""

from plugin.domain import Administration, Ask, CodedEncounter, Decline, Route, Status, Technique

NOT_GIVEN = frozenset({Status.NOT_DONE, Status.ENTERED_IN_ERROR, Status.ON_HOLD})
INJECTED = frozenset({Route.INTRAMUSCULAR, Route.SUBCUTANEOUS, Route.INTRADERMAL})
UNKNOWN_SITE = "Access site not charted"
INJECTIONS = "Injections"
NOT_COUNTED = "Does not count"
LANE_RANKS = ("site", "unknown site", "injections", "not counted")


def lane_of(administration: Administration, coded: CodedEncounter) -> tuple[int, str]:
    """Rank and name of the lane an administration is drawn in."""
    if administration.status in NOT_GIVEN or not _considered(administration.id, coded):
        return 3, NOT_COUNTED
    if administration.route in INJECTED or administration.technique is Technique.INJECTION:
        return 2, INJECTIONS
    site = " ".join(administration.site.split())
    return (0, site[:1].upper() + site[1:]) if site else (1, UNKNOWN_SITE)


def _considered(id_: str, coded: CodedEncounter) -> bool:
    """Whether any outcome thought of a code for it, or asks about it."""
    if any(id_ in charge.administrations for charge in coded.charges):
        return True
    return any(
        id_ in ruling.outcome.administrations and (isinstance(ruling.outcome, Ask) or ruling.outcome.code is not None)
        for ruling in coded.rulings
        if isinstance(ruling.outcome, Decline | Ask)
    )
