"""What a line says of its place without being read is what `place` says of the resource it holds."""

import json
from typing import Any

import msgspec
import pytest

from fhir_mappings.paths import PLACEMENT, READ_IN_BULK
from fhir_mappings.placed_line import key_of, kind_of, read_placed
from fhir_mappings.placement import Placement, place
from plugin.bulk.generating.wish import Wish
from plugin.bulk.generating.writing import generate
from plugin.bulk.lines import parse
from tests.mappings.test_regular import ODD
from tests.unit.bulk.exports import lines_in


def placed(resource: dict[str, Any]) -> Placement | None:
    """As the line says it; None where it is left to `place`."""
    try:
        return read_placed(json.dumps(resource).encode()).placement()
    except msgspec.DecodeError:
        return None


def expected(resource: Any) -> Placement:
    """As `place` says it; versions are told of encounters alone."""
    found = place(resource)
    return found if found.kind == "Encounter" else found._replace(updated="", version="")


def test_every_line_of_a_generated_export_is_placed_as_its_resource(tmp_path):
    """All vendors' shapes; none is left to the long way, and some point to others."""
    generate(Wish(encounters=60, seed=8), tmp_path / "export")
    lines = lines_in(tmp_path / "export")
    found = [read_placed(line).placement() for line in lines]

    assert found == [expected(resource) for line in lines for resource in parse(line)]
    assert any(each.pointed for each in found)


def test_each_element_of_the_table_places_a_line():
    """A resource with only that element says what it says, whatever its type."""
    for path in PLACEMENT:
        value: Any = "Some/one"
        for step in reversed(path.element.split(".")):
            value = {step.removesuffix("[]"): [value] if step.endswith("[]") else value}
        found = placed({"resourceType": path.resource, **value})
        said = "Some/one" if path.element != "id" else f"{path.resource}/Some/one"

        assert found is not None
        assert getattr(found, path.field) == ((said,) if path.field == "pointed" else said)


@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_what_is_odd_is_placed_alike_or_left_to_the_long_way(odd):
    """At every step of every path, and where other types have a place."""
    names = {path.element.split(".")[0].removesuffix("[]") for path in PLACEMENT} | {"meta", "id", "resourceType"}
    for kind in READ_IN_BULK:
        for name in names:
            for value in (odd, {"reference": odd}, [{"reference": odd}], [{"itemReference": {"reference": odd}}]):
                resource = {"resourceType": kind, "id": "x", "subject": {"reference": "Patient/p"}} | {name: value}
                found = placed(resource)

                assert found is None or found == expected(resource)


def test_a_type_that_is_not_placed_is_left_and_its_name_is_known():
    """Wherever the type stands in the line."""
    line = b'{"id": "v", "subject": {"reference": "Patient/p"}, "resourceType": "Immunization"}'
    with pytest.raises(msgspec.DecodeError):
        read_placed(line)

    assert kind_of(line) == "Immunization"
    assert kind_of(b'{"id": "v"}') == ""


def test_a_plain_reference_is_its_own_key_and_another_is_taken_apart():
    """A version, a server's address, and what is no reference to a resource."""
    assert key_of("Patient/p-1") == "Patient/p-1"
    assert key_of("https://ehr.example.org/r4/Patient/p/_history/2") == "Patient/p"
    assert key_of("urn:uuid:6fa160b8-45d5-551a-82b3-155d40d98255") == ""
