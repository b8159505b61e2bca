"""Generated exports: repeatable, varied, bounded, and true by their plan."""

import csv
import gzip
import json
from collections import Counter, defaultdict
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import pytest

from plugin.bulk.errors import BulkError
from plugin.bulk.generating import visits
from plugin.bulk.generating.bodies import Body, fitted, mosteller
from plugin.bulk.generating.formulary import products
from plugin.bulk.generating.mistakes import charge_visit
from plugin.bulk.generating.plan import Dose, Earned, Plan
from plugin.bulk.generating.supplies import charge_supplies, supply
from plugin.bulk.generating.wish import Wish
from plugin.bulk.generating.writing import generate

MONDAY = datetime(2026, 3, 2, 9, tzinfo=ZoneInfo("America/Chicago"))
DAY = date(2026, 3, 2)
DECIDING = ("status", "medicationCodeableConcept", "dosage", "extension")


def written(folder: Path) -> dict[str, bytes]:
    """Every file of an export by its name."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def resources(folder: Path, kind: str) -> list[dict]:
    """The resources of a type, in the order of their files."""
    lines = [line for path in sorted(folder.glob(f"{kind}.*")) for line in path.read_text("utf-8").splitlines()]
    return [json.loads(line) for line in lines]


def test_the_same_seed_writes_the_same_bytes_and_another_seed_others(tmp_path):
    """A report on generated data can be repeated from its seed."""
    for name, seed in (("one", 5), ("same", 5), ("other", 6)):
        generate(Wish(encounters=40, seed=seed), tmp_path / name)

    assert written(tmp_path / "one") == written(tmp_path / "same")
    assert written(tmp_path / "one") != written(tmp_path / "other")


def test_no_two_of_a_thousand_encounters_have_equal_inputs(tmp_path):
    """Drugs, doses, offsets from the visit's start and segments: nothing a cache of whole visits could hit."""
    generate(Wish(encounters=1000, seed=3), tmp_path / "export")
    begins = {f"Encounter/{e['id']}": e["period"]["start"] for e in resources(tmp_path / "export", "Encounter")}
    given = defaultdict(list)
    for administration in resources(tmp_path / "export", "MedicationAdministration"):
        visit = "Encounter/" + administration["id"].split("-")[0]
        given[visit].append(input_of(administration, datetime.fromisoformat(begins[visit])))

    assert len(begins) == 1000
    assert [inputs for inputs, count in Counter(map(str, given.values())).items() if count > 1] == []


def input_of(administration: dict, begins: datetime) -> dict:
    """What of it decides the coding, with times counted from the visit's start."""

    def offset(written: str) -> float:
        return (datetime.fromisoformat(written) - begins).total_seconds()

    kept = {name: administration.get(name) for name in DECIDING}
    kept["drug"] = administration.get("medicationReference", {}).get("display")
    for name in ("effectiveDateTime", "effectivePeriod"):
        value = administration.get(name, {})
        kept[name] = {end: offset(at) for end, at in value.items()} if isinstance(value, dict) else offset(value)
    return kept


@pytest.mark.parametrize(
    ("seconds", "pieces"),
    [(61 * 60, 1), (91 * 60 + 59, 3)],
)
def test_a_plan_dates_its_lines_to_the_start_of_the_service(seconds, pieces):
    """A run from 23:30 on the second is charged on the second, whenever it ends."""
    product = visits.some(Random(1), "infused", 1)[0]
    dose = Dose(product, "infusion", 14 * 3600 + 1800, seconds, "1", 1, pieces)
    plan = Plan("any", "OBSENC", MONDAY, [dose], [Earned("96365", 1, dose), Earned("96366", 1, dose)])

    assert {("96365", DAY, ""): 1, ("96366", DAY, ""): 1} == plan.lines(plan.earned)


def test_the_minutes_of_a_planned_infusion_lie_in_the_range_that_earns_its_units():
    """One hour and n further ones: 31 + 60 n to 90 + 60 n minutes; without a further one 16 to 90."""
    for seed in range(300):
        plan = visits.single_infusion(Random(seed), MONDAY)
        units = {line.code: line.units for line in plan.earned}
        further = units.get("96366", 0)
        minutes = (plan.doses[0].seconds or 0) // 60

        assert units["96365"] == 1
        assert (31 + 60 * further if further else 16) <= minutes <= 90 + 60 * further


