"""Access sites: one tree of services each, and one initial service in each tree."""

import re
from collections import defaultdict
from collections.abc import Iterable

from plugin.rules.initial_choice import choose_initial
from plugin.rules.placement import Counted, Tree
from plugin.rules.visit import Visit

NECESSITY = re.compile(
    r"incompatib|\bnot\b.{0,20}\bcompatib|dual[- ]access|"
    r"\b(second|separate|additional|another|2nd)\b.{0,20}\b(p?iv|line|site|access|catheter)\b",
    re.IGNORECASE,
)
FOR_THE_RATE_ONLY = re.compile(r"^(?!.*compatib).*\b(flow|rate|faster|speed)\b", re.IGNORECASE | re.DOTALL)


def necessity_of_two_sites(visit: Visit) -> bool:
    """Whether a note or a reason says why two sites were needed; a rate that one line could not carry is none."""
    said = [
        text
        for service, _ in visit.counted
        for a in service.administrations
        for text in (*a.notes, *(term.text for term in a.reasons))
    ]
    return any(NECESSITY.search(text) and not FOR_THE_RATE_ONLY.search(text) for text in said)


def access_trees(services: Iterable[Counted], visit: Visit) -> list[Tree]:
    """The services of each access site, the one with the encounter's initial service first.

    One tree unless two sites are documented and so is their necessity (NCCI policy manual ch. XI B.2, addendum D11).
    Services without a site belong to the first tree.
    """
    served = list(services)
    sites = {service.access_site for service, _ in served if service.access_site}
    if len(sites) < 2 or not necessity_of_two_sites(visit):
        return [served] if served else []
    first = choose_initial(served, visit)
    first_site = first[0].access_site if first else ""
    by_site: dict[str, Tree] = defaultdict(list)
    for counted in served:
        by_site[counted[0].access_site or first_site].append(counted)
    return sorted(
        by_site.values(),
        key=lambda tree: (tree[0][0].access_site != first_site, tree[0][0].start, tree[0][0].id),
    )
