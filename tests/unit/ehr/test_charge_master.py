"""A site's billing codes, and the usual revenue codes where it has none of its own."""

from pathlib import Path

import pytest

from plugin.ehr.charge_master import BillingCodes, ChargeMaster, ChargeMasterError, read_charge_master


def written(folder: Path, text: str) -> Path:
    path = folder / "charges.csv"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("code", "revenue_code"),
    [
        ("96365", "0260"),
        ("96372", "0761"),
        ("96413", "0335"),
        ("96360", "0260"),
        ("36430", "0391"),
        ("J1745", "0636"),
        ("Q5103", "0636"),
        ("C9399", "0636"),
        ("P9016", "0390"),
        ("99213", ""),
    ],
)
def test_revenue_codes_without_a_file_are_the_usual_ones(code: str, revenue_code: str) -> None:
    """Drugs 0636, intravenous therapy 0260, chemotherapy 0335, transfusion 0391, blood 0390, treatment room 0761."""
    assert ChargeMaster().find(code) == BillingCodes("", revenue_code)


def test_the_sites_own_codes_come_first(tmp_path: Path) -> None:
    """A row without a revenue code keeps the usual one."""
    master = read_charge_master(written(tmp_path, "code,charge_code,revenue_code\n96365,4700123,0510\nJ1745,88,\n\n"))
    assert master.find("96365") == BillingCodes("4700123", "0510")
    assert master.find("J1745") == BillingCodes("88", "0636")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", ""),
        ("code;charge_code\n", "line 1: the columns must be code,charge_code,revenue_code"),
        ("code,charge_code,revenue_code\n96365,1\n", "line 2: 2 cells instead of 3"),
        ("code,charge_code,revenue_code\n9636,1,0260\n", "line 2: '9636' is no CPT or HCPCS code"),
        ("code,charge_code,revenue_code\n96365,1,260\n", "line 2: a revenue code has four digits"),
        ("code,charge_code,revenue_code\n96365,1,\n96365,2,\n", "line 3: 96365 stands in the file twice"),
        ('code,charge_code,revenue_code\n96365,"a\nb",\n', "line 2: the charge code must be at most 40 printable"),
        ('code,charge_code,revenue_code\n96365,"open', "can't be read as CSV"),
    ],
)
def test_a_file_with_a_mistake_names_the_line(tmp_path: Path, text: str, told: str) -> None:
    """An empty file is an empty charge master."""
    path = written(tmp_path, text)
    if not told:
        assert read_charge_master(path).codes == {}
        return
    with pytest.raises(ChargeMasterError, match=told):
        read_charge_master(path)
