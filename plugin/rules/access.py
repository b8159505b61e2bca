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
from plugin.timeline.sites import as_one

NECESSITY = Words(
    r"(?<!no )(?<!no known )\bincompatib|"
    r"\bnot\b((?!\b(need|requir|necess|indicat))[^.;,:]){0,20}\bcompatible\b|dual[- ]access|"
    r"\b(second|separate|additional|another|2nd)\b((?!\b(same|bag|dose|bolus|infusion)\b).){0,20}"
    r"\b(p?iv|line|site|access|catheter)\b.{0,40}\b(need|requir|because|protocol|necess|order|must)"
)
DENIED = Words(
    r"\b(no|none|without|denies|negative for|ruled out)\b[^.;]{0,25}\bincompatib|"
    r"\bnot( found| known| considered| deemed)?( to be)? incompatib|"
    r"\bincompatib[^.;]{0,25}\b(ruled out|absent|denied|not (found|identified|noted|seen|present|suspected))\b|"
    r"\bincompatib[^.;]{0,25}\W{1,3}(none|nil|negative|n/a|no(?=\W*($|[.;,]))|not (found|identified|noted))\b|"
    r"(\b(no|without|not|never)|n't)\b[^.;,]{0,12}\b(need|requir|necess|indicat|use)[^.;]{0,20}"
    r"\b(second|separate|additional|another|2nd|dual)\b|"
    r"\b(no|without)\b[^.;,]{0,10}\b(second|separate|additional|another|2nd|dual)\b|"
    r"\b(second|separate|additional|another|2nd|dual)\b[^.;]{0,40}"
    r"(\bunnecess|(\b(not|no|never)\b|n't)[^.;]{0,15}\b(need|requir|necess|indicat|order|warrant))"
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
    Two spellings of one catheter are one site; services without a site belong to the first tree.
    """
    served = list(services)
    charted = {service.access_site for service, _ in served if service.access_site}
    if len(charted) < SEVERAL or not necessity_of_two_sites(visit):
        return [served] if served else []
    sites = as_one(charted)
    if len(set(sites.values())) < SEVERAL:
        return [served]
    first = choose_initial(served, visit)
    if first is None or not first[0].access_site:
        first = choose_initial([counted for counted in served if counted[0].access_site], visit)
    first_site = sites[first[0].access_site] if first else min(sites.values())
    by_site: dict[str, Tree] = defaultdict(list)
    for counted in served:
        by_site[sites.get(counted[0].access_site, first_site)].append(counted)
    trees = sorted(by_site.items(), key=lambda item: (item[0] != first_site, item[1][0][0].start, item[1][0][0].id))
    return [tree for _, tree in trees]


@rule(
    "MISSING-SITE",
    title="Two sites were needed and one service has none charted: which it ran through is asked",
    cites=("ncci-11-b2", "decided-defaults"),
    in_force=since("2006-01-01"),
    when=(NECESSITY,),
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
