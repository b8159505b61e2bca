"""Which scenarios the slow implementation has a say about: `python -m tests.properties.scope` counts them.

What lies outside is outside for a reason that is named; those scenarios are tested by their tables alone.
"""

import sys
from collections import Counter
from collections.abc import Sequence

from plugin.domain import Administration, Chart
from tests.properties import slow
from tests.properties.comparing import as_rows
from tests.scenarios.scenario import Scenario, all_scenarios

OUTPATIENT = ("AMB", "EMER", "OBSENC", "SS")


def rows_of(scenario: Scenario) -> list[slow.Row]:
    """The scenario's rows and, by trying, that they can be counted; OutOfScopeError says what stands against it."""
    charted = scenario.chart
    for what, there in _beyond(scenario, charted).items():
        if there:
            raise slow.OutOfScopeError(what)
    rows = as_rows(charted)
    slow.units_by_code(rows, scenario.values["setting"])
    return rows


def _beyond(scenario: Scenario, charted: Chart) -> dict[str, bool]:
    given = charted.administrations
    office = scenario.values["setting"] == "office"
    return {
        "a position other than the default": bool(scenario.positions),
        "an office visit with a charted reason": office and bool(charted.encounter.reasons),
        "a visit with a reason in words": any(t.system == "text" for t in charted.encounter.reasons),
        "a class other than outpatient, or that changes": charted.encounter.encounter_class not in OUTPATIENT
        or bool(charted.encounter.classes),
        "another encounter that day or soon after": bool(charted.neighbours),
        "procedures": bool(charted.procedures),
        "a note or a reason in words": any(a.notes or any(t.system == "text" for t in a.reasons) for a in given),
        "an ordered or documented length": any(a.ordered_minutes or a.infuse_over for a in given),
        "a pump": any("pump" in f"{a.route_text} {a.drug.text}".lower() for a in given),
        "a drug with a code of its own": any("pemivibart" in a.drug.text.lower() for a in given),
        "drugs pushed at one moment without a site": _at_one_moment(given),
    }


def _at_one_moment(given: Sequence[Administration]) -> bool:
    bare = Counter(a.start for a in given if not a.site)
    return any(count > 1 for count in bare.values())


def partition() -> tuple[list[Scenario], dict[str, list[str]]]:
    """The scenarios in scope, and the ids of the others by what stands against them."""
    inside: list[Scenario] = []
    outside: dict[str, list[str]] = {}
    for scenario in all_scenarios():
        try:
            rows_of(scenario)
        except slow.OutOfScopeError as reason:
            outside.setdefault(str(reason), []).append(scenario.id)
        else:
            inside.append(scenario)
    return inside, outside


def main() -> None:
    """Say how many scenarios are in scope and why the others are not."""
    inside, outside = partition()
    lines = [f"{len(inside)} of {len(all_scenarios())} scenarios are in scope of the slow implementation"]
    lines += [f"{len(ids):5} {reason}" for reason, ids in sorted(outside.items(), key=lambda item: -len(item[1]))]
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
