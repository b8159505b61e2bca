"""Every requirement is verified by a test that names it, or says why not yet."""

import ast
import re

from tests.repo.requirements import Requirement, all_requirements, ids_of, verified_by

COUNTS = {"SEC": 16, "CTX": 7, "RD": 13, "WR": 12, "TS": 5}


def test_the_table_lists_each_id_once_and_in_order():
    """SEC-01 to SEC-16, CTX-01 to CTX-07 and so on, each with its words."""
    expected = [f"{family}-{number:02d}" for family, last in COUNTS.items() for number in range(1, last + 1)]

    assert [each.id for each in all_requirements()] == expected
    assert [each.id for each in all_requirements() if not (each.requirement.strip() and each.section.strip())] == []


def test_a_requirement_has_a_test_or_a_reason_never_both():
    """A test that was added takes the reason out of `not_yet`; one that went brings it back."""
    wrong = [_problem(each) for each in all_requirements() if bool(each.not_yet.strip()) == (each.id in verified_by())]

    assert wrong == []


def test_only_two_may_wait_for_a_reason():
    """Both need a machine that isn't to be had here; a third is a gap."""
    assert {each.id for each in all_requirements() if each.not_yet.strip()} <= {"TS-03", "TS-04"}


def test_guards_of_security_and_writing_were_seen_to_hold():
    """What was taken out to see the test fail is written down for each; without it nobody knows that it can."""
    families = ("SEC-", "WR-")
    assert [each.id for each in all_requirements() if each.id.startswith(families) and not each.seen_red.strip()] == []


def _problem(each: Requirement) -> str:
    if each.not_yet.strip():
        return f"{each.id}: empty its not_yet, for {verified_by()[each.id][0]} verifies it"
    return f'{each.id}: no test says @verifies("{each.id}")'


def test_no_test_names_an_unknown_id():
    """A misspelt id would verify nothing."""
    assert set(verified_by()) - {each.id for each in all_requirements()} == set()


def test_only_what_is_verified_can_have_been_seen_red():
    """`seen_red` says what was taken out to see the requirement's tests fail."""
    assert [each.id for each in all_requirements() if each.seen_red.strip() and each.not_yet.strip()] == []


def test_reading_the_marks():
    """Both ways of writing the mark count, with several ids; a test that is left out or may fail verifies nothing."""
    functions = [
        '@verifies("A-1")\n@verifies("A-2", "A-3")\ndef test_a(): ...',
        '@pytest.mark.verifies("A-4")\ndef test_b(): ...',
        '@pytest.mark.skip(reason="x")\n@verifies("A-5")\ndef test_c(): ...',
        '@verifies("A-6")\n@pytest.mark.xfail\ndef test_d(): ...',
    ]
    found = [ids_of(function) for text in functions for function in ast.parse(text).body]

    assert found == [["A-1", "A-2", "A-3"], ["A-4"], [], []]
    assert all(re.fullmatch(r"[A-Z]+-\d\d", each.id) for each in all_requirements())
