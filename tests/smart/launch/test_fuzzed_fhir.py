"""An EHR that answers every read and search with something odd: the pages stay clear, none is a defect of ours."""

import copy
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.smart.launch.conftest import Browser
from tests.smart.launch.fake_ehr import FakeEhr
from tests.smart.launch.test_roles import (  # noqa: F401 - the fixture is used by its name
    clinic,
    session_of,
)

PAGES = ("/", "/report", "/encounter")
HUGE, DEEP = '"HUGE"', '"DEEP"'
ODD_TEXTS = st.sampled_from([
    *("9999-99-99", "2026-02-30T25:61:00Z", "0000-01-01", "2026-03-02T10:00:00+99:00", "2026", "", " ", "\x00", "💉"),
    *("Patient/", "Patient/../x", "#", "http://[", "urn:uuid:", "Encounter/" + "9" * 300, "HUGE", "DEEP"),
])  # fmt: skip
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | ODD_TEXTS
    | st.text(max_size=20)
)
ANY_JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
ODD = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def written(value: Any) -> str:
    """JSON text, with a number and a nesting that `json` would not write."""
    text = json.dumps(value)
    return text.replace(HUGE, "1e" + "9" * 8).replace(DEEP, "[" * 2000 + "]" * 2000)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place below a value."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [each for name, item in items for each in ((*path, name), *places(item, (*path, name)))]


def spoilt(value: Any, path: tuple[Any, ...], odd: Any) -> Any:
    """The same with something odd at one place."""
    made = copy.deepcopy(value)
    inner = made
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = odd
    return made


def opened(browser: Browser, session: str) -> None:
    """Open every page; a chart that can't be read is an explained error, never a defect."""
    for page in PAGES:
        answer = browser.get(f"{session}{page}")
        assert answer.status_code != 500, answer.text
        assert b"Traceback" not in answer.data
        answer.close()


@pytest.fixture
def session(clinic: Browser) -> str:  # noqa: F811
    """A coder's session."""
    return session_of(clinic, "coder")


@given(data=st.data(), odd=ANY_JSON)
@settings(ODD, max_examples=150)
def test_something_odd_at_any_place_of_any_answer(
    clinic: Browser,  # noqa: F811
    ehr: FakeEhr,
    session: str,
    data: st.DataObject,
    odd: Any,
) -> None:
    """One element of one resource, or of the Bundle around it, is anything."""
    kinds = sorted(kind for kind, found in ehr.resources.items() if not isinstance(found, str))
    kind = data.draw(st.sampled_from(kinds))
    whole = ehr.resources[kind]
    place = data.draw(st.sampled_from(places(whole)))
    ehr.resources[kind] = written(spoilt(whole, place, odd))
    try:
        opened(clinic, session)
    finally:
        ehr.resources[kind] = whole


@given(odd=ANY_JSON)
@example("DEEP")
@example("HUGE")
@example({"resourceType": "Bundle", "entry": "DEEP"})
@example({"resourceType": "Bundle", "entry": [{"resource": {"resourceType": "Encounter", "id": "HUGE"}}]})
@settings(ODD, max_examples=60)
def test_anything_in_place_of_every_answer(clinic: Browser, ehr: FakeEhr, session: str, odd: Any) -> None:  # noqa: F811
    """Wherever a resource or a Bundle should be, for all of them at once."""
    whole = dict(ehr.resources)
    ehr.resources.update(dict.fromkeys(whole, written(odd)))
    try:
        opened(clinic, session)
    finally:
        ehr.resources.update(whole)
