"""Who a charted drug is: by RxNorm, by NDC, else by the names in its text.

A name counts as a whole-word sequence, the longest first, so "normal saline flush" is not "normal saline".
A carrier fluid beside a drug is not a second drug.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from plugin.codebook.errors import CodeBookError
from plugin.codebook.tables import DrugCode, DrugRow
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
WORD = re.compile(r"[a-z0-9.%/+-]+")
PARTED = " * "  # other words may stand between the parts of such a name: "heparin * flush"
REMEMBERED = 20_000
CLASS_TERM = "class"  # an answer to "what kind of drug is this?", never charted


def words_of(text: str) -> tuple[str, ...]:
    """The text in lower case as words; punctuation at the edges of a word is dropped."""
    return tuple(word for raw in WORD.findall(text.lower()) if (word := raw.strip(".-/+")))


def ndc_elevens(code: str) -> tuple[str, ...]:
    """An NDC as eleven digits in 5-4-2 form; ten digits without hyphens may be padded in three places."""
    parts = code.split("-")
    if len(parts) == 3:
        padded = "".join(part.zfill(width) for part, width in zip(parts, (5, 4, 2), strict=True))
        return (padded,) if padded.isdigit() and len(padded) == 11 else ()
    digits = code.replace("-", "")
    if not digits.isdigit():
        return ()
    if len(digits) == 10:
        return (f"0{digits}", f"{digits[:5]}0{digits[5:]}", f"{digits[:9]}0{digits[9:]}")
    return (digits,) if len(digits) == 11 else ()


def _crosswalk_keys(term: Term) -> list[tuple[str, str]]:
    if term.system == "ndc":
        return [("ndc9", eleven[:9]) for eleven in ndc_elevens(term.code)]
    return [(term.system, term.code)] if term.system in ("rxnorm", "hcpcs") else []


class DrugTable:
    """The drugs of one day, found by code or by name; answers are remembered, as the tables never change."""

    def __init__(
        self, rows: Iterable[DrugRow], crosswalk: Mapping[tuple[str, str], str], codes: Iterable[DrugCode] = ()
    ) -> None:
        self._rows = {row.drug: row for row in rows}
        self._crosswalk = {**dict(self._billed_with(codes)), **crosswalk}
        self._names: dict[tuple[str, ...], DrugRow] = {}
        self._longest: dict[str, int] = {}
        self._parted: list[tuple[tuple[str, ...], DrugRow]] = []
        for row in self._rows.values():
            for name in row.names:
                if PARTED in name:
                    self._parted.append((words_of(name.replace(PARTED, " ")), row))
                    continue
                words = words_of(name)
                self._names[words] = row
                self._longest[words[0]] = max(self._longest.get(words[0], 0), len(words))
        self._known: dict[Drug, tuple[DrugIdentity, tuple[TableRow, ...]]] = {}

    def _billed_with(self, codes: Iterable[DrugCode]) -> Iterator[tuple[tuple[str, str], str]]:
        for code in codes:
            if code.drug not in self._rows:
                raise CodeBookError(
                    f"drug_codes.csv {code.code}: there is no drug {code.drug!r}; add it to drugs.csv, or mend its name"
                )
            yield ("hcpcs", code.code), code.drug

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
        found = self._by_ingredients(drug) or self._by_terms(drug.terms) or self._by_text(drug)
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
            rows = self._by_terms(ingredient.terms) or self._in_words(words_of(ingredient.text))
            if not rows:
                return []
            found += [row for row in rows if row not in found]
        return found

    def _by_terms(self, terms: Sequence[Term]) -> list[DrugRow]:
        for term in terms:
            found = {self._crosswalk.get(key, "") for key in _crosswalk_keys(term)} - {""}
            if len(found) == 1 and (drug := found.pop()) in self._rows:
                return [self._rows[drug]]
        return []

    def _by_text(self, drug: Drug) -> list[DrugRow]:
        for text in (drug.text, *(term.text for term in drug.terms)):
            if found := self._in_words(words_of(text)):
                return found
        return []

    def _in_words(self, words: tuple[str, ...]) -> list[DrugRow]:
        for parts, row in self._parted:
            if _in_this_order(parts, words):
                return [row]
        found: list[DrugRow] = []
        at = 0
        while at < len(words):
            length = self._match_at(words, at)
            if length:
                row = self._names[words[at : at + length]]
                found += [] if row in found else [row]
            at += length or 1
        return found

    def _match_at(self, words: tuple[str, ...], at: int) -> int:
        for length in range(min(self._longest.get(words[at], 0), len(words) - at), 0, -1):
            if words[at : at + length] in self._names:
                return length
        return 0


def _in_this_order(parts: tuple[str, ...], words: tuple[str, ...]) -> bool:
    rest = iter(words)
    return all(part in rest for part in parts)


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
