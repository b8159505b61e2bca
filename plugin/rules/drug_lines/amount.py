"""How much of a drug a service gave, in the unit of its code (dossier R32): exact, or a question."""

import re
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from plugin.codebook import CodeBookError
from plugin.codebook.drug_rows import DrugCode
from plugin.codebook.units import Measure, UnitTable
from plugin.domain import Fact, Quantity, Rate, Status, about_body
from plugin.rules.drug_lines.given import Share
from plugin.rules.visit import Visit

DOSE, WEIGHT = "dose-unit", "patient-weight"
EACH = "{each}"  # as an EHR counts what it doesn't name
CONTAINERS = frozenset(["{vial}", "{syringe}", "{bag}", "{ampul}"])
COUNTED = frozenset(["{dose}", "{product}", EACH, *CONTAINERS])
WHOLE = frozenset(["{dose}", "{product}"])  # codes that count doses or products, whatever they hold
PRODUCT = "{unit}"  # of blood: what an EHR calls a unit too
BODY = ("kg", "m2")
PER_VOLUME = re.compile(
    r"\s*/\s*(?P<value>\d[\d.]*)?\s*(?:ml|cc|l)\b|\s+in\s+[^;,]*?(?P<bag>\d[\d,.]*)\s*(?:ml|cc)\b", re.IGNORECASE
)


REMEMBERED = 8192
NOTHING = Fraction(0)
Dose = tuple[Quantity, tuple[str, ...]]  # with the administrations it was charted on


class Amount(NamedTuple):
    """So much of the code's unit, and the facts it follows from."""

    value: Fraction
    facts: tuple[Fact, ...]


class Unclear(NamedTuple):
    """Why the amount isn't known: the query's kind, the question, and doses it may have been, as one writes them.

    `about` is what an answer would be stated about, empty where that is the share itself.
    """

    kind: str
    question: Fact
    doses: tuple[str, ...] = ()
    about: str = ""


class Concentration(NamedTuple):
    """So much of one kind of unit in each of another."""

    unit: str
    per: str
    value: Fraction


def plain(value: Fraction | Decimal) -> str:
    """An exact number as one writes it; one without an end is cut at six places."""
    if isinstance(value, Decimal):
        text = f"{value:f}"
    elif value.denominator == 1:
        return str(value.numerator)
    else:
        text = f"{float(value):.6f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


@lru_cache(maxsize=REMEMBERED)
def exact(value: Decimal) -> Fraction:
    """A charted number; the same doses and sizes come again and again."""
    return Fraction(value)


def added(amounts: Sequence[Fraction]) -> Fraction:
    """Their sum, of one the amount itself."""
    return amounts[0] if len(amounts) == 1 else sum(amounts, NOTHING)


def amount_of(share: Share, code: DrugCode, size: Fraction | None, visit: Visit) -> Amount | Unclear:
    """The amount in the kind of unit of the code; `size` is what one charted container holds, where that is known."""
    units = visit.book.book.units
    wanted = one_unit(code, units)
    doses = _doses(share, visit)
    if isinstance(doses, Unclear):
        return doses
    amounts: list[Fraction] = []
    facts: list[Fact] = []
    for dose, ids in doses:
        measured = units.measure(dose)
        found = _converted(measured, wanted.unit, share, size, visit) if measured else None
        if isinstance(found, Unclear):
            return found
        if found is None:
            return _unconverted(share, code, dose)
        amounts.append(found)
        same = measured is not None and measured.unit == wanted.unit and not measured.per
        words = "{0} {1} {2}" if same else "{0} {1} {2}, which is {3} {4}"
        name = share.charted.text or share.drug
        facts.append(Fact(words, (name, plain(dose.value), dose.unit, plain(found), wanted.unit), ids))
    return Amount(added(amounts), tuple(facts))


@lru_cache(maxsize=REMEMBERED)
def one_unit(code: DrugCode, units: UnitTable) -> Measure:
    """What one unit of a code is, in the unit of its kind; CodeBookError for a unit the book doesn't have."""
    if code.unit == PRODUCT:
        return Measure(code.amount, "{product}")
    measured = units.measure(Quantity(code.amount, code.unit))
    if measured is None:
        raise CodeBookError(f"drug_codes.csv {code.code}: {code.unit!r} is no unit of units.csv; add its row there")
    return measured


def _doses(share: Share, visit: Visit) -> list[Dose] | Unclear:
    """The doses that add up to what was given: as stated, else as charted on each administration."""
    ids = share.service.ids
    stated = visit.book.book.units.in_words(visit.stated(DOSE, share.about))
    if stated:
        return [(Quantity(stated[0].measure.value, stated[0].measure.unit), ids)]
    given = share.service.administrations
    charted: list[Dose] = [(a.dose, (a.id,)) for a in given if a.dose is not None and a.dose.value]
    if not charted:
        return Unclear(DOSE, Fact("What dose of {} was given? None is charted", (share.drug,), ids))
    if len(charted) > 1 and len({dose for dose, _ in charted}) == 1 and _may_repeat(share):
        return _once_or_each(share, charted[0][0], len(charted))
    return charted


