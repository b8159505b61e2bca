"""The tenants file: what may stand in it, and errors that say how to mend it."""

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from plugin.domain import CareSetting
from plugin.ehr.addresses import host_of
from plugin.ehr.presets import presets
from plugin.ehr.tenants_file import TenantsError, read_tenants
from tests.verifies import verifies

PRESETS = (
    "smart-launcher",
    "smart-open",
    "hapi",
    "epic-sandbox",
    "oracle-provider",
    "oracle-open",
    "medplum",
    "meldrx",
    "athena-preview",
    "meditech-greenfield",
    "inferno-client",
    "local",
)
GOOD = """
[tenants.general]
iss = "https://EHR.example.org/fhir/"
client_id = "app-1"
zone = "America/New_York"
frame_ancestors = ["https://ehr.example.org"]
parallel = 2
accepts_as = { clinician = "billable" }
settings = { "class:AMB" = "office" }
[tenants.general.roles]
"Practitioner/p1" = "coder"
"""


def written(folder: Path, text: str) -> Path:
    """A tenants file with this text."""
    path = folder / "tenants.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_reads_an_entry(tmp_path: Path) -> None:
    """Each field arrives, with defaults for the rest."""
    tenant = read_tenants(written(tmp_path, GOOD)).by_key("general")
    assert tenant is not None
    assert tenant.iss == "https://ehr.example.org/fhir"
    assert (tenant.name, tenant.hosts, tenant.parallel) == ("general", ("ehr.example.org",), 2)
    assert tenant.zone == ZoneInfo("America/New_York")
    assert tenant.roles == {"Practitioner/p1": "coder"}
    assert tenant.accepts_as == {"clinician": "billable"}
    assert tenant.settings == {"class:AMB": CareSetting.OFFICE}
    assert (tenant.auth, tenant.pkce, tenant.nonce, tenant.writes) == ("public", "required", "lenient", True)


@verifies("SEC-01")
def test_finds_by_any_spelling_of_iss_and_nothing_else(tmp_path: Path) -> None:
    """Normalised and exact: no prefix, no neighbour, no longer path."""
    tenants = read_tenants(written(tmp_path, GOOD))
    assert tenants.by_iss("https://ehr.example.org:443/fhir") is tenants.by_key("general")
    others = ("https://ehr.example.org", "https://ehr.example.org/fhir/x", "https://ehr.example.org/FHIR", "nonsense")
    assert [tenants.by_iss(iss) for iss in others] == [None] * 4


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("iss = 'http://ehr.example.org/fhir'", "key iss: http is allowed on loopback only"),
        ("iss = 5", "key iss: must be text"),
        ("client_secret = 'x'", "key client_secret: secrets don't belong in this file"),
        ("colour = 'red'", "key colour: is not known; known keys are"),
        ("fees = ['none.csv']", "none.csv: no such file; mend the file"),
        ("fees = 'none.csv'", "key fees: must be a list of texts"),
        ("bill_hold_days = 0", "key bill_hold_days: must be a whole number of at least 1"),
        ("charge_master = 'none.csv'", "key charge_master: none.csv can't be read"),
        ("bill_code_schedules = { DRG = '1' }", "key bill_code_schedules.DRG: is not known"),
        ("sink = 'fax'", "key sink: 'fax' is not known; use one of auto, fhir_create, oracle_operations, export"),
        ("parallel = 0", "key parallel: must be a whole number of at least 1"),
        ("parallel = true", "key parallel: must be a whole number of at least 1"),
        ("open = 'yes'", "key open: must be true or false"),
        ("zone = 'Mars/Base'", "key zone: is no time zone"),
        ("pkce = 'plain'", "key pkce: 'plain' is not known; use one of required, if-supported"),
        ("auth = 'basic'", "key auth: 'basic' is not known; use one of public, symmetric, private_key_jwt"),
        ("signing = 'RS256'", "key signing: 'RS256' is not known; use one of RS384, ES384"),
        ("preset = 'nowhere'", "key preset: 'nowhere' is not known; use one of smart-launcher, smart-open"),
        ("extra_params = { a = 5 }", "key extra_params: must be a table of texts"),
        ("frame_ancestors = ['*']", "key frame_ancestors:"),
        ("roles = { 'Practitioner/p1' = 'king' }", "key roles.Practitioner/p1: 'king' is not known"),
        ("roles = { 'p1' = 'coder' }", "key roles.p1: name a person"),
        ("accepts_as = { coder = 'billed' }", "key accepts_as.coder: 'billed' is not known"),
        ("settings = { 'AMB' = 'office' }", "key settings.AMB: begin it with"),
        ("hosts = 'ehr.example.org'", "key hosts: must be a list of texts"),
    ],
)
def test_error_names_file_tenant_key_and_remedy(tmp_path: Path, line: str, told: str) -> None:
    """Whoever wrote the file learns what to change."""
    start = "" if line.startswith("iss") else 'iss = "https://ehr.example.org/fhir"\n'
    path = written(tmp_path, f'[tenants.general]\n{start}client_id = "a"\n{line}\n')
    with pytest.raises(TenantsError) as caught:
        read_tenants(path)
    assert str(caught.value).startswith(f"{path}: tenant general, ")
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "no tenant; add a table"),
        ("[tenants.a]\nclient_id = 'x'", "tenant a, key iss: is missing"),
        ("[tenants.a]\niss = 'https://a.example/f'", "tenant a, key client_id: is missing"),
        ("[tenants]\na = 5", "tenant a must be a table"),
        ("[general]\niss = 'x'", "unknown key 'general'"),
        ("not toml", "not TOML"),
        (
            "[tenants.a]\niss='https://a.example/f'\nclient_id='x'\n[tenants.b]\niss='https://A.example/f/'\nclient_id='x'",
            "tenants a and b have the same iss",
        ),
    ],
)
def test_whole_file_errors(tmp_path: Path, text: str, told: str) -> None:
    """A file that is wrong as a whole is refused with the reason."""
    with pytest.raises(TenantsError, match=r"tenants\.toml: ") as caught:
        read_tenants(written(tmp_path, text))
    assert told in str(caught.value)


