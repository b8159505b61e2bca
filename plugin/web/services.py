"""What pages work with, made once for a process: `current_services()` finds it."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any, cast

from flask import current_app

from plugin.codebook.book import CodeBook
from plugin.domain import CareSetting
from plugin.ehr.backend import backend_client
from plugin.ehr.chart_source import FhirChartSource
from plugin.ehr.client import FhirClient
from plugin.ehr.credentials import Credentials
from plugin.ehr.discovery import Discovery, SmartConfiguration
from plugin.ehr.errors import EhrError, SessionEnded
from plugin.ehr.grants import Grant
from plugin.ehr.identity import KeySets
from plugin.ehr.messenger import FhirMessenger, takes_tasks
from plugin.ehr.read_ways import read_ways
from plugin.ehr.scopes import Capabilities, read_granted
from plugin.ehr.sinks.choosing import Choice, choose_sink
from plugin.ehr.sinks.making import SinkMaking
from plugin.ehr.sinks.support import interactions_of
from plugin.ehr.smart_style import Styles
from plugin.ehr.statements import FRESH_SECONDS, Statements
from plugin.ehr.tenants import Tenant, Tenants
from plugin.ehr.tokens import TokenEndpoint
from plugin.ehr.transport import Transport
from plugin.review.ports import ChargeSink, Person, Policy
from plugin.review.prepare import ReviewSettings
from plugin.store.engine import Store
from plugin.store.launch_rows import Launch, Tokens
from plugin.store.launches import LaunchStore
from plugin.web.settings import Settings

if TYPE_CHECKING:
    from plugin.web.metrics import Metrics

EXTENSION = "infusion_charges"


def utc_now() -> datetime:
    """The clock of a running app."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Services:
    """Everything a page may need; what belongs to one launch is made for it on demand."""

    settings: Settings
    tenants: Tenants
    store: Store
    launches: LaunchStore
    book: CodeBook
    transport: Transport
    discovery: Discovery
    keys: KeySets
    statements: Statements
    styles: Styles
    credentials: Credentials
    metrics: "Metrics"
    clock: Callable[[], datetime] = utc_now

    def tenant(self, launch: Launch) -> Tenant:
        """The EHR of a launch; raises SessionEnded when it was taken out of the tenants file."""
        tenant = self.tenants.by_key(launch.tenant)
        if tenant is None:
            raise SessionEnded("This EHR is no longer set up for the app; ask its administrator.")
        return tenant

    def capabilities(self, launch: Launch) -> Capabilities:
        """What the EHR granted; everything, where there is no sign-in."""
        return read_granted(["user/*.cruds"] if self.tenant(launch).open else launch.scopes)

    def token_endpoint(self, tenant: Tenant, configuration: SmartConfiguration) -> TokenEndpoint:
        """Where this tenant gives tokens, asked with this tenant's credential."""
        return TokenEndpoint(self.transport, tenant, configuration, self.credentials)

    def client(self, launch: Launch) -> FhirClient:
        """A FHIR client with the launch's token; make one for each request and share it between threads."""
        tenant = self.tenant(launch)
        grant = None if tenant.open else self._grant(tenant, launch)
        doubt = partial(self.statements.doubt, tenant)
        return FhirClient(self.transport, tenant, grant, not_supported=doubt).for_one_page()

    def chart_source(self, launch: Launch) -> FhirChartSource:
        """Reads the chart of the launch; satisfies `plugin.review.ports.ChartSource`."""
        tenant = self.tenant(launch)
        source = FhirChartSource(
            self.client(launch),
            tenant,
            launch.patient,
            launch.encounter,
            self.capabilities(launch),
            self.clock,
        )
        ways = read_ways(tenant, self._statement(tenant, launch))
        if not ways.administrations:
            self.statements.doubt(tenant)  # the next page looks whether the EHR offers them by now
        return source.searching(ways)

    def _statement(self, tenant: Tenant, launch: Launch) -> Mapping[str, Any] | None:
        """What the EHR says it can do since the launch; None when it doesn't, so that a chart is read all the same."""
        since = (self.clock() - launch.opened_at).total_seconds()
        try:
            return self.statements.of(tenant, since + FRESH_SECONDS)
        except EhrError:
            return None

    def sink_choice(self, launch: Launch) -> Choice:
        """Which way this EHR takes charges; raises EhrError when it doesn't say what it can do."""
        tenant = self.tenant(launch)
        return choose_sink(tenant, self.statements.of(tenant))

    def sink(self, launch: Launch) -> ChargeSink:
        """Writes this launch's charges; raises EhrError when the EHR doesn't say what it can do."""
        making = SinkMaking(self.tenant(launch), self.store, software(), self.clock, {launch.user: launch.user_name})
        return making.make(self.sink_choice(launch), lambda: self.client(launch), self.capabilities(launch))

    def own_client(self, tenant: Tenant) -> FhirClient:
        """A FHIR client with the app's own registration, without a person; raises EhrError where it has none."""
        return backend_client(self.token_endpoint(tenant, self.discovery.of(tenant)), self.clock)

    def messenger(self, launch: Launch) -> FhirMessenger | None:
        """Sends questions with this launch's grant; None where the EHR takes no Task from us. Raises EhrError."""
        statement, granted = self.statements.of(self.tenant(launch)), self.capabilities(launch)
        if not takes_tasks(statement, granted):
            return None
        tells = "create" in interactions_of(statement, "Communication") and granted.can("c", "Communication")
        return FhirMessenger(self.client(launch), tells)

    def review_settings(self, launch: Launch) -> ReviewSettings:
        """The site's own answers: care settings and sides of contested points."""
        return review_settings_of(self.tenant(launch))

    def person(self, launch: Launch) -> Person:
        """Who is at the keyboard."""
        verified = bool(launch.user) and not self.tenant(launch).open
        return Person(launch.user, launch.user_name or launch.user, launch.role, verified)

    def policy(self, launch: Launch) -> Policy:
        """The tenant's settings for deciding and writing."""
        return policy_of(self.tenant(launch))

    def _grant(self, tenant: Tenant, launch: Launch) -> Grant:
        def renew(tokens: Tokens) -> Tokens:
            return self.token_endpoint(tenant, self.discovery.of(tenant)).refresh(tokens, self.clock())

        def forget(tokens: Tokens) -> None:
            with suppress(EhrError):
                self.token_endpoint(tenant, self.discovery.of(tenant)).revoke(tokens, self.clock())

        return Grant(launch, self.launches, renew, self.clock, forget=forget)


def review_settings_of(tenant: Tenant) -> ReviewSettings:
    """What a site chose for coding, from the tenants file."""
    return ReviewSettings(settings_by=_by_name(tenant.settings), positions=tenant.positions)


def policy_of(tenant: Tenant) -> Policy:
    """A site's settings for deciding and writing."""
    accepts_as = {"accepts_as": tenant.accepts_as} if tenant.accepts_as else {}
    return Policy(
        tenant=tenant.key, write=tenant.writes, open=tenant.open, second_person=tenant.second_person, **accepts_as
    )


def _by_name(settings: Mapping[str, CareSetting]) -> dict[str, CareSetting]:
    """The tenant's keys as the review looks them up: class and service type by code, locations by reference."""
    prefixes = {"class:": "", "service-type:": "", "location:": "Location/"}
    return {
        prefixes[f"{kind}:"] + name: setting
        for kind, _, name, setting in ((*key.partition(":"), value) for key, value in settings.items())
    }


def software() -> str:
    """Our name and version."""
    try:
        return f"infusion-charges {version('infusion-charges')}"
    except PackageNotFoundError:
        return "infusion-charges from a checkout"


def current_services() -> Services:
    """The services of the running app."""
    return cast("Services", current_app.extensions[EXTENSION])
