"""The locks install the same bytes everywhere, and from wherever the installing machine chooses."""

import re
import sys
import tomllib
from importlib.metadata import packages_distributions

import pytest

from tests.repo import tracked

LOCKS = [path for path in tracked.paths() if path.startswith(".locks/")]
_PIN = re.compile(r"^(?P<name>[a-z0-9][a-z0-9-]*)(?:\[[a-z0-9,-]+\])?==(?P<version>[^ ;\\]+)(?: ; [^\\]+)?(?: \\)?$")
_HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}(?: \\)?$")


def pins(lock: str) -> dict[str, set[str]]:
    """Name to pinned versions; one name may be pinned twice under different markers."""
    found: dict[str, set[str]] = {}
    for line in tracked.text(lock).splitlines():
        if match := _PIN.match(line):
            found.setdefault(match["name"], set()).add(match["version"])
    return found


def requirement_names(requirements: list[str]) -> set[str]:
    """Normalised distribution names of requirement strings."""
    return {
        re.split(r"[\s\[;<>=!~]", each, maxsplit=1)[0].lower().replace(".", "-").replace("_", "-")
        for each in requirements
    }


def test_there_is_one_lock_for_use_one_for_development_and_one_for_each_extra():
    """No lock is missing and none is left over."""
    project = tomllib.loads(tracked.text("pyproject.toml"))["project"]
    extras = {f".locks/{extra}.txt" for extra in project["optional-dependencies"]}

    assert set(LOCKS) == {".locks/use.txt", ".locks/development.txt"} | extras


@pytest.mark.parametrize("lock", LOCKS)
def test_every_line_is_a_pin_or_a_hash(lock):
    """No index address, no path, no option and no comment stands in a lock: only pins, each followed by its hashes."""
    lines = tracked.text(lock).splitlines()

    assert [line for line in lines if not _PIN.match(line) and not _HASH.match(line)] == []
    assert [
        line for line, after in zip(lines, [*lines[1:], ""], strict=True) if _PIN.match(line) and not _HASH.match(after)
    ] == []


@pytest.mark.parametrize("lock", [lock for lock in LOCKS if lock != ".locks/use.txt"])
def test_the_other_locks_hold_everything_of_the_use_lock_at_the_same_version(lock):
    """What was tested is what is used."""
    use, other = pins(".locks/use.txt"), pins(lock)

    assert {name: other.get(name) for name in use} == use


def test_the_locks_cover_what_the_project_asks_for():
    """A dependency added to pyproject.toml without `make locks` is found here."""
    project = tomllib.loads(tracked.text("pyproject.toml"))
    groups = project["dependency-groups"]
    development = [each for group in groups.values() for each in group if isinstance(each, str)]

    assert requirement_names(project["project"]["dependencies"]) - set(pins(".locks/use.txt")) == set()
    assert requirement_names(development) - set(pins(".locks/development.txt")) == set()
    for extra, wanted in project["project"]["optional-dependencies"].items():
        assert requirement_names(wanted) - set(pins(f".locks/{extra}.txt")) == set()


def test_the_product_imports_only_what_it_declares():
    """What the packages import from outside the standard library is a dependency or an extra, by its own name."""
    project = tomllib.loads(tracked.text("pyproject.toml"))["project"]
    extras = [each for wanted in project["optional-dependencies"].values() for each in wanted]
    declared = requirement_names([*project["dependencies"], *extras])
    distributions = packages_distributions()
    foreign = {
        name.split(".")[0]
        for path in tracked.python_files(*tracked.PRODUCT)
        for name in tracked.imported_names(path)
        if name.split(".")[0] not in sys.stdlib_module_names | set(tracked.PRODUCT) | {"_typeshed"}
    }

    assert {name for name in foreign if not requirement_names(distributions.get(name, [name])) & declared} == set()