def test_presets_are_begun_with_and_overridden(tmp_path: Path) -> None:
    """What the table says wins, key by key; the rest comes from the preset."""
    text = "[tenants.lab]\npreset = 'oracle-provider'\nclient_id = 'x'\nauth = 'symmetric'\nzone = 'America/Chicago'\n"
    tenant = read_tenants(written(tmp_path, text)).by_key("lab")
    assert tenant is not None
    assert tenant.iss == "https://fhir-ehr-code.cerner.com/r4/ec2458f2-1e24-41c8-b71b-0e701af7583d"
    assert (tenant.auth, tenant.sink, tenant.administrations_by) == ("symmetric", "oracle_operations", "patient_window")
    assert tenant.hosts == ("fhir-ehr-code.cerner.com", "authorization.cerner.com")
    assert "user/ChargeItem.crs" in tenant.asked_scopes.split()


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_makes_a_tenant(tmp_path: Path, name: str) -> None:
    """With the id of a registration, and an address where each has one of its own; nothing else is missing."""
    values = presets()[name].values
    own = [] if "open" in values or "client_id" in values else ["client_id = 'x'"]
    own += [] if "iss" in values else ["iss = 'https://app.meldrx.com/api/fhir/workspace-1'"]
    tenant = read_tenants(written(tmp_path, "\n".join([f"[tenants.a]\npreset = '{name}'", *own]))).by_key("a")
    assert tenant is not None
    assert host_of(tenant.iss) in tenant.hosts
    assert presets()[name].note
    assert presets()[name].source.startswith("https://")


def test_presets_are_those_promised() -> None:
    """Each sandbox of the integration dossier that this app can use."""
    assert tuple(presets()) == PRESETS


def test_writing_is_asked_for_only_where_charges_go_into_the_ehr(tmp_path: Path) -> None:
    """Unused scopes are refused by some reviewers, and needed by nobody."""
    text = "[tenants.a]\niss = 'https://a.example/f'\nclient_id = 'x'\n"

    def asked(line: str) -> bool:
        tenant = read_tenants(written(tmp_path, text + line)).by_key("a")
        return "ChargeItem" in (tenant.asked_scopes if tenant else "")

    assert [asked(line) for line in ("", "write = 'off'", "sink = 'export'", "write_scopes = 'user/Task.c'")] == [
        True,
        False,
        False,
        False,
    ]


def test_names_that_share_a_variable_are_refused(tmp_path: Path) -> None:
    """The secret of one must not be taken for the other's."""
    table = "[tenants.{}]\niss = 'https://{}.example/f'\nclient_id = 'x'\n"
    with pytest.raises(TenantsError, match="tenants a-b and a_b differ only in - and _; rename one"):
        read_tenants(written(tmp_path, table.format("a-b", "one") + table.format("a_b", "two")))


def test_missing_file_is_named(tmp_path: Path) -> None:
    """The path is in the message."""
    with pytest.raises(TenantsError, match=r"nowhere\.toml: can't be read"):
        read_tenants(tmp_path / "nowhere.toml")


def test_open_tenant_needs_no_client_id(tmp_path: Path) -> None:
    """A server without sign-in registers no apps."""
    text = "[tenants.lab]\niss = 'http://localhost:8080/fhir'\nopen = true\n"
    tenant = read_tenants(written(tmp_path, text)).by_key("lab")
    assert tenant is not None
    assert tenant.open
