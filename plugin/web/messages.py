"""What the last action came to: said in the address of the page it leads back to, and shown where the person is."""

import re
from dataclasses import dataclass

from flask import request

from plugin.web.views.times import counted

# What an action came to: (what, words, tone).
OUTCOMES = {
    "sent": ("charge", "sent to the EHR", "good"),
    "already": ("charge", "in the EHR already", "good"),
    "dismissed": ("charge", "dismissed; nothing was sent", "good"),
    "unbillable": ("charge", "dismissed and marked as not billable in the EHR", "good"),
    "undone": ("decision", "taken back", "good"),
    "local": ("charge", "recorded", "good"),
    "waiting": ("charge", "recorded; somebody else has to accept it before it is sent", "ask"),
    "shadow": ("charge", "recorded; writing is off, so nothing was sent", "good"),
    "altered": ("charge", "stored differently by the EHR: compare them below", "ask"),
    "unknown": ("charge", "sent, but whether it arrived is unknown: check in the EHR", "ask"),
    "busy": ("charge", "recorded, but not sent yet: somebody else is writing, so choose Send again", "ask"),
    "conflict": ("charge", "not sent, because the charge stands differently in the EHR", "bad"),
    "refused": ("charge", "refused by the EHR", "bad"),
    "attested": ("answer", "attested; the late entry to chart stands below", "good"),
    "asked": ("question", "sent; the reply will stand beside it", "good"),
    "open": ("question", "already waiting for a reply", "info"),
    "withdrawn": ("attestation", "taken back", "good"),
}
TOP = ""
_SAID = re.compile(r"([a-z]{2,10})-([0-9]{1,4})")


@dataclass(frozen=True, slots=True)
class Message:
    """A sentence about what was done; `tone` is good, info, ask or bad, `at` the part of the page it stands in."""

    text: str
    tone: str
    at: str = TOP


def message_from_address() -> Message | None:
    """What the last decision came to, from the counts in the address; anything else there says nothing."""
    counts = [(name, int(number)) for name, number in _SAID.findall(request.args.get("said", "")) if name in OUTCOMES]
    if not counts:
        return None
    tones = [OUTCOMES[name][2] for name, _ in counts]
    worst = next(tone for tone in ("bad", "ask", "info", "good") if tone in tones)
    words = "; ".join(f"{counted(count, OUTCOMES[name][0])} {OUTCOMES[name][1]}" for name, count in counts)
    return Message(f"{words}.", worst, request.args.get("at", TOP))
