"""The import contracts in pyproject.toml cover every package, also the one added last."""

import tomllib

import pytest

from tests.repo import tracked

CONTRACTS = {
    each["name"]: each for each in tomllib.loads(tracked.text("pyproject.toml"))["tool"]["importlinter"]["contracts"]
}


def packages() -> set[str]:
    """The packages and modules directly below `plugin`."""
    names = {path.split("/")[1].removesuffix(".py") for path in tracked.python_files("plugin")}
    return {f"plugin.{name}" for name in names - {"__init__"}}


@pytest.mark.parametrize(
    ("contract", "side", "but"),
    [
        ("fhir_mappings knows the domain and nothing else of ours", "forbidden_modules", {"plugin.domain"}),
        ("The sandbox shares no code with the app", "forbidden_modules", {"plugin.sandbox"}),
        ("Nothing of the app imports the sandbox", "source_modules", {"plugin.sandbox"}),
    ],
)
def test_a_new_package_is_named_in_every_forbidden_contract(contract, side, but):
    """The layers contract is exhaustive by itself; forbidden contracts have to name their modules."""
    assert packages() - but - set(CONTRACTS[contract][side]) == set()


def test_only_the_sandbox_stands_outside_the_layers():
    """The layers are those of the architecture, in its order, and nothing else escapes them."""
    layers = CONTRACTS["Each layer imports only what stands below it"]

    assert [layer.strip("()") for layer in layers["layers"]] == [
        "cli",
        "web",
        "bulk",
        "ehr",
        "store",
        "review",
        "rules",
        "timeline",
        "codebook",
        "domain",
    ]
    assert (layers["containers"], layers["exhaustive"], layers["exhaustive_ignores"]) == (["plugin"], True, ["sandbox"])
