"""The documentation points at things that exist, and names what the product has."""

import argparse
import ast
import json
import re
import subprocess
import tomllib
from importlib import import_module
from urllib.parse import unquote

import pytest

from plugin.ehr.tenants_file import parse_tenants
from tests.repo import tracked

PAGES = [path for path in tracked.paths() if path.endswith(".md")]
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_OWN_CODE = re.compile(r"`((?:plugin|fhir_mappings|static|tests|docs)/[\w./-]+)`")


@pytest.mark.parametrize("page", PAGES)
def test_links_to_our_own_files_lead_somewhere(page):
    """Every relative link and picture in a page exists in the repository."""
    folder = (tracked.CHECKOUT / page).parent
    targets = [unquote(link.split("#")[0]) for link in _LINK.findall(tracked.text(page)) if "://" not in link]

    assert [target for target in targets if target and not (folder / target).exists()] == []


@pytest.mark.parametrize("page", PAGES)
def test_files_named_in_the_text_exist(page):
    """A page that sends its reader to a file of ours sends them to one that is there."""
    named = _OWN_CODE.findall(tracked.text(page))

    assert [name for name in named if not (tracked.CHECKOUT / name).exists()] == []


def test_every_make_target_in_the_docs_exists():
    """`make demo`, `make test` and the rest are targets of the Makefile."""
    offered = set(re.findall(r"^([a-z-]+):", tracked.text("Makefile"), re.MULTILINE))
    named = {target for page in PAGES for target in re.findall(r"`make ([a-z-]+)", tracked.text(page))}

    assert named - offered == set()


def test_bare_make_lists_every_command():
    """Each target meant for people carries its `##` comment, and bare make shows it."""
    shown = subprocess.run(["make", "-C", str(tracked.CHECKOUT)], capture_output=True, text=True, check=True).stdout
    offered = set(re.findall(r"^([a-z-]+):", tracked.text("Makefile"), re.MULTILINE)) - {"list-checks"}

    assert {line.split()[1] for line in shown.splitlines() if line.startswith("  make ")} == offered


def test_every_decision_is_numbered_once_and_stands_in_the_navigation():
    """The numbers of the decisions run without gaps, and each page can be found."""
    pages = sorted(path.removeprefix("docs/") for path in tracked.paths() if path.startswith("docs/adr/"))
    navigation = tracked.text(".config/mkdocs.yml")

    assert [int(page[4:8]) for page in pages] == list(range(1, len(pages) + 1))
    assert [page for page in pages if page not in navigation] == []


def test_the_reading_order_of_the_readme_exists():
    """What the README tells a newcomer to read is there."""
    section = tracked.text("README.md").split("## Reading order")[1].split("\n## ")[0]
    steps = re.findall(r"^\d\. `([^`]+)`", section, re.MULTILINE)

    assert len(steps) == 5
    assert [step for step in steps if not (tracked.CHECKOUT / step).exists()] == []


def test_every_key_of_the_tenants_file_is_documented():
    """Someone who writes a tenants file finds each of its keys in the reference."""
    tenant = next(
        node
        for node in ast.walk(tracked.tree("plugin/ehr/tenants.py"))
        if isinstance(node, ast.ClassDef) and node.name == "Tenant"
    )
    keys = {
        each.target.id for each in tenant.body if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name)
    } - {"key"}

    assert keys - documented_settings() == set()


def test_every_environment_setting_is_documented():
    """Someone who starts the app finds each of its settings in the reference."""
    read = {
        name
        for path in tracked.python_files("plugin")
        for name in re.findall(r"INFUSION_CHARGES_[A-Z][A-Z_]*[A-Z]_?", tracked.text(path))
    }
    documented = documented_settings()
    begun = {name[: name.rfind("_") + 1] for name in documented}  # a tenant's name completes them

    assert read
    assert read - documented - begun == set()


@pytest.mark.parametrize(
    "command",
    ["demo", "serve", "code", "audit", "export", "export-charges", "generate", "codebook", "keys", "doctor", "shadow"],
)
def test_every_option_of_a_command_is_documented_and_no_other(command):
    """The command-line page says of each command what its --help says: no option more, none less."""
    section = tracked.text("docs/reference/command-line.md").split(f"\n## {command}\n")[1].split("\n## ")[0]
    documented = set(re.findall(r"`(--[a-z-]+)`", section))

    assert options_of(command) == documented


def options_of(command: str) -> set[str]:
    """The options in the help of a command and of its actions."""
    parser = argparse.ArgumentParser()
    import_module(f"plugin.cli.{command.replace('-', '_')}").add_parser(parser.add_subparsers())
    found: set[str] = set()
    waiting = [parser]
    while waiting:
        for action in waiting.pop()._actions:  # argparse offers no other way to list what it was told
            if isinstance(action, argparse._SubParsersAction):
                waiting.extend(action.choices.values())
            found.update(name for name in action.option_strings if name.startswith("--"))
    return found - {"--help"}


def documented_settings() -> set[str]:
    """The names in the first columns of the tables of the settings reference."""
    return set(re.findall(r"^\| `([^`]+)`", tracked.text("docs/reference/settings.md"), re.MULTILINE))


def test_the_modifier_extension_has_one_address():
    """The canonical of the published definition is the one that its own differential fixes and that the docs name."""
    definition = json.loads(tracked.text("docs/StructureDefinition-charge-modifier.json"))
    fixed = [each["fixedUri"] for each in definition["differential"]["element"] if "fixedUri" in each]

    assert fixed == [definition["url"]]
    assert definition["url"] in tracked.text("docs/adr/0012-modifiers-on-charge-item.md")
    assert definition["url"] in "".join(map(tracked.text, tracked.python_files("fhir_mappings")))


@pytest.mark.parametrize("page", [page for page in PAGES if "[tenants." in tracked.text(page)])
def test_tenants_files_in_the_docs_are_accepted(page):
    """Who copies a tenants file from a page gets one that the app reads."""
    blocks = re.findall(r"```toml\n(.*?)```", tracked.text(page), re.DOTALL)

    assert [block for block in blocks if not list(parse_tenants(tomllib.loads(block), page))] == []
