"""The formulary beside copies of the CMS files it was written from, where they lie beside the checkout."""

import csv
import json
import re
from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from decimal import Decimal

import pytest

from plugin.codebook import CodeBook
from plugin.codebook.drug_rows import DrugCode
from plugin.codebook.packages import Package
from plugin.domain import Drug, Term
from tests.repo import tracked

DATA = tracked.CHECKOUT.parent / "shared" / "data"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="no copies of the CMS files beside the checkout")

BOOK = CodeBook.load()
CODES = {code.code: code for code in BOOK.drug_codes}
DOSAGE = re.compile(
    r"([\d,]*\.?\d+) ?(mg|mcg|ug|micrograms?|gm|grams?|g|ml|cc|iu|i\.u\.|usp units?|units?|meq|each|ea|dose)(?!\w)",
    re.IGNORECASE,
)
UNITS = {
    **dict.fromkeys(("mcg", "ug", "microgram", "micrograms"), "ug"),
    **dict.fromkeys(("gm", "gram", "grams", "g"), "g"),
    **dict.fromkeys(("ml", "cc"), "mL"),
    **dict.fromkeys(("iu", "i.u."), "[iU]"),
    **dict.fromkeys(("unit", "units", "usp unit", "usp units"), "U"),
    **dict.fromkeys(("each", "ea", "dose"), "{dose}"),
    "mg": "mg",
    "meq": "meq",
}
# What a file says in words that no number and unit puts: each looked at by hand, and said in the row's note or unit.
IN_WORDS = {
    "{vial}": "per vial",
    "{unit}": "each unit of blood",
    "{composite}": "a fixed mixture",
    "10*6.[PFU]": "a million plaque-forming units",
    "{unknown}": "no unit found",
}
BY_HAND = {
    "J0577": "by days of therapy",
    "J0578": "by days of therapy",
    "Q9991": "100 mg or less",
    "Q9992": "above 100 mg",
    "J0702": "3 mg of each of two salts",
    "J0695": "50 mg and 25 mg",
    "J0714": "0.5 g and 0.125 g",
    "J0742": "4 mg, 4 mg and 2 mg",
    "J2186": "10 mg and 10 mg",
    "J2724": "printed as units, described as IU",
    "J2790": "a full dose",
    "J2788": "a small dose",
    "J9214": "one million units, international",
    "J2800": "10 mL",
    "J7168": "per IU",
    "J7165": "per IU",
}
PER_IU = re.compile(r"\b(?:per|1) (?:factor viii )?i\.?u\.?", re.IGNORECASE)


def rows_in(name: str) -> list[dict[str, str]]:
    """The rows of a file."""
    with (DATA / name).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def read(text: str) -> set[tuple[Decimal, str]]:
    """Every amount with a unit in the words of a file."""
    found = {
        (Decimal(n.replace(",", "")), UNITS[unit.lower()]) for n, unit in DOSAGE.findall(text.replace("per gm", "1 gm"))
    }
    return found | ({(Decimal(1), "[iU]")} if PER_IU.search(text) else set())


def differing(words: Iterable[tuple[str, str]]) -> dict[str, tuple[str, str]]:
    """The codes whose amount isn't among what the words of a file say."""
    return {
        code: (f"{CODES[code].amount} {CODES[code].unit}", text)
        for code, text in words
        if code in CODES
        and CODES[code].unit not in IN_WORDS
        and code not in BY_HAND
        and (CODES[code].amount, CODES[code].unit) not in read(text)
    }


def test_every_amount_is_that_of_the_pricing_file():
    """ASP, fourth quarter of 2025."""
    words = [(row["hcpcs"], row["dosage"]) for row in rows_in("asp_pricing_2025q4.csv")]

    assert {} == differing(words)
    assert 690 < sum(code in CODES for code, _ in words)


@pytest.mark.parametrize(
    ("name", "code", "words"),
    [
        ("hcpcs_level2_2025_drug_sections.csv", "hcpcs", "long_description"),
        ("hcpcs_anweb_2020_drug_rows.csv", "HCPCS_CODE", "LONG_DESCRIPTION"),
    ],
)
def test_every_amount_is_that_of_the_descriptions(name, code, words):
    """HCPCS Level II of 2025 and of 2020."""
    assert {} == differing((row[code], row[words]) for row in rows_in(name))


