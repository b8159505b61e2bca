"""The words in which charts tell of containers and waste; what is denied, doubted, spoilt or overfill is neither."""

import re

from plugin.rules.wording import Words

IN_A_MULTI_DOSE = Words(
    r"\bmulti(ple)?[- ]?(dose|use)\b(?! (regimen|series|schedule|course|protocol|therapy|treatment|plan))|\bMDV\b"
)
IN_A_SINGLE_DOSE = Words(
    r"\bsingle[- ]?(dose|use)\b|\bSDV\b|\bpre-?filled (syringe|pen)\b|\bpre-?mix(ed)?\b|\bduplex\b"
)
DENIED = Words(
    r"\b(not|never|n't|un|isn't|wasn't) ?(single|multi\w*|discarded|wasted)|\bnot yet\b"
    r"|\boverfill|\b(discarded|wasted)\s*\?"
    r"|\b(spilled|spilt|dropped|precipitat\w*|contaminat\w*|expired|remixed|remade|re-?prepared)\b"
)
NOTHING_DISCARDED = Words(
    r"\b(nothing|none|no (drug|waste|amount|remainder)) (was |were )?(discarded|wasted|left)"
    r"|\bno (drug )?(waste|wastage|discard)\b(?! (witness|document|record|chart|note|enter|info|log|code))"
    r"|\b(zero|0) ?(mg|mcg|g|units?|ml)? ?(of )?(waste|wastage|discarded|wasted)\b"
    r"|\b(waste|wastage|discarded|wasted)\s*[:=]\s*(none|nil|nothing)\b"
    r"|\b(entire|whole|full) (vials?|contents) (was |were )?(given|used)"
)
REST = r"(remainder|remaining|rest|left-?over|residual|unused|excess)( drug| amount| portion| contents| medication)?"
REST_DISCARDED = Words(
    rf"\b{REST}( (of|in) (the )?(vials?|drug|dose|bag|syringe|medication))?( was| were)? (discarded|wasted)"
    rf"|\b(discarded|wasted) (the )?{REST}\b"
)
DISCARDED_AFTER = re.compile(
    r"\s*\)?\s*(?:\([^()]*\)\s*)?(?:remaining |left-?over |left |unused |residual )?(?:(?:of|in|from) (?:the )?\w+ )?"
    r"(?:was |were |is )?(?:discarded|wasted|waste\b|wastage)",
    re.IGNORECASE,
)
DISCARDED_BEFORE = re.compile(
    r"\b(?:discarded|wasted|waste|wastage|jw)(?: amount)?(?: (?:the )?(?:other|remaining|left-?over|residual|unused))?"
    r"(?: of)?\s*[:=]?\s*(?:[\d.]+\s*(?:ml|cc)\s*\(\s*)?$",
    re.IGNORECASE,
)
NAMED = r"(?:vials?|syringes?|amp(?:u|o)?ules?|pens?|containers?|pre-?mix(?:ed)?|sdv|mdv)\b"
HOLDS = re.compile(
    r"[\s-]*(?:/\s*[\d.]+\s*ml\s*)?(?:single|multi(?:ple)?)?[- ]?(?:dose|use)?\s*"
    + NAMED
    + r"|\s+in\s+[^;,.()]*\bpre-?mix(?:ed)?\b",
    re.IGNORECASE,
)
LABELLED = re.compile(NAMED + r"\s+(?:labell?ed|of|[x\u00d7@])\s*(?:as\s+)?$", re.IGNORECASE)
NUMBERS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
TIMES = re.compile(rf"\b(?P<n>\d{{1,2}}|{'|'.join(NUMBERS)})\s*[x\u00d7]?\s*$", re.IGNORECASE)
TIMES_AFTER = re.compile(r"\s*[x\u00d7]\s*(?P<n>\d{1,2})\b", re.IGNORECASE)
SPELLED = {word: number for number, word in enumerate(NUMBERS, start=1)}
