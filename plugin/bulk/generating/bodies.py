"""How heavy and how large a patient is, so that a dose for each kilogram or square meter is a whole number of units."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from random import Random
from typing import NamedTuple

HEAVIER, LARGER = Decimal(15), Decimal("0.2")
HALF_KILO, HUNDREDTH, TENTH = Decimal("0.5"), Decimal("0.01"), Decimal("0.1")


class Body(NamedTuple):
    """Height in cm, weight in kg, body surface in m2 by Mosteller."""

    height: Decimal
    weight: Decimal
    surface: Decimal


def mosteller(height: Decimal, weight: Decimal) -> Decimal:
    """The surface in m2, to the hundredth: the root of height in cm by weight in kg over 3600."""
    return (height * weight / 3600).sqrt().quantize(HUNDREDTH)


def draw_body(random: Random) -> Body:
    """A grown person."""
    height, weight = Decimal(random.randint(150, 192)), Decimal(random.randint(96, 230)) / 2
    return Body(height, weight, mosteller(height, weight))


def fitted(body: Body, per: str, whole: Callable[[Decimal], bool]) -> Body | None:
    """The body with the nearest weight (per "kg") or surface (per "m2") for which all doses are whole; None if none."""
    if per == "kg":
        weight = _nearest(body.weight, HALF_KILO, HEAVIER, whole)
        return Body(body.height, weight, mosteller(body.height, weight)) if weight else None
    surface = _nearest(body.surface, HUNDREDTH, LARGER, whole)
    if surface is None:
        return None
    weight = (surface * surface * 3600 / body.height).quantize(TENTH)
    made = Body(body.height, weight, mosteller(body.height, weight))
    return made if made.surface == surface else None


def _nearest(around: Decimal, step: Decimal, furthest: Decimal, whole: Callable[[Decimal], bool]) -> Decimal | None:
    steps: Sequence[int] = range(int(furthest / step) + 1)
    return next((value for n in steps for value in (around + n * step, around - n * step) if whole(value)), None)
