"""What can be checked of the drug tables together: that every drug, code and source that a row names exists."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from datetime import date
from itertools import pairwise

from plugin.codebook import drug_rows, tables
from plugin.codebook.drug_rows import DrugCode
from plugin.codebook.errors import CodeBookError
from plugin.codebook.packages import OWN, Package, PackageTable
from plugin.codebook.tables import Folders


def drug_problems(folders: Folders) -> Iterator[str]:
    """One sentence for each problem of the formulary, naming table, row and remedy; of a site's overlay, too."""
    try:
        codes = drug_rows.read_drug_codes(folders)
        drugs = {row.drug for row in drug_rows.read_drugs(folders)}
        cited = set(tables.read_citations(folders))
        packages = list(PackageTable(folders, codes).own())
    except CodeBookError as wrong:
        yield str(wrong)
        return
    yield from _strangers(codes, drugs, folders)
    yield from _uncited(codes, cited)
    yield from _overlaps(codes)
    yield from _packages(packages, {code.code for code in codes}, cited)


def _strangers(codes: Iterable[DrugCode], drugs: Collection[str], folders: Folders) -> Iterator[str]:
    named = [("drug_codes.csv", code.code, code.drug) for code in codes]
    named += [("drug_flags.csv", flag, drug) for drug, flag in drug_rows.read_flags(folders)]
    named += [("drug_crosswalk.csv", " ".join(key), drug) for key, drug in drug_rows.read_crosswalk(folders).items()]
    for table, row, drug in named:
        if drug not in drugs:
            yield f"{table} {row}: there is no drug {drug!r}; add it to drugs.csv, or mend its name"


def _uncited(codes: Iterable[DrugCode], cited: Collection[str]) -> Iterator[str]:
    for code in codes:
        for row in filter(None, (code.row, code.container_row)):
            if row.cites not in cited:
                yield f"drug_codes.csv {code.code}: there is no source {row.cites!r}; add it to sources_drugs.toml"


def _overlaps(codes: Iterable[DrugCode]) -> Iterator[str]:
    groups: dict[tuple[str, str], list[DrugCode]] = defaultdict(list)
    for code in codes:
        groups[code.drug, code.code].append(code)
    for (drug, code_name), rows in groups.items():
        for earlier, later in pairwise(sorted(rows, key=lambda row: row.valid_from or date.min)):
            if earlier.valid_to is None or later.valid_from is None or earlier.valid_to >= later.valid_from:
                yield f"drug_codes.csv {code_name} {drug}: two rows hold on one day; end the earlier one before it"


def _packages(packages: Iterable[Package], codes: Collection[str], cited: Collection[str]) -> Iterator[str]:
    for package in packages:
        if package.code not in codes:
            yield f"{OWN} {package.row.key}: drug_codes.csv has no {package.code}; add the code, or drop the row"
        if package.row.cites not in cited:
            yield f"{OWN} {package.row.key}: there is no source {package.row.cites!r}; add it to sources_drugs.toml"
