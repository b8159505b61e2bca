"""The top level is fixed; what a newcomer sees first must stay what the documentation says."""

import tomllib

from tests.conftest import TIERS
from tests.repo import tracked

FOLDERS = {"plugin", "fhir_mappings", "static", "tests", "docs"}
FILES = {"pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE", "Makefile"}


def test_the_top_level_holds_what_the_owner_fixed_and_dot_names_only():
    """Nothing stands at the top level but the fixed names, dot-files and dot-folders."""
    top = {path.split("/")[0] for path in tracked.paths()}

    assert {name for name in top if not name.startswith(".")} - FOLDERS - FILES == set()


def test_the_top_level_lacks_no_fixed_name():
    """Every folder and file that the layout promises exists."""
    top = {path.split("/")[0] for path in tracked.paths()}

    assert (FOLDERS | FILES) - top == set()


def test_tests_live_in_the_named_tiers():
    """Every test module lies in the folder of its tier."""
    stray = [
        path
        for path in tracked.python_files("tests")
        if path.split("/")[-1].startswith("test_") and path.split("/")[1] not in TIERS
    ]

    assert stray == []


def test_both_packages_say_that_they_are_typed():
    """Type checkers of those who import us find the marker in both packages."""
    assert {f"{package}/py.typed" for package in tracked.PRODUCT} <= set(tracked.paths())


def test_the_changelog_has_its_two_streams_and_the_current_version():
    """Coders and operators each find their own stream, and the version of pyproject.toml is in it."""
    project = tomllib.loads(tracked.text("pyproject.toml"))["project"]
    changelog = tracked.text("CHANGELOG.md").splitlines()

    assert [line for line in changelog if line.startswith("## ")] == ["## Coding rules", "## Software"]
    assert any(line.startswith(f"### {project['version']} ") for line in changelog)


def test_the_licence_is_the_whole_apache_licence():
    """LICENSE is the full text, and pyproject.toml names it."""
    licence = tracked.text("LICENSE")

    assert "Apache License" in licence.splitlines()[1] + licence.splitlines()[0]
    assert "APPENDIX: How to apply the Apache License to your work." in licence
    assert tomllib.loads(tracked.text("pyproject.toml"))["project"]["license"] == "Apache-2.0"
