"""Access sites: the catheter, not the lumen (NCCI policy manual ch. XI; lumens of one catheter are one site)."""

import re
from functools import lru_cache

# Words that name a lumen, a clamp colour or the act of writing, never a vein.
LUMEN = re.compile(
    r"\b(lumens?( #?\d+| [a-c]\b)?|chambers?( #?\d+)?|ports? [ab]|proximal|distal|medial|lateral|"
    r"red|blue|white|purple|brown|grey|gray|yellow|green|double|dual|triple|single|structure|access)\b"
)
SAME = (
    (re.compile(r"\b(left|lt)\b"), "l"),
    (re.compile(r"\b(right|rt)\b"), "r"),
    (re.compile(r"\b(peripheral (iv|intravenous)( catheter| line)?|piv)\b"), "iv"),
    (re.compile(r"\b(antecubital( fossa)?|ac)\b"), "ac"),
    (re.compile(r"\bupper arm\b"), "ua"),
    (re.compile(r"\b([lr])(ua|fa|ac)\b"), r"\1 \2"),
    (re.compile(r"\bforearm\b"), "fa"),
)


@lru_cache(maxsize=4096)
def catheter(site: str) -> str:
    """The catheter a charted site names, in one spelling; empty when nothing is charted."""
    name = re.sub(r"[^a-z0-9 ]+", " ", site.lower())
    for pattern, word in SAME:
        name = pattern.sub(word, name)
    return " ".join(LUMEN.sub(" ", name).split())
