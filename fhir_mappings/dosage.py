"""Dosage: the way something was given, how much, how fast and over how long."""

import re
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from fhir_mappings.concepts import read_concept
from fhir_mappings.elements import Element
from fhir_mappings.quantities import in_minutes, read_quantity, read_rate_quantity, read_ratio, unit_of
from fhir_mappings.routes import INJECTED, LONGEST_TEXT, read_way, way_in_name
from plugin.domain import Quantity, Rate, Route, Technique

INFUSE_OVER = "/infuse-over-time"
OVER = re.compile(
    r"\bover\s+([0-9]{1,4}(?:\.[0-9]{1,3})?)\s*(minutes|minute|mins|min|hours|hour|hrs|hr|h)\b", re.IGNORECASE
)


class Given(Struct, frozen=True, gc=False):
    """How it was given, from `dosage`; `words` are its text, where many EHRs say what the line was for."""

    route: Route | None = None
    route_text: str = ""
    technique: Technique | None = None
    site: str = ""
    dose: Quantity | None = None
    rate: Rate | None = None
    over: Decimal | None = None
    words: str = ""


def named_way(given: Given, name: str) -> Given:
    """Where nothing else names a route, the words of the drug's charted name do."""
    if given.route is not None or given.route_text:
        return given
    way = way_in_name(name)
    technique = way.technique or (Technique.INJECTION if way.route in INJECTED else None)
    return replace(given, route=way.route, technique=given.technique or technique) if way.route else given


def read_given(element: Element) -> Given:
    dosage = element.child("dosage")
    if dosage is None:
        return Given()
    route, method = read_concept(dosage.child("route")), read_concept(dosage.child("method"))
    text = dosage.text("text")
    way = read_way(dosage, route, method, text)
    return Given(
        way.route,
        route.readable(),
        way.technique,
        read_concept(dosage.child("site")).readable(),
        read_quantity(dosage.child("dose")),
        read_rate(dosage),
        read_infuse_over(dosage) or minutes_in_words(text),
        text,
    )


def read_rate(dosage: Element) -> Rate | None:
    """`rateRatio`, else `rateQuantity`."""
    ratio = dosage.child("rateRatio")
    return read_ratio(ratio) if ratio is not None else read_rate_quantity(dosage.child("rateQuantity"))


def read_infuse_over(element: Element) -> Decimal | None:
    """Minutes of an extension whose address ends in `/infuse-over-time`, whoever publishes it."""
    for extension in element.children("extension", matters=False):
        url = extension.raw("url")
        if not isinstance(url, str) or not url.endswith(INFUSE_OVER):
            continue
        quantity = read_quantity(extension.child("valueQuantity") or extension.child("valueDuration"))
        minutes = in_minutes(quantity)
        if minutes is not None and minutes > 0:
            return minutes
        extension.say("valueQuantity", "not read: a length of time belongs here")
    return None


def minutes_in_words(text: str) -> Decimal | None:
    """Minutes from words such as "over 90 minutes"."""
    found = OVER.search(text[:LONGEST_TEXT])
    return in_minutes(Quantity(Decimal(found[1]), unit_of(found[2]))) if found else None
