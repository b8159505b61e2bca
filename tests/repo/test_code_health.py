"""House rules that no linter knows."""

import ast
import re

from tests.repo import tracked
from tests.verifies import verifies

BANNED_WORDS = {"utils", "util", "helpers", "helper", "manager", "handler", "common"}
LONGEST_FUNCTION = 60
# Longer than the limit, each with its reason: "path:function" -> why it reads better whole.
LONG_FUNCTIONS: dict[str, str] = {}
CLOCK_CALLS = {"now", "utcnow", "today", "time", "monotonic", "perf_counter", "time_ns", "localtime", "gmtime"}
CLOCK_OWNERS = {"datetime", "date", "time"}


def words_of(name: str) -> set[str]:
    """The words of an identifier or file name, in lower case: `readAllRows_2` gives read, all, rows, 2."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    return set(re.split(r"[^A-Za-z0-9]+", spaced.lower().replace("_", " ").strip()))


def reads_the_clock(node: ast.AST) -> bool:
    """Is this a call like datetime.now(), date.today() or time.time()?"""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CLOCK_CALLS):
        return False
    owner = node.func.value
    name = owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")
    return name in CLOCK_OWNERS


def test_no_file_or_folder_hides_behind_a_word_that_says_nothing():
    """Names say what is inside; utils and helpers say only that somebody was in a hurry."""
    banned = [
        path for path in tracked.python_files("plugin", "fhir_mappings", "tests") if words_of(path) & BANNED_WORDS
    ]

    assert banned == []


def test_no_function_or_class_hides_behind_a_word_that_says_nothing():
    """The same holds for functions and classes of the product."""
    banned = [
        f"{path}:{node.lineno} {node.name}"
        for path in tracked.python_files(*tracked.PRODUCT)
        for node in ast.walk(tracked.tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        and words_of(node.name) & BANNED_WORDS
    ]

    assert banned == []


def test_functions_stay_short_enough_to_read():
    """No function of the product is longer than the limit, save those listed with a reason."""
    long = {
        f"{path}:{node.name}"
        for path in tracked.python_files(*tracked.PRODUCT)
        for node in tracked.functions(path)
        if (node.end_lineno or node.lineno) - node.lineno + 1 > LONGEST_FUNCTION
    }

    assert long == set(LONG_FUNCTIONS)


def test_every_test_says_what_it_checks():
    """Each test function has a docstring."""
    silent = [
        f"{path}:{node.lineno} {node.name}"
        for path in tracked.python_files("tests")
        if path.split("/")[-1].startswith("test_")
        for node in tracked.functions(path)
        if node.name.startswith("test_") and not ast.get_docstring(node)
    ]

    assert silent == []


@verifies("TS-05")
def test_only_the_r4_resources_of_the_fhir_library_are_imported():
    """The root of fhir.resources is R5; a resource imported from there would accept what R4 servers refuse."""
    wrong = [
        f"{path}: {name}"
        for path in tracked.python_files("plugin", "fhir_mappings", "tests")
        for name in tracked.imported_names(path)
        if name.startswith("fhir.resources") and not name.startswith("fhir.resources.R4B")
    ]

    assert wrong == []


def test_the_core_never_asks_what_time_it_is():
    """The date of service picks tables and rules; an answer must not depend on the day it is asked."""
    asked = [
        f"{path}:{node.lineno}"
        for path in tracked.python_files(*tracked.CORE)
        for node in ast.walk(tracked.tree(path))
        if isinstance(node, ast.Call) and reads_the_clock(node)
    ]

    assert asked == []


def test_the_core_neither_logs_nor_prints():
    """What the core has to say is in its outcomes; print and logging would be a second channel."""
    loud = [
        f"{path}: {name}"
        for path in tracked.python_files(*tracked.CORE)
        for name in tracked.imported_names(path)
        if name.split(".")[0] in {"logging", "warnings", "syslog"}
    ] + [
        f"{path}:{node.lineno} print"
        for path in tracked.python_files(*tracked.CORE)
        for node in ast.walk(tracked.tree(path))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "print"
    ]

    assert loud == []
