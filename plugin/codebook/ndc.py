"""National Drug Codes as charts spell them.

A code has a labeler, a product and a package: ten digits as 4-4-2, 5-3-2 or 5-4-1, or eleven as 5-4-2 with a zero put
where one is missing. Charts write them with hyphens or spaces, without any, and with "NDC" before them.
"""

import re

WIDTHS = (5, 4, 2)
_SPELLED = re.compile(r"\s*(?:NDC)?\s*:?\s*([\d\s-]*\d)\s*", re.IGNORECASE)


def elevens(text: str) -> tuple[str, ...]:
    """The code as eleven digits: none when it is no code, three when ten digits without hyphens may be any of them."""
    parts = _parts(text)
    if len(parts) == len(WIDTHS):
        return _padded(parts)
    digits = "".join(parts)
    if len(digits) == 10:
        return (f"0{digits}", f"{digits[:5]}0{digits[5:]}", f"{digits[:9]}0{digits[9:]}")
    return (digits,) if len(digits) == 11 else ()


def nines(text: str) -> tuple[str, ...]:
    """Labeler and product as nine digits; of a code whose package was left out, too: 50242-137."""
    parts = _parts(text)
    if len(parts) == len(WIDTHS) - 1 and sum(map(len, parts)) >= 8:
        return _padded(parts)
    return tuple(eleven[:9] for eleven in elevens(text))


def _parts(text: str) -> list[str]:
    spelled = _SPELLED.fullmatch(text)
    return [part for part in re.split(r"[\s-]+", spelled[1]) if part] if spelled else []


def _padded(parts: list[str]) -> tuple[str, ...]:
    widths = WIDTHS[: len(parts)]
    padded = "".join(part.zfill(width) for part, width in zip(parts, widths, strict=True))
    return (padded,) if len(padded) == sum(widths) else ()
