"""Every product of an imported NDC-HCPCS crosswalk: random doses give the units that its dosage text demands.

The expectation is worked out here from the printed dosage alone, never from the units of the file that was imported.
"""

import csv
import random
import re
from collections import Counter, defaultdict
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from math import ceil
from pathlib import Path

import pytest

from plugin.codebook import CodeBook
from plugin.domain import Drug, Encounter, Quantity, Route, Term
from plugin.rules.drug_lines.dispensed import by_product
from plugin.rules.drug_lines.given import Share
from plugin.rules.engine import run
from tests.properties.building import ZONE, at, chart, given
from tests.repo import tracked
from tests.unit.codebook.importers import layouts

REAL = tracked.CHECKOUT.parent / "shared" / "data" / "asp_ndc_hcpcs_crosswalk_2025q4.csv"
MORNING = datetime(2025, 11, 3, 8, tzinfo=ZONE)
DOSES_EACH = 3
# How many of the text's unit each unit of a dose is worth.
THOUSANDTH = Fraction(1, 1000)
WORTH = {
    "MG": {"mg": Fraction(1), "g": Fraction(1000), "ug": THOUSANDTH},
    "MCG": {"ug": Fraction(1), "mg": Fraction(1000)},
    "GM": {"g": Fraction(1), "mg": THOUSANDTH},
    "ML": {"mL": Fraction(1), "L": Fraction(1000)},
    "CC": {"mL": Fraction(1)},
    "UNITS": {"[iU]": Fraction(1), "units": Fraction(1)},
    "UNIT": {"[iU]": Fraction(1), "U": Fraction(1)},
    "IU": {"[iU]": Fraction(1)},
    "I.U.": {"[iU]": Fraction(1)},
    "MEQ": {"meq": Fraction(1), "mEq": Fraction(1)},
    "SQ CM": {"cm2": Fraction(1)},
    "MILLION PFU": {"[PFU]": Fraction(1, 1_000_000)},
}
PLAIN = re.compile(
    r"(?:UP TO |PER )?([\d.]+)? ?(?:USP |FACTOR VIII )?"
    r"(MG|MCG|GM|ML|CC|UNITS?|IU|I\.U\.|MEQ|SQ CM|MILLION PFU)(?: VWF:RCO)?(?: ?\([^)]*\))?"
)
ONE_EACH = re.compile(r"\b(DOSE|EACH|THERAPY|CELLS|INFUSION|APPLICATOR)\b|^(GREATER|LESS) THAN")
# Where the formulary reads a code otherwise than the printed dosage, and why stands in its note: mixtures of one fixed
# ratio by the total that charts write (3 + 3 mg; 4 + 4 + 2 mg), and one code that its long text gives by the vial.
OF_TOTAL = {"J0702": 6, "J0742": 10}
BY_VIAL = frozenset(["J1454"])
AUTHORED = """October 2025 ASP NDC-HCPCS Crosswalk,,,,,,,,,
_2025_CODE,Short Description,LABELER NAME,NDC2,Drug Name,HCPCS dosage,PKG SIZE,PKG QTY,BILLUNITS,BILLUNITSPKG
J0001,First drug,Maker,00012-0345-06,Firstol,10 MG,5,10,0.5,5
J0002,Second drug,Maker,00012-0346-06,Secondine,UP TO 80 MG,5,10,1,10
J0003,Third drug,Maker,00012-0347-06,Thirdase,1000 UNITS,1,1,20,20
J0004,Fourth drug,Maker,00012-0348-06,Fourthin,1 ML,1,1,10,10
J0005,Fifth drug,Maker,00012-0349-06,Fifthab,0.5 GM,1,1,2,2
J0006,Sixth drug,Maker,00012-0350-06,Sixthium,2 MEQ,10,1,5,5
J0007,Seventh drug,Maker,00012-0351-06,Seventhcel,Per Therapeutic Dose,1,1,1,1
J0008,Eighth drug,Maker,00012-0352-06,Eighthine,PER VIAL,1,1,1,1
J0009,Ninth drug,Maker,00012-0353-06,Ninthol,5MG-1MG,1,1,1,1
J0010,Tenth drug,Maker,GG100,Tenth skin,1 SQ CM,4,1,4,4
J0011,Eleventh drug,Maker,00012-0354-06,Eleventhin,1 MCG,1,1,100,100
J0011,Eleventh drug,Maker,00012-0355-06,Twelfthin,1 MCG,1,1,100,100
J0012,Twelfth drug,Maker,00012-0355-06,Twelfthin,1 MCG,1,1,100,100
"""


