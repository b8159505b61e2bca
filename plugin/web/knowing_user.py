"""Who is at the keyboard, where the `id_token` doesn't say all.

It is asked for beside the reading of the chart, not before it.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from flask import g

from plugin.ehr.identity import NEVER_WRITE, Identity
from plugin.ehr.practitioner_roles import read_role_names
from plugin.ehr.tenants import Tenant
from plugin.ehr.user_names import read_user_name
from plugin.store.launch_rows import Launch
from plugin.web.services import Services


def is_all_known(identity: Identity, tenant: Tenant) -> bool:
    """Has the id_token said everything that the EHR could say of this person?"""
    return not identity.user or (bool(identity.name) and not _has_role_to_read(identity.user, identity.role, tenant))


def begin_look_up(services: Services, launch: Launch) -> Callable[[], Launch]:
    """Ask for name and role at once, unless that was done; the result waits, and is the launch with both.

    They are asked for once in a launch. What can't be had stays empty: a role is lost by that, never won.
    """
    if launch.user_asked:
        return lambda: launch
    pool = ThreadPoolExecutor(2, thread_name_prefix="user")
    name, role = (pool.submit(ask, services, launch, services.tenant(launch)) for ask in (_name, _role))
    pool.shutdown(wait=False)

    def finish() -> Launch:
        known = services.launches.know_user(launch, name.result(), role.result())
        g.launch = known
        return known

    return finish


def look_up(services: Services, launch: Launch) -> Launch:
    """The launch with name and role of its user; raises LaunchChanged when it was closed meanwhile."""
    return begin_look_up(services, launch)()


def _name(services: Services, launch: Launch, tenant: Tenant) -> str:
    if launch.user_name:
        return launch.user_name
    return read_user_name(services.transport, tenant, launch.tokens.access, launch.user, launch.scopes)


def _role(services: Services, launch: Launch, tenant: Tenant) -> str:
    """From the PractitionerRoles of somebody whom nothing else gave a role, where the tenant goes by them."""
    if not _has_role_to_read(launch.user, launch.role, tenant):
        return launch.role
    access, now = launch.tokens.access, services.clock()
    names = read_role_names(services.transport, tenant, access, launch.user, launch.scopes, now)
    return next((role for name, role in tenant.roles.items() if name in names), "")


def _has_role_to_read(user: str, role: str, tenant: Tenant) -> bool:
    return not role and tenant.reads_practitioner_roles and user.partition("/")[0] not in NEVER_WRITE
