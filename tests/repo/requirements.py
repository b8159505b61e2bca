"""The requirements of `docs/requirements.csv` and the tests that verify them, found by their `@verifies("ID")`."""

import ast
import csv
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from tests.repo import tracked

TABLE = "docs/requirements.csv"
LEFT_OUT = {"skip", "skipif", "xfail"}


@dataclass(frozen=True)
class Requirement:
    """One row; `not_yet` is the reason why no test verifies it.

    `seen_red` names what was taken out of the product to see its tests fail, empty where nobody has.
    """

    id: str
    section: str
    requirement: str
    not_yet: str
    seen_red: str


@cache
def all_requirements() -> tuple[Requirement, ...]:
    """Every row, in the order of the file."""
    with (tracked.CHECKOUT / TABLE).open(encoding="utf-8", newline="") as file:
        return tuple(Requirement(**row) for row in csv.DictReader(file, strict=True))


@cache
def verified_by() -> dict[str, tuple[str, ...]]:
    """The tests that name each id, as pytest writes them: `tests/unit/x.py::test_y`."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in tracked.python_files("tests"):
        if path.rpartition("/")[2].startswith("test_"):
            for name, function in _tests(tracked.tree(path).body):
                for id in ids_of(function):
                    found[id].append(f"{path}::{name}")
    return {id: tuple(sorted(tests)) for id, tests in found.items()}


def _tests(body: list[ast.stmt]) -> Iterator[tuple[str, ast.FunctionDef]]:
    """What pytest collects, with the name of its class before it."""
    for node in body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            yield node.name, node
        elif isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
            yield from ((f"{node.name}::{name}", function) for name, function in _tests(node.body))


def ids_of(function: ast.FunctionDef) -> list[str]:
    """The ids a test names; none for a test that is never run or may fail."""
    ids: list[str] = []
    for decorator in function.decorator_list:
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
        if name in LEFT_OUT:
            return []
        if name == "verifies" and isinstance(decorator, ast.Call):
            ids += [str(ast.literal_eval(argument)) for argument in decorator.args]
    return ids
