"""Access sites: the catheter, not the lumen (NCCI policy manual ch. XI; lumens of one catheter are one site)."""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

# Sizes, lengths, dates and clock times: they belong to the catheter or to the charting, and name no vein.
MEASURES = re.compile(
    r"\b(1[4-9]|2[0-6])[ -]?(g|ga|gauge)\b|\b(g|ga|gauge)[ -]?(1[4-9]|2[0-6])\b|#?\b(1[4-9]|2[0-6])\b(?![:/.])|"
    r"\b\d+([./]\d+)?[ -]?(in|inch|inches|cm|mm|fr|french)\b|\b\d+[/:]\d+(/\d+)?\b"
)
SAME = (
    (re.compile(r"\b(port ?a ?cath(eter)?|porta ?cath|(medi|power|infus[ae]|smart) ?port)\b"), "port"),
    (re.compile(r"\b(ports|implant(ed|able) port|port [ab])\b"), "port"),
    (re.compile(r"\b(red|blue|white|purple|brown|gr[ea]y|yellow|proximal|distal|medial|side|injection|y) port\b"), " "),
    (re.compile(r"\b(left|lt|lft)\b"), "l"),
    (re.compile(r"\b(right|rt|rgt)\b"), "r"),
    (re.compile(r"\bfirst\b|\b1st\b"), "1"),
    (re.compile(r"\bsecond\b|\b2nd\b"), "2"),
    (re.compile(r"\bperipherally inserted central( venous)?( catheter| line)?\b"), "picc"),
    (re.compile(r"\bmid line\b"), "midline"),
    (re.compile(r"\b(tunnel+ed )?central( venous)?( catheter| line| access)?\b|\b(cvc|cvl|cvad)\b"), "central"),
    (re.compile(r"\b(hickman|broviac|groshong|cordis|perm ?cath|vas ?cath)\b"), "tlc"),
    (re.compile(r"\b(peripheral( (iv|intravenous))?( catheter| line)?|pivc?)\b"), "piv"),
    (re.compile(r"\bante ?cub(ital)?( fossa| space)?\b|\bcubital fossa\b"), "ac"),
    (re.compile(r"\bexternal jugular\b"), "ej"),
    (re.compile(r"\b(internal )?jugular\b"), "ij"),
    (re.compile(r"\bsubclavian\b"), "scl"),
    (re.compile(r"\b(femoral|groin)\b"), "fem"),
    (re.compile(r"\bfore ?arm\b"), "fa"),
    (re.compile(r"\b(upper arm|biceps?)\b"), "ua"),
    (re.compile(r"\bupper extremity\b|\b(cephalic|basilic|brachial)\b"), "arm"),
    (re.compile(r"\blower extremity\b"), "leg"),
    (re.compile(r"\b(metacarpal|thumb|finger)\b"), "hand"),
    (re.compile(r"\bpedal\b"), "foot"),
    (re.compile(r"\bchest wall\b"), "chest"),
    (re.compile(r"\b([lr])sc\b"), r"\1 scl"),
    (re.compile(r"\b([lr])ue\b"), r"\1 arm"),
    (re.compile(r"\b([lr])le\b"), r"\1 leg"),
    (re.compile(r"\b([lr])(ac|fa|ua|ij|ej|hand|arm)\b"), r"\1 \2"),
)
# Words that name a lumen, a clamp colour or the act of writing, never a vein.
LUMEN = re.compile(
    r"\b(lumens?( #?\d+| [a-c]\b)?|chambers?( #?\d+)?|proximal|distal|medial|lateral|"
    r"red|blue|white|purple|brown|grey|gray|yellow|green|double|dual|triple|quad|single|structure|access|"
    r"iv|intravenous|catheter|cath|line|site|vein|venous|placed|existing|current|new|patent|in|of|the|via|to)\b"
)
KINDS = ("picc", "midline", "tlc", "port", "central", "piv")
# A kind charted in general words: whoever writes "central line" may mean any of these.
GENERAL = {"central": frozenset({"picc", "port", "tlc"}), "piv": frozenset({"midline"})}
SHORT = frozenset({"fa", "wrist", "hand", "foot", "ankle"})
TRUNK = frozenset({"chest", "ij", "scl", "neck"})
ARM = frozenset({"arm", "ua", "ac", "fa", "wrist", "hand"})
WITHIN = {
    "arm": ARM,
    "leg": frozenset({"leg", "foot", "ankle", "fem"}),
    "chest": TRUNK - {"neck"},
    "neck": frozenset({"neck", "ij", "ej"}),
}
PLACES = ARM | TRUNK | WITHIN["leg"] | WITHIN["neck"]
# Where a catheter charted by its kind alone never lies.
NEVER = {
    "picc": SHORT | TRUNK | {"ac", "leg"},
    "midline": SHORT | TRUNK | {"leg"},
    "central": SHORT | {"ac"},
    "tlc": SHORT | {"ac"},
    "port": ARM | SHORT | {"leg"},
    "piv": TRUNK,
}
NUMBERS = frozenset("123456789")
HEIGHTS = frozenset({"upper", "lower"})
APART = frozenset({"another", "other", "own"})


