"""The kinds of public files that can be imported."""

from collections.abc import Iterator
from datetime import date

from plugin.codebook.importers import asp, descriptors, editions, hcpcs, icd10cm, ncci, site_tables
from plugin.codebook.importers.importing import Kind
from plugin.codebook.importers.merging import Edition
from plugin.codebook.importers.site_tables import Row
from plugin.codebook.importers.source_file import SourceFile

_ASP = "https://www.cms.gov/medicare/payment/part-b-drugs/asp-pricing-files"
_NCCI = "https://www.cms.gov/medicare/coding-billing/national-correct-coding-initiative-ncci-edits"
_HCPCS = "https://www.cms.gov/medicare/coding-billing/healthcare-common-procedure-system/quarterly-update"
_ICD = "https://www.cms.gov/medicare/coding-billing/icd-10-codes"
_CPT = "the site's own licence from the American Medical Association"

Prepared = tuple[Edition, Iterator[Row]]


def _prices(file: SourceFile, day: date | None, setting: str | None) -> Prepared:
    return Edition("asp-pricing", site_tables.DRUG_PRICES, editions.first_day(file, day)), asp.read_prices(file)


def _crosswalk(file: SourceFile, day: date | None, setting: str | None) -> Prepared:
    edition = Edition("asp-ndc-hcpcs", site_tables.DRUG_CROSSWALK_UNITS, editions.first_day(file, day))
    return edition, asp.read_crosswalk(file)


def _hcpcs(file: SourceFile, day: date | None, setting: str | None) -> Prepared:
    return Edition("hcpcs", site_tables.HCPCS_CODES, editions.first_day(file, day, yearly=True)), hcpcs.read(file)


def _limits(file: SourceFile, day: date | None, setting: str | None) -> Prepared:
    return Edition("mue", site_tables.UNIT_LIMITS, editions.first_day(file, day)), ncci.read_limits(file)


def _pairs(file: SourceFile, day: date | None, setting: str | None) -> Prepared:
    whose = ncci.setting_of_pairs(file, setting)
    first = editions.first_day(file, day)
    edition = Edition("ptp", site_tables.CODE_PAIRS, first, whole_history=True, one_of_several=True)
    return edition, ncci.read_pairs(file, whose)


def _add_ons(file: SourceFile, day: date | None, setting: str | None) -> Prepared:
    first = editions.first_day(file, day, yearly=True)
    return Edition("add-on", site_tables.ADD_ON_PARENTS, first, whole_history=True), ncci.read_add_ons(file)


def _diagnoses(file: SourceFile, day: date | None, setting: str | None) -> Prepared:
    first = icd10cm.first_day(file, day)
    year = icd10cm.fiscal_year(first)
    return Edition("icd10cm-order", site_tables.icd10cm(year), first), icd10cm.read(file, year)


def _descriptors(file: SourceFile, day: date | None, setting: str | None) -> Prepared:
    first = editions.first_day(file, day, yearly=True)
    return Edition("cpt-descriptors", site_tables.DESCRIPTORS, first), descriptors.read(file)


KINDS = {
    kind.name: kind
    for kind in (
        Kind("asp-pricing", "CMS ASP payment limits", _ASP, _prices),
        Kind("asp-ndc-hcpcs", "CMS ASP NDC-HCPCS crosswalk", _ASP, _crosswalk),
        Kind("hcpcs", "CMS HCPCS Level II file (ANWEB)", _HCPCS, _hcpcs),
        Kind("mue", "CMS medically unlikely edits", f"{_NCCI}/medicare-ncci-medically-unlikely-edits-mues", _limits),
        Kind("ptp", "CMS procedure-to-procedure edits", f"{_NCCI}/medicare-ncci-procedure-procedure-ptp-edits", _pairs),
        Kind("add-on", "CMS add-on code edits", f"{_NCCI}/medicare-ncci-add-code-edits", _add_ons),
        Kind("icd10cm-order", "ICD-10-CM order file", _ICD, _diagnoses),
        Kind("cpt-descriptors", "Licensed CPT descriptors", _CPT, _descriptors),
    )
}
