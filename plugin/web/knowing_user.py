"""Who is at the keyboard, where the `id_token` doesn't say all.

It is asked for beside the reading of the chart. A page waits for it no longer than a moment: what hasn't come by then
is not known on it, so that a role is missing rather than guessed, and stands on the next page.
"""

import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from functools import partial

from flask import g

from plugin.ehr.errors import EhrError
from plugin.ehr.identity import NEVER_WRITE, Identity
from plugin.ehr.practitioner_roles import read_role_names
from plugin.ehr.tenants import Tenant
from plugin.ehr.user_names import read_user_name
from plugin.store.launch_rows import Launch
from plugin.web.services import Services

MOMENT_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class _Asking:
    """What the EHR is asked; `kept` is the launch once all has come and is stored."""

    name: Future[str]
    role: Future[str]
    kept: Future[Launch]


# By launch: who comes for another page of it waits for the same answers.
_under_way: dict[str, _Asking] = {}
_guard = threading.Lock()


@dataclass(frozen=True, slots=True)
class LookUp:
    """A launch whose user is being asked about; nothing is when `asking` is None."""

    launch: Launch
    asking: _Asking | None
    began: float

    def soon(self) -> Launch:
        """The launch with what is known of its user a moment after asking began; raises as `in_full`."""
        return self._after(max(0.0, self.began + MOMENT_SECONDS - time.monotonic()))

    def so_far(self) -> Launch:
        """The launch with what is known of its user by now; raises as `in_full`."""
        return self._after(0.0)

    def in_full(self) -> Launch:
        """The launch with all the EHR says of its user; raises LaunchChanged when it was closed meanwhile."""
        return self._after(None)

    def _after(self, seconds: float | None) -> Launch:
        if self.asking is None:
            return self.launch
        wait([self.asking.kept], seconds)
        known = self.asking.kept.result() if self.asking.kept.done() else _as_far(self.launch, self.asking)
        g.launch = known
        return known


def is_all_known(identity: Identity, tenant: Tenant) -> bool:
    """Has the id_token said everything that the EHR could say of this person?"""
    return not identity.user or (bool(identity.name) and not _has_role_to_read(identity.user, identity.role, tenant))


def begin_look_up(services: Services, launch: Launch) -> LookUp:
    """Ask for name and role at once, unless that was done.

    They are asked for once in a launch. What the EHR doesn't give stays empty; where it doesn't answer for the role,
    the next page asks again.
    """
    began = time.monotonic()
    if launch.user_asked:
        return LookUp(launch, None, began)
    with _guard:
        asking = _under_way.get(launch.id)
        if asking is None:
            asking = _under_way[launch.id] = _ask(services, launch)
            asking.kept.add_done_callback(lambda _: _under_way.pop(launch.id, None))
    return LookUp(launch, asking, began)


def look_up(services: Services, launch: Launch) -> Launch:
    """The launch with name and role of its user, waited for as long as the EHR takes; raises LaunchChanged."""
    return begin_look_up(services, launch).in_full()


def _ask(services: Services, launch: Launch) -> _Asking:
    pool = ThreadPoolExecutor(3, thread_name_prefix="user")
    tenant = services.tenant(launch)
    name, role = pool.submit(_name, services, launch, tenant), pool.submit(_role, services, launch, tenant)
    asking = _Asking(name, role, pool.submit(partial(_keep, services, launch, name, role)))
    pool.shutdown(wait=False)
    return asking


def _keep(services: Services, launch: Launch, name: Future[str], role: Future[str]) -> Launch:
    try:
        return services.launches.know_user(launch, name.result(), role.result())
    except EhrError:
        return replace(launch, user_name=name.result())


def _as_far(launch: Launch, asking: _Asking) -> Launch:
    return replace(
        launch,
        user_name=_come(asking.name) or launch.user_name,
        role=_come(asking.role) or launch.role,
    )


def _come(answer: Future[str]) -> str:
    return answer.result() if answer.done() and answer.exception() is None else ""


def _name(services: Services, launch: Launch, tenant: Tenant) -> str:
    if launch.user_name:
        return launch.user_name
    return read_user_name(services.transport, tenant, launch.tokens.access, launch.user, launch.scopes)


def _role(services: Services, launch: Launch, tenant: Tenant) -> str:
    """From the PractitionerRoles of somebody whom nothing else gave a role, where the tenant goes by them.

    Raises EhrError when no answer comes.
    """
    if not _has_role_to_read(launch.user, launch.role, tenant):
        return launch.role
    access, now = launch.tokens.access, services.clock()
    names = read_role_names(services.transport, tenant, access, launch.user, launch.scopes, now)
    return next((role for name, role in tenant.roles.items() if name in names), "")


def _has_role_to_read(user: str, role: str, tenant: Tenant) -> bool:
    return not role and tenant.reads_practitioner_roles and user.partition("/")[0] not in NEVER_WRITE