def test_every_code_that_is_up_to_an_amount_is_marked_so():
    """The words "up to" of the descriptions; two codes have them for a limit, not for their unit."""
    limits = {"J0578", "J3471"}
    wrong = [
        row["hcpcs"]
        for row in rows_in("hcpcs_level2_2025_drug_sections.csv")
        if row["hcpcs"] in CODES
        and row["hcpcs"] not in limits
        and CODES[row["hcpcs"]].up_to != ("up to" in row["long_description"].lower())
    ]

    assert wrong == []


def test_first_days_are_those_of_the_hcpcs_file():
    """The day a code was added, for each code that the file of 2020 has."""
    added = {row["HCPCS_CODE"]: row["ADD_DT"] for row in rows_in("hcpcs_anweb_2020_drug_rows.csv")}
    wrong = {
        code: (str(CODES[code].valid_from), day)
        for code, day in added.items()
        if code in CODES and day and str(CODES[code].valid_from) != day
    }

    assert {} == wrong


def test_last_days_are_those_of_the_hcpcs_file():
    """Of each code of ours that the file of 2025 says has ended."""
    ended = {row["hcpcs"]: row["terminated"] for row in rows_in("hcpcs_level2_2025_drug_sections.csv")}
    wrong = {
        code: (str(CODES[code].valid_to), day)
        for code, day in ended.items()
        if code in CODES and day and str(CODES[code].valid_to) != day
    }

    assert {} == wrong


def formulary() -> dict[str, object]:
    """The collected facts."""
    facts: dict[str, object] = json.loads((DATA / "formulary.json").read_text("utf-8"))
    return facts


def test_every_code_of_the_collected_facts_is_there_with_its_unit():
    """But the unclassified ones; one has no unit in the facts either."""
    spelled = {"[arb'U]": "U", "[USP'U]": "U"}
    missing, wrong = set(), {}
    for drug in formulary()["drugs"]:
        for fact in drug["codes"]:
            ours = CODES.get(fact["hcpcs"])
            if ours is None:
                missing.add(fact["hcpcs"])
            elif fact["unit"]:
                unit = spelled.get(fact["unit"]["ucum"], fact["unit"]["ucum"])
                if (ours.amount, ours.unit) != (Decimal(str(fact["unit"]["value"])), unit):
                    wrong[ours.code] = (str(ours.amount), ours.unit, fact["unit"])

    assert {"J3490", "J3590", "J9999"} == missing
    assert {} == wrong


def test_every_retired_code_of_the_collected_facts_ends_on_its_day():
    """Where no day was found, it is the day before the file that no longer has it; the oral one is left out."""
    wrong = {}
    for fact in formulary()["retired_codes"]:
        last = fact["last_date_of_service"] or "2025-09-30"
        ours = CODES.get(fact["hcpcs"])
        if ours is None or str(ours.valid_to) != last:
            wrong[fact["hcpcs"]] = str(ours and ours.valid_to)

    assert {"J7517": "None"} == wrong


def packages_by_row() -> dict[tuple[str, str], Package]:
    """Our packages by product number and code."""
    return {(package.ndc, package.code): package for package in BOOK.packages.own()}


def test_every_package_holds_the_billing_units_of_the_crosswalk():
    """Amount per item is units times the code's amount; 18 rows contradict themselves, and 7 count by label."""
    ours = packages_by_row()
    rounded = {"J2540", "J9359"}  # 8.33 units of 600,000 are 5 million
    wrong, left_out = [], 0
    for row in rows_in("asp_ndc_hcpcs_crosswalk_2025q4.csv"):
        code: DrugCode | None = CODES.get(row["hcpcs"])
        if code is None:
            continue
        package = ours.get((row["ndc_5_4_2"].replace("-", ""), row["hcpcs"]))
        if package is None:
            left_out += 1
            continue
        exact = Decimal(row["billunits"]) * code.amount
        close = abs(package.amount - exact) <= exact * Decimal("0.0015") * (row["hcpcs"] in rounded)
        wrong += [] if close and package.unit == code.unit else [(row, package)]

    assert wrong == []
    successors = [key for key, package in ours.items() if package.row.cites == "successor-by-labeler"]
    assert (5617, 25, 74) == (len(ours) - len(successors), left_out, len(successors))


# What the files call a product in a way that names no drug, or another one; each looked at by hand.
NAMED_OTHERWISE = {
    ("Aminocaproid Acid", "J0281"): "a slip",
    ("Nescaine", "J2401"): "a slip",
    ("Lexican", "J2785"): "a slip",
    ("Recombi", "J7203"): "a slip",
    ("Ceftriaxone", "J0697"): "a slip: the code is that of cefuroxime, and so are the sizes",
    ("Octreotide Acetate", "J2353"): "the depot, without saying so",
    ("Sodium Chloride", "J7030"): "without its strength",
    ("Sodium Chloride", "J7040"): "without its strength",
    ("Sodium Chloride", "J7050"): "without its strength",
    ("Dextrose", "J7060"): "without its strength",
    ("Dextrose", "J7070"): "without its strength",
    ("Dextrose-NaCl", "J7042"): "without its strengths",
}