def _may_repeat(share: Share) -> bool:
    """Rows after a pause or a change of rate often repeat the dose of the whole bag; others are bags of their own."""
    given = share.service.administrations
    paused = any(a.status is Status.STOPPED for a in given[:-1])
    return paused or len({a.rate for a in given if a.rate is not None and a.rate.amount.value}) > 1


def _once_or_each(share: Share, dose: Quantity, times: int) -> Unclear:
    """Rows of one service that all carry the same dose: each may repeat the whole, or be a part of it."""
    words = "Is {} {} of {} the dose of each of the {} rows, or of all together?"
    question = Fact(words, (plain(dose.value), dose.unit, share.drug, times), share.service.ids)
    return Unclear(DOSE, question, (f"{plain(dose.value)} {dose.unit}", f"{plain(dose.value * times)} {dose.unit}"))


def _unconverted(share: Share, code: DrugCode, dose: Quantity) -> Unclear:
    words = "How much is {} {} of {} in {}, the unit of {}?"
    values = (plain(dose.value), dose.unit or "(no unit)", share.drug, code.unit, code.code)
    guess = () if dose.unit else (f"{plain(dose.value)} {code.unit}",)
    return Unclear(DOSE, Fact(words, values, share.service.ids), guess)


def _converted(
    measured: Measure, unit: str, share: Share, size: Fraction | None, visit: Visit
) -> Fraction | Unclear | None:
    """A dose in the kind of unit wanted; None where nothing in the chart leads there."""
    value = exact(measured.value)
    for per in measured.per:
        body = visit.body(per, share.day) if per in BODY else None
        if body is None:
            return _unweighed(share, per) if per in BODY else None  # a rate is no dose
        value *= exact(body)
    if share.mixed and measured.unit not in ("mL", *COUNTED) and not visit.stated(DOSE, share.about):
        return None  # whose dose it is, the chart doesn't say
    if measured.unit == unit:
        return value
    by_strength = _by_strength(value, measured.unit, unit, share, visit)
    return by_strength if by_strength is not None else _counted(value, measured.unit, unit, size)


def _by_strength(value: Fraction, unit: str, wanted: str, share: Share, visit: Visit) -> Fraction | None:
    for known in _concentrations(share, visit.book.book.units):
        if (known.unit, known.per) == (wanted, unit):
            return value * known.value
        if (known.per, known.unit) == (wanted, unit) and known.value:
            return value / known.value
    return None


def _counted(value: Fraction, unit: str, wanted: str, size: Fraction | None) -> Fraction | None:
    """Doses or products by their number; containers by what one of them holds."""
    if wanted in WHOLE:
        return value if unit in COUNTED or unit == "U" else Fraction(1)
    if wanted in CONTAINERS:
        return value if unit == EACH else None
    return value * size if size is not None and unit in (EACH, *CONTAINERS) else None


def _unweighed(share: Share, per: str) -> Unclear:
    what, guess = ("body weight", "70 kg") if per == "kg" else ("body surface area", "1.8 m2")
    words = "What was the patient's {} on {}? The dose of {} is charted per {}"
    question = Fact(words, (what, share.day.isoformat(), share.drug, per), share.service.ids)
    return Unclear(WEIGHT, question, (guess,), about_body(per, share.day))


def _concentrations(share: Share, units: UnitTable) -> tuple[Concentration, ...]:
    """By the ingredient's strength, else by what the drug's own text says, such as `4 mg/2 mL`."""
    strength = share.ingredient.strength if share.ingredient else None
    if strength is not None:
        found = _of_strength(strength, units)
        return (found,) if found else ()
    return () if share.mixed else _in_text(share.charted.text, units)


def _of_strength(strength: Rate, units: UnitTable) -> Concentration | None:
    amount, per = units.measure(strength.amount), units.measure(strength.per)
    if amount is None or per is None or not per.value:
        return None
    return Concentration(amount.unit, per.unit, exact(amount.value) / exact(per.value))


@lru_cache(maxsize=REMEMBERED)
def _in_text(text: str, units: UnitTable) -> tuple[Concentration, ...]:
    found = []
    for written in units.in_words(text):
        after = PER_VOLUME.match(text, written.ends)
        if after is None or written.measure.unit == "mL":
            continue
        volume = (after["value"] or after["bag"] or "1").replace(",", "").rstrip(".")
        if volume.count(".") <= 1 and Fraction(volume):
            found.append(Concentration(written.measure.unit, "mL", Fraction(written.measure.value) / Fraction(volume)))
    return tuple(found) if len({c.value for c in found}) == 1 else ()
