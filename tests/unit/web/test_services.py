"""What pages are given of a tenant's settings."""

from pathlib import Path

import pytest

from plugin.domain import CareSetting
from plugin.store.cipher import make_key
from plugin.store.launch_rows import NewLaunch, Tokens
from plugin.web.app import create_app
from plugin.web.services import Services, utc_now
from plugin.web.settings import Settings, SettingsError, read_settings

TENANTS = """
[tenants.general]
iss = "https://ehr.example.org/fhir"
client_id = "app"
write = "off"
accepts_as = { clinician = "billable" }
positions = { running_floor = "bill" }
settings = { "class:AMB" = "office", "location:l7" = "facility", "service-type:57" = "office" }
"""


@pytest.fixture
def services(tmp_path: Path):
    """The services of an app with one tenant."""
    path = tmp_path / "tenants.toml"
    path.write_text(TENANTS, encoding="utf-8")
    database = f"sqlite:///{tmp_path / 'app.sqlite3'}"
    app = create_app(Settings(tenants=path, database_url=database, encryption_keys=(make_key(),)))
    found: Services = app.extensions["infusion_charges"]
    yield found
    found.store.close()


def test_settings_of_the_tenant_reach_the_review(services: Services) -> None:
    """Care settings by code or reference, positions, shadow mode and acceptance by role."""
    now = utc_now()
    new = NewLaunch("general", "https://ehr.example.org/fhir", "p1", Tokens("a", "", now), user="Practitioner/p1")
    launch = services.launches.open(new, "browser", now)
    settings, policy = services.review_settings(launch), services.policy(launch)
    assert settings.settings_by == {
        "AMB": CareSetting.OFFICE,
        "Location/l7": CareSetting.FACILITY,
        "57": CareSetting.OFFICE,
    }
    assert settings.positions == {"running_floor": "bill"}
    assert (policy.write, policy.open, policy.accepts_as) == (False, False, {"clinician": "billable"})
    assert services.person(launch).verified


def test_settings_come_from_the_environment(tmp_path: Path) -> None:
    """Names with the prefix; keys newest first, those of the file after those given directly."""
    keys = tmp_path / "keys"
    keys.write_text("two\nthree\n", encoding="ascii")
    found = read_settings(
        {
            "INFUSION_CHARGES_PUBLIC_URL": "https://App.example.org:443/charges/",
            "INFUSION_CHARGES_ENCRYPTION_KEYS": "one",
            "INFUSION_CHARGES_ENCRYPTION_KEY_FILE": str(keys),
            "INFUSION_CHARGES_PROXY_HOPS": "1",
            "PUBLIC_URL": "https://other.example.org",
        }
    )
    assert found.public_url == "https://app.example.org/charges"
    assert (found.origin, found.sub_path) == ("https://app.example.org", "/charges")
    assert found.redirect_uri == "https://app.example.org/charges/callback"
    assert found.encryption_keys == ("one", "two", "three")
    assert (found.proxy_hops, found.allow_open, found.is_loopback) == (1, False, False)


def test_without_tenants_file_the_app_is_not_built() -> None:
    """The missing setting is named."""
    with pytest.raises(SettingsError, match="INFUSION_CHARGES_TENANTS: not set"):
        create_app(Settings(encryption_keys=(make_key(),)))