def test_hydration_of_thirty_minutes_or_less_earns_nothing():
    """31 minutes is the least; both sides of it are planned."""
    plans = [visits.hydration_alone(Random(seed), MONDAY) for seed in range(200)]

    assert {bool(plan.earned) for plan in plans} == {True, False}
    assert all(((plan.doses[0].seconds or 0) // 60 >= 31) == bool(plan.earned) for plan in plans)


def test_what_is_charged_differs_from_the_plan_only_where_a_mistake_was_seeded():
    """Each line's direction is the sign of charged less supported."""
    for seed in range(400):
        plan = visits.plan_visit(Random(seed), MONDAY)
        for line in charge_visit(Random(seed), plan, under=0.5, over=0.5):
            more = line.charged - line.supported
            expected = "" if more == 0 else "under" if more < 0 else "over"

            assert line.direction == ("undocumented" if plan.unproven and more > 0 else expected)


def test_without_mistakes_everything_earned_is_charged_and_nothing_else():
    """A clean export has no line to find."""
    for seed in range(200):
        plan = visits.single_infusion(Random(seed), MONDAY)
        truth = charge_visit(Random(seed), plan, under=0, over=0)

        assert [line for line in truth if line.supported != line.charged] == []
        assert {line.key: line.supported for line in truth} == plan.lines(plan.earned)


def test_truth_names_every_encounter_and_its_charges_are_those_written(tmp_path):
    """What truth.csv says was charged is what the ChargeItems say."""
    folder = tmp_path / "export"
    generate(Wish(encounters=120, seed=2), folder)
    with (folder / "truth.csv").open(encoding="utf-8", newline="") as lines:
        truth = list(csv.DictReader(lines))
    charged = Counter({(t["encounter"], t["code"]): int(t["units_charged"]) for t in truth if int(t["units_charged"])})
    items = Counter()
    for item in resources(folder, "ChargeItem"):
        encounter = "/".join(item["context"]["reference"].removesuffix("/_history/1").split("/")[-2:])
        items[(encounter, billed_code(item))] += item["quantity"]["value"]

    assert {f"Encounter/{e['id']}" for e in resources(folder, "Encounter")} == {t["encounter"] for t in truth}
    assert len({t["encounter"] for t in truth}) == 120
    assert items == charged


def billed_code(item: dict) -> str:
    """Of its procedure-code extension where it has one, else its own."""
    extension = next((e for e in item.get("extension", []) if e["url"].endswith("/procedure-code")), None)
    concept = extension["extension"][0]["valueCodeableConcept"] if extension else item["code"]
    return concept["coding"][0]["code"]


def test_files_follow_one_another_when_full_and_belong_to_their_owner_alone(tmp_path):
    """Several files of a type, zipped when wished, none readable by others."""
    folder = tmp_path / "export"
    generate(Wish(encounters=30, zipped=True, lines_per_file=25), folder)
    administrations = sorted(folder.glob("MedicationAdministration.*.ndjson.gz"))
    lines = [gzip.decompress(path.read_bytes()).count(b"\n") for path in administrations]

    assert len(administrations) > 1
    assert set(lines[:-1]) == {25}
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


def test_a_folder_that_holds_something_is_refused(tmp_path):
    """Two exports mixed would be neither."""
    (tmp_path / "kept").write_text("x")

    with pytest.raises(BulkError, match="not empty"):
        generate(Wish(encounters=1), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


def test_a_charge_that_nothing_earned_is_over():
    """Nothing is earned for an inpatient, so whatever is charged is one too many."""
    plan = visits.inpatient(Random(1), MONDAY)
    truth = charge_visit(Random(4), plan, under=0, over=1)

    assert [(line.supported, line.charged, line.direction) for line in truth] == [(0, 1, "over")]


def drug(name: str, way: str, start: int = 0, order: int = 1) -> Dose:
    """A drug of the formulary, given once."""
    product = next(p for of_it in products().values() for p in of_it if p.drug == name)
    return Dose(product, way, start, None, "1", order)


def supplied(*doses: Dose, seed: int = 1, body: Body | None = None) -> Plan:
    """A visit with these doses charted in units and waste."""
    plan = Plan("any", "AMB", MONDAY, list(doses))
    supply(Random(seed), plan, body)
    return plan


def test_the_line_of_a_drug_follows_from_its_charted_amounts():
    """Ketorolac: 15 mg a unit. JZ where nothing was discarded, else the waste on a line of its own with JW."""
    for seed in range(40):
        plan = supplied(drug("ketorolac", "push"), seed=seed)
        (dose,) = plan.doses
        lines = {(line.code, line.modifiers): line.units for line in plan.supplied}
        discarded = 0 if "nothing" in dose.note else int(dose.note.split()[4])

        units = int(dose.dose) // 15
        assert int(dose.dose) in (15, 30)
        expected = {("J1885", ""): units, ("J1885", "JW"): discarded // 15} if discarded else {("J1885", "JZ"): units}
        assert lines == expected


def test_what_a_day_has_of_a_drug_is_one_line():
    """Twice ondansetron, 1 mg a unit: units and waste of both together."""
    plan = supplied(drug("ondansetron", "push"), drug("ondansetron", "push", 3600, 2), seed=3)
    given = sum(int(dose.dose) for dose in plan.doses)

    assert sum(line.units for line in plan.supplied if line.modifiers != "JW") == given
    assert len({line.modifiers for line in plan.supplied} - {"JW"}) == 1


@pytest.mark.parametrize(
    ("name", "earned", "unsettled"),
    [("sodium chloride 0.9%", [("J7030", "", 1)], False), ("vancomycin", [], True), ("ibuprofen", [], False)],
)
def test_fluids_have_no_waste_and_a_name_of_several_codes_earns_none(name, earned, unsettled):
    """1000 mL is a unit; which vancomycin it was, the chart doesn't say; tablets are not charged."""
    plan = supplied(drug(name, "infusion"))

    assert [(line.code, line.modifiers, line.units) for line in plan.supplied] == earned
    assert plan.unsettled is unsettled


def test_the_surface_of_a_body_is_mosteller_s():
    """170 cm and 72 kg: the root of 3.4, which is 1.84 m2."""
    assert mosteller(Decimal(170), Decimal(72)) == Decimal("1.84")


@pytest.mark.parametrize(
    ("per", "rate", "unit", "expected"),
    [
        # 1.84 m2 by 85 mg are 156.4 mg, no whole number of 0.5 mg; 1.80 m2 are 153 mg, 306 of them.
        ("m2", "85", "0.5", "1.8"),
        # 72 kg by 1 mg are no whole number of 5 mg; 70 kg are nearer than 75.
        ("kg", "1", "5", "70"),
    ],
)
def test_a_body_is_fitted_to_whole_units(per, rate, unit, expected):
    """The nearest one, its parts agreeing with one another."""
    body = Body(Decimal(170), Decimal(72), Decimal("1.84"))
    made = fitted(body, per, lambda size: not Decimal(rate) * size % Decimal(unit))

    assert (made.surface if per == "m2" else made.weight) == Decimal(expected)
    assert mosteller(made.height, made.weight) == made.surface


def test_a_dose_by_the_body_is_charged_by_what_the_body_makes_of_it():
    """Oxaliplatin by square meters: rate times surface in units of 0.5 mg."""
    body, seen = Body(Decimal(170), Decimal(72), Decimal("1.84")), set()
    for seed in range(60):
        plan = supplied(drug("oxaliplatin", "infusion"), seed=seed, body=body)
        (dose,) = plan.doses
        given = next(line.units for line in plan.supplied if line.modifiers != "JW")
        seen.add(dose.unit)
        if dose.unit:
            assert given == Decimal(dose.dose) * plan.body.surface / Decimal("0.5")
        else:
            assert (given, plan.body) == (Decimal(dose.dose) / Decimal("0.5"), None)

    assert seen == {"mg/m2", ""}


def test_measures_are_written_where_a_dose_goes_by_them(tmp_path):
    """By hand from the resources: rate times weight or surface of that visit is what truth.csv says was given."""
    folder = tmp_path / "export"
    generate(Wish(encounters=400, seed=12, drugs=True, under=0, over=0), folder)
    measured = {each["id"]: Decimal(str(each["valueQuantity"]["value"])) for each in resources(folder, "Observation")}
    with (folder / "truth.csv").open(encoding="utf-8", newline="") as lines:
        truth = {(t["encounter"], t["code"]): t for t in csv.DictReader(lines) if t["modifiers"] != "JW"}
    checked = Counter()
    for given in resources(folder, "MedicationAdministration"):
        dose = given.get("dosage", {}).get("dose", {})
        if dose.get("code") == "mg/m2" and "paclitaxel" in json.dumps(given):
            visit = given["id"].split("-")[0]
            line = truth[(f"Encounter/{visit}", "J9267")]
            assert Decimal(str(dose["value"])) * measured[f"{visit}-m2"] == int(line["units_supported"])
            assert mosteller(measured[f"{visit}-cm"], measured[f"{visit}-kg"]) == measured[f"{visit}-m2"]
            checked["m2"] += 1

    assert checked["m2"] > 3


def test_without_the_drugs_nobody_is_measured(tmp_path):
    """The Observations belong to the doses that go by them."""
    generate(Wish(encounters=60, seed=12), tmp_path / "export")

    assert resources(tmp_path / "export", "Observation") == []


def test_mistakes_with_drugs_go_the_way_they_are_said_to():
    """Too little is under; too much is over, or undocumented where a product was left open."""
    for seed in range(200):
        others = [drug("vancomycin", "infusion", 7200, 2)] if seed % 2 else []
        plan = supplied(drug("ketorolac", "push"), *others, seed=seed)
        for line in charge_supplies(Random(seed), plan, under=0.5, over=0.5):
            more = line.charged - line.supported
            assert line.direction == ("under" if more < 0 else "" if not more else "undocumented" if others else "over")


def test_drugs_leave_the_visits_of_a_seed_as_they_are(tmp_path):
    """The administrations and their charges are the same with and without."""
    for name, drugs in (("with", True), ("without", False)):
        generate(Wish(encounters=50, seed=8, drugs=drugs), tmp_path / name)
    truth = {
        name: [line for line in (tmp_path / name / "truth.csv").read_text("utf-8").splitlines() if ",J" not in line]
        for name in ("with", "without")
    }

    assert [line for line in truth["with"] if line in truth["without"]] == truth["with"]
    assert written(tmp_path / "with")["Encounter.000.ndjson"] == written(tmp_path / "without")["Encounter.000.ndjson"]
