"""What helps to choose a visit: whose it is, where it was, how much was given; nothing where the EHR doesn't say."""

from collections.abc import Callable
from typing import Any

from plugin.ehr.client import FhirClient
from plugin.ehr.encounters import find_visits
from plugin.ehr.telling_apart import count_given, find_person, name_places
from plugin.ehr.transport import Answer
from tests.unit.ehr.fakes import FakeEhr, Sent, answer, bundle, tenant
from tests.unit.ehr.test_chart_source import Ehr, administration, full_ehr


def client(ehr: Callable[[Sent], Answer]) -> FhirClient:
    """A client of this server."""
    return FhirClient(FakeEhr(ehr), tenant(), None, lambda _: None)


def counts(ehr: Ehr) -> dict[str, int]:
    """Administrations by visit of patient p1."""
    asking = client(ehr)
    return dict(count_given(asking, tenant(), "p1", find_visits(asking, tenant(), "p1")))


def test_what_was_given_is_counted_by_visit() -> None:
    """Of p1 m1 names e1 and m2 the visit near it; another patient's and what was not done count nowhere."""
    ehr = full_ehr()
    ehr.resources.append(administration("m4", status="not-done"))
    assert counts(ehr) == {"e1": 1, "near": 1, "far": 0}


def test_an_administration_without_a_visit_makes_every_count_unknown() -> None:
    """It may belong to any of them."""
    ehr = full_ehr()
    ehr.resources.append(administration("m4", context=None))
    assert counts(ehr) == {}


def test_more_than_one_page_is_not_counted() -> None:
    """A number that lacks the rest would mislead."""
    ehr = full_ehr()
    first: dict[str, Any] = bundle(administration("m1"))
    more = first | {"link": [{"relation": "next", "url": "MedicationAdministration?page=2"}]}
    ehr.special["MedicationAdministration"] = lambda: answer(more)
    assert counts(ehr) == {}


def test_an_ehr_that_refuses_is_no_hindrance() -> None:
    """No count, no name and no place, and the choice goes on without."""
    ehr = full_ehr()
    asking = client(ehr)
    visits = find_visits(asking, tenant(), "p1")
    for kind in ("MedicationAdministration", "Location", "Patient"):
        ehr.special[kind] = lambda: answer(None, 403)
    assert count_given(asking, tenant(), "p1", visits) == {}
    assert name_places(asking, tenant(), visits) == {}
    assert find_person(asking, "p1") is None


def test_places_are_called_by_their_names() -> None:
    """One that the visit names itself, one that is looked up, one that nobody names."""
    ehr = full_ehr()
    first = next(each for each in ehr.resources if each["id"] == "e1")
    first["location"] = [{"location": {"display": "Chair 7"}}, {"location": {"reference": "Location/l1"}}]
    first["location"].append({"location": {"reference": "Location/l2"}})
    ehr.resources.append({"resourceType": "Location", "id": "l1", "name": "Suite 4"})
    asking = client(ehr)
    visits = find_visits(asking, tenant(), "p1")
    assert [each.places for each in visits if each.id == "e1"] == [("Chair 7", "Location/l1", "Location/l2")]
    assert name_places(asking, tenant(), visits) == {"Location/l1": "Suite 4"}


def test_whose_visits_they_are() -> None:
    """By name."""
    person = find_person(client(full_ehr()), "p1")
    assert person is not None
    assert person.name == "Ann Example"
