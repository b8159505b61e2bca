"""Who a charted drug is: by RxNorm, NDC or HCPCS, else by the names in its text.

A carrier fluid beside a drug is not a second drug.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from plugin.codebook import ndc
from plugin.codebook.drug_names import DrugNames, is_form_of, words_of
from plugin.codebook.drug_rows import DrugCode, DrugRow
from plugin.codebook.errors import CodeBookError
from plugin.domain import Drug, DrugClass, DrugIdentity, TableRow, Term

FLUIDS = (DrugClass.HYDRATION_FLUID, DrugClass.FLUSH)
# A mixture is as complex as its most complex drug.
CLASS_ORDER = (
    DrugClass.BLOOD,
    DrugClass.ANTINEOPLASTIC,
    DrugClass.COMPLEX_BIOLOGIC,
    DrugClass.HORMONAL,
    DrugClass.THROMBOLYTIC,
    DrugClass.THERAPEUTIC,
    DrugClass.ANESTHETIC,
    DrugClass.CONTRAST,
    DrugClass.ELECTROLYTE,
    DrugClass.HYDRATION_FLUID,
    DrugClass.FLUSH,
    DrugClass.VACCINE,
    DrugClass.ALLERGEN,
    DrugClass.UNKNOWN,
)
REMEMBERED = 20_000
CLASS_TERM = "class"  # an answer to "what kind of drug is this?", never charted


def _crosswalk_keys(term: Term) -> list[tuple[str, str]]:
    if term.system == "ndc":
        return [("ndc9", nine) for nine in ndc.nines(term.code)]
    return [(term.system, term.code)] if term.system in ("rxnorm", "hcpcs") else []


class DrugTable:
    """The drugs of one day, found by code or by name; answers are remembered, as the tables never change."""

    def __init__(
        self, rows: Iterable[DrugRow], crosswalk: Mapping[tuple[str, str], str], codes: Iterable[DrugCode] = ()
    ) -> None:
        self._rows = {row.drug: row for row in rows}
        self._crosswalk = {**self._billed_with(codes), **crosswalk}
        self._names = DrugNames(self._rows.values())
        self._known: dict[Drug, tuple[DrugIdentity, tuple[TableRow, ...]]] = {}

    def _billed_with(self, codes: Iterable[DrugCode]) -> dict[tuple[str, str], str]:
        """The drug of each HCPCS code that has just one."""
        drugs: dict[str, set[str]] = defaultdict(set)
        for code in codes:
            if code.drug not in self._rows:
                raise CodeBookError(
                    f"drug_codes.csv {code.code}: there is no drug {code.drug!r}; add it to drugs.csv, or mend its name"
                )
            drugs[code.code].add(code.drug)
        return {("hcpcs", code): drug for code, (drug, *others) in drugs.items() if not others}

    def identify(self, drug: Drug) -> tuple[DrugIdentity, tuple[TableRow, ...]]:
        """The drug's identity and the rows that told it; class UNKNOWN when nothing did."""
        known = self._known.get(drug)
        if known is None:
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            known = self._known[drug] = self._identify(drug)
        return known

    def _identify(self, drug: Drug) -> tuple[DrugIdentity, tuple[TableRow, ...]]:
        told = next((term.code for term in drug.terms if term.system == CLASS_TERM), "")
        found = self._by_ingredients(drug) or self._by_code(drug) or self._by_text(drug)
        found = _without_carrier(found)
        if told:
            key = " + ".join(sorted(row.drug for row in found)) or _unknown_key(drug)
            return DrugIdentity(key, DrugClass(told), DrugClass(told), drug.text), ()
        if not found:
            kind = DrugClass.VACCINE if _is_vaccine(drug) else DrugClass.UNKNOWN
            return DrugIdentity(_unknown_key(drug), kind, kind, drug.text), ()
        return _identity(found, drug.text), tuple(row.row for row in found)

    def _by_ingredients(self, drug: Drug) -> list[DrugRow]:
        found: list[DrugRow] = []
        for ingredient in drug.ingredients:
            rows = self._by_terms(ingredient.terms) or self._names.find(ingredient.text)
            if not rows:
                return []
            found += [row for row in rows if row not in found]
        return found

    def _by_code(self, drug: Drug) -> list[DrugRow]:
        """By the terms' codes; a code of the ingredient alone leaves it to the text which form of it this is."""
        coded = self._by_terms(drug.terms)
        named = self._by_text(drug) if coded else []
        return [next((form for form in named if is_form_of(form, row)), row) for row in coded]

    def _by_terms(self, terms: Sequence[Term]) -> list[DrugRow]:
        for term in terms:
            found = {self._crosswalk.get(key, "") for key in _crosswalk_keys(term)} - {""}
            if len(found) == 1 and (drug := found.pop()) in self._rows:
                return [self._rows[drug]]
        return []

    def _by_text(self, drug: Drug) -> list[DrugRow]:
        for text in (drug.text, *(term.text for term in drug.terms)):
            if found := self._names.find(text):
                return found
        return []


def _without_carrier(rows: list[DrugRow]) -> list[DrugRow]:
    drugs = [row for row in rows if row.drug_class not in FLUIDS]
    if not drugs or all(row.drug_class is DrugClass.ELECTROLYTE for row in drugs):
        return rows
    return drugs


def _identity(rows: list[DrugRow], text: str) -> DrugIdentity:
    first = min(rows, key=lambda row: CLASS_ORDER.index(row.drug_class))
    return DrugIdentity(
        key=" + ".join(sorted(row.drug for row in rows)),
        drug_class=first.drug_class,
        injected_class=first.injected_class,
        text=text,
        row=first.drug,
        payer_varies=first.payer_varies,
    )


def _is_vaccine(drug: Drug) -> bool:
    """CVX codes name vaccines; a globulin among them has a name that the table knows."""
    coded = any(term.system == "cvx" and "globulin" not in term.text.lower() for term in drug.terms)
    return coded or "vaccine" in words_of(drug.text)


def _unknown_key(drug: Drug) -> str:
    code = next((f"{term.system}:{term.code}" for term in drug.terms if term.code and term.system != CLASS_TERM), "")
    return code or "text:" + " ".join(words_of(drug.text))
