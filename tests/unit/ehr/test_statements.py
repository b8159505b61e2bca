"""CapabilityStatements: public, cached for an hour, last good kept."""

import pytest

from plugin.ehr.errors import EhrError, Unreachable
from plugin.ehr.statements import CACHE_SECONDS, Statements
from tests.unit.ehr.fakes import BASE, FakeEhr, answer, in_turn, tenant

STATEMENT = {"resourceType": "CapabilityStatement", "rest": []}


def test_asked_without_a_token_and_kept() -> None:
    """One request an hour; when the server fails then, the last statement stands."""
    moment = [0.0]
    ehr = FakeEhr(in_turn(answer(STATEMENT), Unreachable("down")))
    statements = Statements(ehr, lambda: moment[0])
    assert statements.of(tenant()) == STATEMENT
    moment[0] = CACHE_SECONDS - 1
    assert statements.of(tenant()) == STATEMENT
    moment[0] = CACHE_SECONDS + 1
    assert statements.of(tenant()) == STATEMENT
    assert [(each.url, each.token) for each in ehr.sent] == [(f"{BASE}/metadata", "")] * 2


@pytest.mark.parametrize("reply", [answer("<html>"), answer(None, 401), answer({"resourceType": "Bundle"})])
def test_anything_else_is_refused(reply) -> None:
    """A sign-in page, a refusal or another resource says nothing about charges."""
    with pytest.raises(EhrError):
        Statements(FakeEhr(in_turn(reply))).of(tenant())


def test_a_statement_in_doubt_is_asked_for_again() -> None:
    """The EHR refused what it had declared: the next answer stands, and the old one while there is none."""
    newer = {**STATEMENT, "software": {"version": "2"}}
    statements = Statements(FakeEhr(in_turn(answer(STATEMENT), Unreachable("down"), answer(newer))))
    statements.doubt(tenant())
    assert statements.of(tenant()) == STATEMENT
    statements.doubt(tenant())
    assert [statements.of(tenant()) for _ in range(3)] == [STATEMENT, newer, newer]


def test_none_is_kept_where_none_shall_be() -> None:
    """As `demo` has it."""
    newer = {**STATEMENT, "software": {"version": "2"}}
    statements = Statements(FakeEhr(in_turn(answer(STATEMENT), answer(newer))), keep=0.0)
    assert [statements.of(tenant()) for _ in range(2)] == [STATEMENT, newer]