def a_dose(code: str, dosage: str, dice: random.Random) -> tuple[Quantity, int] | None:
    """A random dose of a printed dosage, with its units; None for a mixture, whose dose only a person can say."""
    if code in OF_TOTAL:
        total = dice.randint(1, 400)
        return Quantity(Decimal(total), "mg"), ceil(Fraction(total, OF_TOTAL[code]))
    if code in BY_VIAL:
        return Quantity(Decimal(1), "vial"), 1
    text = " ".join(dosage.upper().split())
    if ONE_EACH.search(text):
        return Quantity(Decimal(1), "each"), 1
    if text == "PER VIAL":
        vials = dice.randint(1, 9)
        return Quantity(Decimal(vials), "{vial}"), vials
    found = PLAIN.fullmatch(text)
    if found is None:
        return None
    unit, worth = dice.choice(sorted(WORTH[found[2]].items()))
    per_unit = Fraction(found[1] or "1")
    near = float(Fraction(dice.randint(1, 40_000), 1000) * per_unit / worth)
    dose = max(Decimal(f"{near:.6f}"), Decimal("0.000001"))
    return Quantity(dose, unit), ceil(Fraction(dose) * worth / per_unit)


def coded(row: dict[str, str], dose: Quantity, book: CodeBook, routes: dict[str, Route]) -> tuple[set[str], int | None]:
    """The codes that one dose of a product may have, and its units where the row's own code is the one."""
    drug = Drug(row["drug"], (Term("ndc", row["ndc"]),))
    route = routes.get(row["code"], Route.INTRAVENOUS)
    charted = given(1, "", 60, 120, drug=drug, dose=dose, route=route, start=at(60, MORNING), stop=at(120, MORNING))
    stay = Encounter("Encounter/e1", "Patient/p1", "AMB", "finished", at(0, MORNING), at(600, MORNING))
    visit = run(chart(charted, encounter=stay), book).visit
    [service] = visit.timeline.services
    [product] = by_product([Share(service, service.drug.key, drug, MORNING.date())], visit)
    own = product.code is not None and product.code.code == row["code"] and not product.unclear
    return {code.code for code in product.codes}, product.units(product.code, visit) if own and product.code else None


def disagreements(file: Path, site: Path) -> tuple[list[str], Counter[str]]:
    """What the engine says differently from the dosage text, for random doses of every row; and how many were compared.

    A product number with several codes may be asked about, or be decided otherwise by what else is charted; a mixture
    of two strengths must be asked about.
    """
    layouts.imported("asp-ndc-hcpcs", file, site)
    book = CodeBook.load(site)
    with (site / "drug_crosswalk_units.csv").open(encoding="utf-8", newline="") as imported:
        rows = [{**row, "drug": row["drug_name"]} for row in csv.DictReader(imported)]
    routes = {code.code: min(code.routes, key=lambda r: r.value) for code in book.drug_codes if code.routes}
    codes_of = defaultdict(set)
    for row in rows:
        codes_of[row["ndc"]].add(row["code"])
    dice, wrong, counted = random.Random(20251001), [], Counter[str]()
    for row in rows:
        for _ in range(DOSES_EACH):
            dose, units = a_dose(row["code"], row["dosage"], dice) or (Quantity(Decimal(1), "mg"), 0)
            said, found = coded(row, dose, book, routes)
            kind = "mixture" if not units else "several codes" if len(codes_of[row["ndc"]]) > 1 else "one code"
            right = {
                "mixture": found is None,
                "several codes": found == units or row["code"] in said or bool(said & codes_of[row["ndc"]]),
                "one code": found == units and said == {row["code"]},
            }[kind]
            counted[kind] += 1
            if not right:
                wrong.append(f"{row['ndc']} {row['code']} {row['dosage']}: {dose} is {units}, not {found} of {said}")
    return wrong, counted


def test_random_doses_of_an_authored_crosswalk(tmp_path):
    """Each form of dosage text, a product number that is no NDC, and one with two codes."""
    wrong, counted = disagreements(layouts.written(tmp_path, "Crosswalk October 2025.csv", AUTHORED), tmp_path / "site")

    assert wrong == []
    assert counted == {"one code": 30, "mixture": 3, "several codes": 6}


@pytest.mark.skipif(not REAL.is_file(), reason="no copy of the CMS crosswalk beside the checkout")
def test_random_doses_of_the_real_crosswalk(tmp_path):
    """All 8,245 rows, three doses each."""
    wrong, counted = disagreements(REAL, tmp_path / "site")

    assert wrong == []
    assert sum(counted.values()) == 3 * 8_245
