"""What each end of a bar rests on: the chart, a device or a linked record, a person's word, or arithmetic."""

from enum import Enum

from plugin.domain import Administration, Tier


class Edge(Enum):
    """The kinds of ends, each drawn in a way of its own."""

    CHARTED = "charted"
    PAIRED = "device or linked record"
    RUNNING = "last seen running"
    ATTESTED = "attested, not charted"
    COMPUTED = "computed"


def edges_of(administration: Administration, tier: int) -> tuple[Edge, Edge]:
    """The start's and the stop's; `tier` is that of the minutes, 0 where they were not counted."""
    start = Edge.PAIRED if administration.from_device else Edge.CHARTED
    stop = start
    if administration.stop is None:
        stop = {Tier.PAIRED: Edge.PAIRED, Tier.STILL_RUNNING: Edge.RUNNING, Tier.COMPUTED: Edge.COMPUTED}.get(
            Tier(tier) if tier else Tier.CHARTED, start
        )
    if "start" in administration.attested:
        start = Edge.ATTESTED
    if "stop" in administration.attested:
        stop = Edge.ATTESTED
    return start, stop