class Described(NamedTuple):
    """What a charted site says of its catheter; what it leaves out is empty."""

    side: str
    places: frozenset[str]
    kind: str
    others: frozenset[str]


@lru_cache(maxsize=4096)
def catheter(site: str) -> str:
    """The catheter a charted site names, in one spelling; empty when nothing is charted."""
    side, places, kind, others = _described(site)
    shown = "" if kind == "piv" and places and places <= SHORT else kind
    return " ".join(filter(None, (side, *sorted(places), shown, *sorted(others))))


@lru_cache(maxsize=4096)
def _described(site: str) -> Described:
    name = re.sub(r"[^a-z0-9 ]+", " ", MEASURES.sub(" ", site.lower()))
    name = " ".join(name.split())
    for pattern, word in SAME:
        name = pattern.sub(word, name)
    words = frozenset(LUMEN.sub(" ", name).split())
    sides, places = words & {"l", "r"}, words & PLACES
    kind = next((k for k in KINDS if k in words), "")
    specific = frozenset(p for p in places if not (WITHIN.get(p, frozenset()) & places) - {p})
    return Described("".join(sides) if len(sides) == 1 else "", specific, kind, words - places - {"l", "r", *KINDS})


def can_be_one(one: str, other: str) -> bool:
    """Whether two descriptions can be of the same catheter: neither side, place, kind nor number contradicts."""
    a, b = _described(one), _described(other)
    if a.side and b.side and a.side != b.side:
        return False
    if a.others & APART != b.others & APART or any(_differ(a.others & m, b.others & m) for m in (NUMBERS, HEIGHTS)):
        return False
    of_two_kinds = bool(a.kind and b.kind and a.kind != b.kind)
    if of_two_kinds and a.kind not in GENERAL.get(b.kind, ()) and b.kind not in GENERAL.get(a.kind, ()):
        return False
    here, there = _where(a), _where(b)
    if here and there:
        return bool(here & there or (not of_two_kinds and (_widened(here) & there or _widened(there) & here)))
    return not (there & NEVER.get(a.kind, frozenset()) if there else here & NEVER.get(b.kind, frozenset()))


def _differ(one: frozenset[str], other: frozenset[str]) -> bool:
    return bool(one and other and not one & other)


def _where(described: Described) -> frozenset[str]:
    """The place; where none is known by name, the words that may name one."""
    if described.places or described.kind not in ("", "piv"):
        return described.places
    return described.others - NUMBERS - HEIGHTS


def _widened(places: frozenset[str]) -> frozenset[str]:
    return places.union(*(WITHIN.get(p, frozenset()) for p in places))


def as_one(sites: Iterable[str]) -> dict[str, str]:
    """For each site the one it is taken for: the fullest description among those that can be the same catheter.

    In doubt two descriptions are one site, for a second site has to be documented.
    """
    groups: list[list[str]] = []
    for site in sorted(sites, key=lambda s: (-_fullness(s), s)):
        mine = next((group for group in groups if all(can_be_one(site, each) for each in group)), None)
        if mine is None:
            groups.append([site])
        else:
            mine.append(site)
    return {site: group[0] for group in groups for site in group}


def _fullness(site: str) -> int:
    described = _described(site)
    return bool(described.side) + bool(_where(described)) + bool(described.kind)
