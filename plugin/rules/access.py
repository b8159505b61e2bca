"""Access sites: one tree of services each, and one initial service in each tree."""

import re
from collections import defaultdict
from collections.abc import Iterable

from plugin.domain import Ask, Fact, Technique
from plugin.domain.outcome import Answer
from plugin.rules.answers import with_site
from plugin.rules.base import Said, rule, since
from plugin.rules.initial_choice import choose_initial
from plugin.rules.placement import Counted, Tree, in_a_vein, is_timed
from plugin.rules.visit import Visit
from plugin.rules.wording import Words, mentions

NECESSITY = Words(
    r"(?<!no )(?<!no known )\bincompatib|\bnot\b.{0,20}\bcompatib|dual[- ]access|"
    r"\b(second|separate|additional|another|2nd)\b.{0,20}\b(p?iv|line|site|access|catheter)\b.{0,40}"
    r"\b(need|requir|because|protocol|necess|order|must)"
)
DENIED = Words(
    r"\b(no|none|without|denies|negative for|ruled out)\b[^.;]{0,25}\bincompatib|"
    r"\bincompatib\w*\W{1,3}(none|no|negative|not)\b"
)
MOVED = Words(r"\b(infiltrat|restart|re-?sit(ed|ing)|dislodg|replaced|moved)")
SEVERAL = 2
FOR_THE_RATE_ONLY = Words(r"^(?!.*compatib).*\b(flow|rate|faster|speed)\b", re.IGNORECASE | re.DOTALL)
NO_NECESSITY = (FOR_THE_RATE_ONLY, DENIED, MOVED)


def necessity_of_two_sites(visit: Visit) -> bool:
    """Whether a note or a reason says why two sites were needed; a rate, a moved line or a denial is none."""
    if NECESSITY not in visit.words:
        return False
    said = [
        text
        for service, _ in visit.counted
        for a in service.administrations
        for text in (*a.notes, *(term.text for term in a.reasons))
    ]
    return any(mentions(NECESSITY, text) and not any(mentions(n, text) for n in NO_NECESSITY) for text in said)


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
    if first is None or not first[0].access_site:
        first = choose_initial([counted for counted in served if counted[0].access_site], visit)
    first_site = first[0].access_site if first else min(sites)
    by_site: dict[str, Tree] = defaultdict(list)
    for counted in served:
        by_site[counted[0].access_site or first_site].append(counted)
    return sorted(
        by_site.values(),
        key=lambda tree: (tree[0][0].access_site != first_site, tree[0][0].start, tree[0][0].id),
    )


@rule(
    "MISSING-SITE",
    title="Two sites were needed and one service has none charted: which it ran through is asked",
    cites=("ncci-11-b2", "decided-defaults"),
    in_force=since("2006-01-01"),
    when=lambda visit: NECESSITY in visit.words,
)
def missing_site(visit: Visit) -> list[Said]:
    """Never taken for a second site by itself (dossier R5, R22c)."""
    infusions = [s for s, c in visit.counted if in_a_vein(s) and s.technique is Technique.INFUSION and is_timed(s)]
    bare = [s for s in infusions if not s.access_site]
    if not bare or len(infusions) < SEVERAL or not necessity_of_two_sites(visit):
        return []
    words = "Two access sites were needed. Which did {} run through?"
    other = "a site of its own"
    return [
        Ask("missing-site", s.ids, (), Fact(words, (s.drug.text,), s.ids), (Answer(other, with_site(s, other)),))
        for s in bare
    ]
