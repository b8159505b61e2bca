"""The real files, where a copy of them lies beside the checkout: every row of them is taken over."""

import csv
from datetime import date
from pathlib import Path

import pytest

from plugin.codebook.importers import overlay_problems
from tests.repo import tracked
from tests.unit.codebook.importers import layouts

DATA = tracked.CHECKOUT.parent / "shared" / "data"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="no copies of the CMS files beside the checkout")


def rows_in(name: str) -> list[dict[str, str]]:
    """The rows of a real file, read without the importer."""
    with (DATA / name).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def rows_out(site: Path, name: str) -> list[dict[str, str]]:
    """The rows of the overlay's table."""
    with (site / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_price_is_taken_over(tmp_path):
    """Code, dosage and limit of all rows."""
    name = "asp_pricing_2025q4.csv"
    done = layouts.imported("asp-pricing", DATA / name, tmp_path / "site")

    expected = {(r["hcpcs"], r["dosage"].strip(), r["payment_limit"].replace("N/A", "")) for r in rows_in(name)}
    found = rows_out(tmp_path / "site", "drug_prices.csv")
    assert expected == {(r["code"], r["dosage"], r["payment_limit_usd"]) for r in found}
    assert (date(2025, 10, 1), len(rows_in(name))) == (done.first_day, len(found))


def test_every_package_of_the_crosswalk_is_taken_over(tmp_path):
    """Product, code, package and units of all rows."""
    name = "asp_ndc_hcpcs_crosswalk_2025q4.csv"
    layouts.imported("asp-ndc-hcpcs", DATA / name, tmp_path / "site")

    fields = ("pkg_size", "pkg_qty", "billunits", "billunitspkg")
    expected = sorted(
        (r["ndc_5_4_2"].replace("-", ""), r["hcpcs"], *(r[field] for field in fields)) for r in rows_in(name)
    )
    ours = ("package_size", "package_quantity", "units_per_item", "units_per_package")
    found = [
        (r["ndc"].replace("-", ""), r["code"], *(r[column] for column in ours))
        for r in rows_out(tmp_path / "site", "drug_crosswalk_units.csv")
    ]
    assert expected == sorted(found)


def test_every_hcpcs_code_is_taken_over_with_its_days(tmp_path):
    """Added and terminated days of all rows."""
    name = "hcpcs_anweb_2020_drug_rows.csv"
    layouts.imported("hcpcs", DATA / name, tmp_path / "site")

    expected = sorted((r["HCPCS_CODE"], r["ADD_DT"], r["TERM_DT"]) for r in rows_in(name))
    found = rows_out(tmp_path / "site", "hcpcs_codes.csv")
    assert expected == sorted((r["code"], r["valid_from"], r["valid_to"]) for r in found)


def test_every_unit_limit_is_taken_over_for_both_settings(tmp_path):
    """Practitioner values are the office's, outpatient hospital values the facility's."""
    name = "mue_2026q4_drug_admin.csv"
    layouts.imported("mue", DATA / name, tmp_path / "site")

    expected = [("office", r["code"], r["mue_practitioner"], r["mai"]) for r in rows_in(name)]
    expected += [("facility", r["code"], r["mue_outpatient_hospital"], r["mai"]) for r in rows_in(name)]
    found = rows_out(tmp_path / "site", "unit_limits.csv")
    assert sorted(expected) == sorted((r["setting"], r["code"], r["units"], r["indicator"]) for r in found)
    assert [] == overlay_problems(tmp_path / "site", layouts.TODAY)
