"""Modifiers of a drug line that don't come from waste: the way in (R32e), anemia (R47), 340B (R32d)."""

from plugin.codebook.drug_rows import DrugCode
from plugin.domain import Route
from plugin.rules.drug_lines.dispensed import Dispensed
from plugin.rules.visit import Visit
from plugin.rules.wording import Words

KIND = "340b"
BOUGHT_SO, NOT_SO = "bought under 340B", "not bought under 340B"
NAMED = Words(r"\b340 ?-?b\b")
INTO_A_VEIN, UNDER_THE_SKIN = "JA", "JB"
CHEMOTHERAPY_ANEMIA, OTHER_ANEMIA = ("D64.81",), ("D63.1", "N18")


def of_line(product: Dispensed, code: DrugCode, visit: Visit) -> tuple[str, ...]:
    """In claim order: what pays first, then what informs."""
    return (*_way_in(product, code, visit), *_anemia(code, visit), *_340b(product, visit))


def _way_in(product: Dispensed, code: DrugCode, visit: Visit) -> tuple[str, ...]:
    if not visit.book.modifier_needed(INTO_A_VEIN, code.code):
        return ()
    routes = {share.service.route for share in product.shares}
    if routes == {Route.INTRAVENOUS}:
        return (INTO_A_VEIN,)
    return (UNDER_THE_SKIN,) if routes == {Route.SUBCUTANEOUS} else ()


def _anemia(code: DrugCode, visit: Visit) -> tuple[str, ...]:
    """Why an erythropoietin was given outside dialysis, where the diagnoses say just one reason."""
    if not visit.book.modifier_needed("EA", code.code):
        return ()
    charted = visit.diagnosis_codes
    chemotherapy = any(code.startswith(CHEMOTHERAPY_ANEMIA) for code in charted)
    other = any(code.startswith(OTHER_ANEMIA) for code in charted)
    if chemotherapy == other:
        return ()
    return ("EA",) if chemotherapy else ("EC",)


def _340b(product: Dispensed, visit: Visit) -> tuple[str, ...]:
    if product.free or not visit.book.modifier_holds("TB"):
        return ()
    return ("TB",) if bought_so(visit) else ()


def bought_so(visit: Visit) -> bool | None:
    """Whether drugs were bought under 340B: as stated for this visit, else as the site says; None when nobody did."""
    stated = visit.stated(KIND)
    of_site = {"all": True, "none": False}.get(visit.book.position("acquired_340b"))
    return stated == BOUGHT_SO if stated else of_site