def test_every_product_name_of_the_crosswalk_names_the_drug_of_its_code():
    """Brands and generic names, as labelers write them."""
    drugs = defaultdict(set)
    for code in BOOK.drug_codes:
        drugs[code.code].add(code.drug)
    names = {(row["drug_name"], row["hcpcs"]) for row in rows_in("asp_ndc_hcpcs_crosswalk_2025q4.csv")}
    view = BOOK.as_of(date(2026, 3, 2))
    ours = {(name, code) for name, code in names if code in drugs}
    wrong = {(name, code) for name, code in ours if view.identify(Drug(name)).key not in drugs[code]}

    assert set(NAMED_OTHERWISE) == wrong
    assert 900 < len(ours)


def test_every_product_number_tells_the_drug_that_its_code_is_of():
    """In three spellings; potassium chloride ready mixed in a fluid is left to its text."""
    drugs = defaultdict(set)
    for code in BOOK.drug_codes:
        drugs[code.code].add(code.drug)
    view = BOOK.as_of(date(2026, 3, 2))
    codes_of = defaultdict(set)
    for row in rows_in("asp_ndc_hcpcs_crosswalk_2025q4.csv"):
        if row["hcpcs"] in drugs and re.fullmatch(r"[\d-]{13}", row["ndc_5_4_2"]):
            codes_of[row["ndc_5_4_2"]].add(row["hcpcs"])
    unmapped, wrong = set(), []
    for ndc, codes in codes_of.items():
        for spelled in (ndc, ndc.replace("-", ""), f"NDC {ndc}"):
            key = view.identify(Drug("", (Term("ndc", spelled),))).key
            if key.startswith("ndc:"):
                unmapped |= codes
            elif not any(key in drugs[code] for code in codes):
                wrong.append((spelled, key, codes))

    assert wrong == []
    assert {"J3480", "J0697"} == unmapped
    assert 4_000 < len(codes_of)


def test_every_rxnorm_ingredient_of_the_collected_facts_tells_its_drug():
    """With the name beside it, which says the form; fluids and flushes have the ingredient of other things, too."""
    shared = {"9863", "4850", "5224"}
    view = BOOK.as_of(date(2026, 11, 2))
    wrong = {}
    for drug in formulary()["drugs"]:
        ours = {CODES[code["hcpcs"]].drug for code in drug["codes"] if code["hcpcs"] in CODES}
        if drug["rxcui"] and drug["rxcui"] not in shared and ours:
            key = view.identify(Drug(drug["generic"], (Term("rxnorm", drug["rxcui"]),))).key
            wrong |= {} if key in ours else {drug["generic"]: key}

    assert {} == wrong


def test_the_packages_of_an_ended_code_go_on_with_its_successor():
    """Whatever labeler no other successor names: none of these packages is Avyxa's (83831)."""
    ours = packages_by_row()
    for old, new in (("J9190", "J9192"), ("J0640", "J0643"), ("J9181", "J9187")):
        before = {ndc: package for (ndc, code), package in ours.items() if code == old}
        after = {ndc: package for (ndc, code), package in ours.items() if code == new}
        etopophos = {"61269041020"}
        assert set(before) - etopophos == set(after)
        assert [ndc for ndc in after if after[ndc].amount != before[ndc].amount or ndc.startswith("83831")] == []
        assert {date(2026, 9, 30)} == {package.valid_to for package in before.values()}
        assert {date(2026, 10, 1)} == {package.valid_from for package in after.values()}


def test_the_days_of_the_codes_that_changed_most_lately():
    """Fluorouracil and leucovorin change their codes with October 2026."""
    before, after = BOOK.as_of(date(2026, 9, 30)), BOOK.as_of(date(2026, 10, 1))

    assert ["J9190"] == [code.code for code in before.drug_codes("fluorouracil")]
    assert ["J9191", "J9192"] == [code.code for code in after.drug_codes("fluorouracil")]
    assert ["J0640"] == [code.code for code in before.drug_codes("leucovorin")]
    assert ["J0643", "J0644"] == [code.code for code in after.drug_codes("leucovorin")]
