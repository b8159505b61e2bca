"""SIGKILL at every step, and a restart: every accepted charge is in the EHR exactly once, none is lost."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from plugin.store.cipher import make_key
from tests.functional.posting.pretend_oracle import Oracle, running_oracle
from tests.smart.sandbox.ehr import Ehr, running_ehr
from tests.verifies import verifies

CHECKOUT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def oracle() -> Iterator[Oracle]:
    """A pretended Oracle Health."""
    with running_oracle() as running:
        yield running


@pytest.fixture
def oracle_ehr(tmp_path: Path) -> Iterator[Ehr]:
    """The sandbox in Oracle Health's ways, without charges: each look reads all there are on the encounter."""
    data = tmp_path / "ehr"
    data.mkdir()
    with running_ehr(data, vendor="oracle", token_seconds=3600) as ehr:
        yield ehr


@pytest.fixture
def address(request: pytest.FixtureRequest, sink: str, posting_ehr: Ehr) -> dict[str, str]:
    """Where the EHR of this sink is, and a token for it."""
    if sink == "oracle-sandbox":
        vendor: Ehr = request.getfixturevalue("oracle_ehr")
        return {"base": vendor.base, "token": vendor.launched()["access_token"]}
    if sink == "oracle":
        running: Oracle = request.getfixturevalue("oracle")
        running.charges.clear()
        running.transactions.clear()
        return {"base": running.base, "token": ""}
    return {"base": posting_ehr.base, "token": posting_ehr.launched()["access_token"]}


def rounds(folder: Path, lines: int = 1, stride: int = 1, **given: Any) -> list[dict[str, Any]]:
    """What each killed and restarted process left."""
    argument = json.dumps({"folder": str(folder), "key": make_key(), "lines": lines, "stride": stride, **given})
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.functional.posting.dying", argument],
        cwd=CHECKOUT,
        env=os.environ | {"PYTHONPATH": str(CHECKOUT)},
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout[-2000:]
    return [json.loads(line) for line in done.stdout.splitlines()]


# Steps: at least the six around storing the intent, writing and hearing the answer; each round is one of them.
LEAST_STEPS = 14


@verifies("WR-02", "WR-03")
@pytest.mark.parametrize(
    ("sink", "what", "first_code", "charges"),
    [
        ("fhir", "create", 10000, [["billable", 1, "1"]]),
        ("fhir", "change", 11000, [["billable", 2, "2"]]),
        ("fhir", "dismiss", 12000, [["not-billable", 1, "2"]]),
        ("oracle-sandbox", "create", 13000, [["billable", 1, "1"]]),
        ("oracle-sandbox", "change", 14000, [["billable", 2, "1"]]),
        ("oracle-sandbox", "dismiss", 15000, []),
    ],
)
def test_killed_at_any_step_each_charge_stands_once(
    tmp_path: Path, address: dict[str, str], sink: str, what: str, first_code: int, charges: list[Any]
) -> None:
    """Whatever was the last step, the EHR holds what was accepted, once, and our records say that it does."""
    left = rounds(tmp_path, sink=sink, what=what, first_code=first_code, **address)
    assert len(left) >= LEAST_STEPS
    assert [each["charges"] for each in left] == [[charges]] * len(left)
    assert {tuple(each["states"]) for each in left} == {("done",)}
    assert {word for each in left for word in each["outcomes"]} <= {"sent", "already"}


@verifies("WR-02", "WR-03")
@pytest.mark.parametrize(
    ("sink", "what", "first_code", "charges"),
    [
        ("fhir", "create", 20000, [["billable", 1, "1"]]),
        ("fhir", "change", 30000, [["billable", 2, "2"]]),
        ("oracle-sandbox", "create", 40000, [["billable", 1, "1"]]),
        ("oracle-sandbox", "change", 50000, [["billable", 2, "1"]]),
    ],
)
def test_killed_while_several_are_on_their_way_each_stands_once(
    tmp_path: Path, address: dict[str, str], sink: str, what: str, first_code: int, charges: list[Any]
) -> None:
    """Five lines, four of them at a time: whichever were sent, asked for or not begun, each is there once in the end.

    A kill at every seventh step, which is at another place of another line each time.
    """
    left = rounds(tmp_path, 5, 7, sink=sink, what=what, first_code=first_code, **address)
    assert len(left) >= LEAST_STEPS * 5 // 7
    assert [each["charges"] for each in left] == [[charges] * 5] * len(left)
    assert {tuple(each["states"]) for each in left} == {("done",) * 5}
    assert {word for each in left for word in each["outcomes"]} <= {"sent", "already"}


@pytest.mark.parametrize("sink", ["oracle"])
def test_no_operation_takes_effect_twice(tmp_path: Path, address: dict[str, str], oracle: Oracle, sink: str) -> None:
    """Each killed and repeated `$modify` made one new charge of its old one: two for each round, one of them active."""
    left = rounds(tmp_path, sink=sink, what="change", first_code=16000, **address)
    by_code: dict[str, int] = {}
    for charge in oracle.charges.values():
        code = charge["code"]["coding"][0]["code"]
        by_code[code] = by_code.get(code, 0) + 1
    # The round that got to its end alive is the last one; it has two as well.
    assert sorted(by_code.values()) == [2] * (len(left) + 1)
