"""Whether the biller paid for a drug (addendum R35)."""

import re

from plugin.rules.drug_lines.given import Share
from plugin.rules.visit import Visit
from plugin.rules.wording import Words, mentions, texts

KIND = "drug-source"
PURCHASED, FREE = "purchased", "no cost"
DRUG = r"(drug|medication|med|supply|stock|vial|syringe|pen|dose|product)s?"
# "Patient provided consent", "in the patient's own words" and "delivered by our pharmacy" say nothing of who paid.
SUPPLIED = Words(
    rf"\b((patient|pt)(['\u2019]s)?[- ](own|supplied|provided) (home )?{DRUG}|own (supply|medication|med)"
    r"|(patient|pt)(['\u2019]s)?[- ](own|supplied)(?=\s*([.,;:()]|$))"
    rf"|{DRUG} (was |were |is )?(supplied|provided|brought) (in )?by (the )?(patient|pt)"
    r"|brought (in )?by (the )?patient"
    r"|(brown|white)[- ]?bag(ged)?|(patient )?assistance program|free (drug|of charge)|no[- ]cost (drug|supply)"
    r"|sample (drug|pen|vial)|drug sample|study drug|trial supply|supplied (free|by the sponsor))(?!\w)"
)
OWN = r"(the |our )?(hospital|in-?patient|main|central|satellite|infusion|clinic|oncology|in-?house)\b|the pharmacy"
PERHAPS = Words(rf"\bspecialty pharmacy\b|\bdelivered by (?!{OWN})\w[^.;]{{0,30}}\bpharmacy\b")

SENTENCE = re.compile(r"[.;\n]")
# Of a sentence that denies, plans or only lists, what it names may or may not have paid for this dose.
UNSURE = Words(
    r"\b(not|non|never|no(?![- ](cost|charge))|declin\w*|denied|pending|enroll?\w*|appl(y|ied|ying|ication)"
    r"|eligib\w*|ineligible|home med\w*|reviewed|reconcil\w*)\b"
)


def is_free(share: Share, visit: Visit) -> bool:
    """Stated, or charted in as many words; a delivery by a pharmacy alone is asked about."""
    stated = visit.stated(KIND, share.about)
    return stated == FREE or (not stated and _is_supplied(share, visit))


def is_doubtful(share: Share, visit: Visit) -> bool:
    """The chart hints that somebody else may have paid, and nobody has said."""
    return (
        not visit.stated(KIND, share.about)
        and not is_free(share, visit)
        and (visit.says(PERHAPS, share.service) or visit.says(SUPPLIED, share.service))
    )


def _is_supplied(share: Share, visit: Visit) -> bool:
    """Whether a sentence says so outright."""
    if not visit.says(SUPPLIED, share.service):
        return False
    sentences = (s for text in texts(share.service) for s in SENTENCE.split(text))
    return any(mentions(SUPPLIED, s) and not mentions(UNSURE, s) for s in sentences)
