"""The tenants file: what may stand in it, and errors that say how to mend it."""

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from plugin.domain import CareSetting
from plugin.ehr.tenants_file import TenantsError, read_tenants
from tests.verifies import verifies

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
        ("charge_master = 'none.csv'", "key charge_master: none.csv can't be read"),
        ("bill_code_schedules = { DRG = '1' }", "key bill_code_schedules.DRG: is not known"),
        ("sink = 'fax'", "key sink: 'fax' is not known; use one of auto, fhir_create, oracle_operations, export"),
        ("parallel = 0", "key parallel: must be a whole number of at least 1"),
        ("parallel = true", "key parallel: must be a whole number of at least 1"),
        ("open = 'yes'", "key open: must be true or false"),
        ("zone = 'Mars/Base'", "key zone: is no time zone"),
        ("pkce = 'plain'", "key pkce: 'plain' is not known; use one of required, if-supported"),
        ("auth = 'private_key_jwt'", "key auth: 'private_key_jwt' is not known; use one of public"),
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
