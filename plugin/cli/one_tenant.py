"""The tenant that a command is about."""

from plugin.ehr.tenants import Tenant
from plugin.ehr.tenants_file import TenantsError, read_tenants
from plugin.web.settings import Settings, SettingsError


def read_tenant(settings: Settings, name: str) -> Tenant:
    """The tenant of that name in the tenants file; raises SettingsError."""
    if settings.tenants is None:
        raise SettingsError("INFUSION_CHARGES_TENANTS: not set; give the path of a tenants file")
    try:
        tenants = read_tenants(settings.tenants)
    except TenantsError as error:
        raise SettingsError(str(error)) from error
    found = tenants.by_key(name)
    if found is None:
        raise SettingsError(f"no tenant {name}; the file has {', '.join(each.key for each in tenants)}")
    return found
