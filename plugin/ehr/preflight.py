"""What an EHR offers and what that means for its users, looked up before anybody launches.

Two public documents are read, without a token: the SMART configuration and the CapabilityStatement.
Where the app is registered for working without a person, a token for that is asked for, and not used.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from plugin.ehr.addresses import host_of
from plugin.ehr.credentials import Credentials
from plugin.ehr.declared import Declared, declared_resources, declared_version
from plugin.ehr.discovery import Discovery, SmartConfiguration
from plugin.ehr.errors import EhrError
from plugin.ehr.findings import Finding, Report, Standing
from plugin.ehr.read_ways import NO_ADMINISTRATIONS
from plugin.ehr.scopes import missing_scopes
from plugin.ehr.sinks.choosing import choose_sink
from plugin.ehr.statements import Statements
from plugin.ehr.tenants import Tenant
from plugin.ehr.tokens import TokenEndpoint
from plugin.ehr.transport import Transport
from plugin.store.cipher import CannotOpen

SIGN_IN, SCOPES, CHARTS, CHARGES, SETTINGS = "Sign-in", "Scopes", "Charts", "Charges", "Settings"
ALONE = "Without a person"
NOBODY_LAUNCHES = "Nobody can launch the app from this EHR until this is mended."
# What is lost without a resource: its standing, and the words.
_WITHOUT: dict[str, tuple[Standing, str]] = {
    "MedicationAdministration": (Standing.STOP, NO_ADMINISTRATIONS),
    "Encounter": (Standing.STOP, "The visit can't be read, so nothing can be coded."),
    "Patient": (Standing.LOOK, "The patient's name and birth date can't be shown."),
    "Condition": (Standing.LOOK, "Charges come without diagnoses."),
    "MedicationRequest": (Standing.LOOK, "Orders can't be read, so their duration is unknown."),
    "Medication": (Standing.LOOK, "Drugs that are charted by reference may have no name or code."),
}


def examine(tenant: Tenant, transport: Transport, credentials: Credentials | None, now: datetime) -> Report:
    """Ask the EHR what it offers; never raises for what it answers, or doesn't.

    Without `credentials` nobody looks whether the app has a signing key and can work without a person.
    """
    discovery = Discovery(transport)
    findings = [
        *_sign_in(tenant, discovery),
        *_offers(tenant, Statements(transport)),
        *_settings(tenant),
        *(_own_keys(tenant, credentials) if credentials and tenant.signs else ()),
    ]
    if credentials and tenant.backend_client_id:
        findings += _without_a_person(lambda: TokenEndpoint(transport, tenant, discovery.of(tenant), credentials), now)
    return Report(tenant.key, tenant.name, tuple(findings))


# --- sign-in -------------------------------------------------------------------------------------


def _sign_in(tenant: Tenant, discovery: Discovery) -> Iterator[Finding]:
    if tenant.open:
        means = "Anybody can open any chart; names are recorded as unverified. For invented patients only."
        yield Finding(SIGN_IN, Standing.LOOK, "The EHR has no sign-in.", means)
        return
    try:
        found = discovery.of(tenant)
    except EhrError as error:
        yield Finding(SIGN_IN, Standing.STOP, _sentence(error), NOBODY_LAUNCHES)
        return
    says = f"People sign in at {host_of(found.authorization_endpoint)}."
    yield Finding(SIGN_IN, Standing.GOOD, says)
    yield from _protection(tenant, found)
    yield from _proof(tenant, found)
    yield from _context(found)
    yield from _scopes(tenant, found)


def _protection(tenant: Tenant, found: SmartConfiguration) -> Iterator[Finding]:
    if "S256" in found.pkce_methods:
        yield Finding(SIGN_IN, Standing.GOOD, "It takes PKCE with S256.")
    elif found.pkce_methods and tenant.pkce == "required":
        remedy = 'pkce = "if-supported" in the tenants file lets an old server pass.'
        yield Finding(SIGN_IN, Standing.STOP, "It offers PKCE without S256.", f"{NOBODY_LAUNCHES} {remedy}")
    else:
        yield Finding(SIGN_IN, Standing.LOOK, "It doesn't announce PKCE with S256.", "The app sends it all the same.")
    if not found.jwks_uri:
        means = "Who is at the keyboard can't be verified: charts can be read, nothing can be accepted."
        yield Finding(SIGN_IN, Standing.STOP, "It publishes no keys to verify identities with.", means)
    if not found.revocation_endpoint:
        means = "Logging out wipes the tokens here; at the EHR they run out by themselves."
        yield Finding(SIGN_IN, Standing.GOOD, "It has no way to revoke tokens.", means)


def _proof(tenant: Tenant, found: SmartConfiguration) -> Iterator[Finding]:
    """Does the EHR take the way in which the app proves itself? Public clients stand in no such list."""
    methods = {"symmetric": {"client_secret_basic"}, "private_key_jwt": {"private_key_jwt"}}.get(tenant.auth, set())
    if methods and found.auth_methods and not methods & found.auth_methods:
        listed = ", ".join(sorted(found.auth_methods))
        says = f"It doesn't list {methods.pop()}; it lists {listed}."
        yield Finding(SIGN_IN, Standing.LOOK, says, "The sign-in may fail; change auth in the tenants file.")
    if tenant.signs and found.signing_algorithms and tenant.signing not in found.signing_algorithms:
        says = f"It doesn't list {tenant.signing}; it lists {', '.join(sorted(found.signing_algorithms))}."
        yield Finding(SIGN_IN, Standing.LOOK, says, "The sign-in may fail; change signing in the tenants file.")


def _context(found: SmartConfiguration) -> Iterator[Finding]:
    known = found.capabilities
    if known:
        yield Finding(SIGN_IN, Standing.GOOD, f"It announces {', '.join(sorted(known))}.")
    if known and "launch-ehr" not in known:
        means = "The app may have to be opened from its own address instead."
        yield Finding(SIGN_IN, Standing.LOOK, "It doesn't announce that it launches apps from a chart.", means)
    if known and "context-ehr-encounter" not in known:
        means = "Users may have to choose the visit from a list."
        yield Finding(SIGN_IN, Standing.LOOK, "It doesn't promise to name the visit at a launch.", means)


def _scopes(tenant: Tenant, found: SmartConfiguration) -> Iterator[Finding]:
    if not found.scopes_supported:
        yield Finding(SCOPES, Standing.GOOD, "It lists no scopes; what is granted shows at the first launch.")
        return
    missing = missing_scopes(tenant.asked_scopes, found.scopes_supported)
    for scope, means in missing:
        yield Finding(SCOPES, Standing.LOOK, f"It doesn't list the scope {scope}.", means)
    if not missing:
        yield Finding(SCOPES, Standing.GOOD, "It lists every scope that the app asks for.")


# --- resources and charges -----------------------------------------------------------------------


def _offers(tenant: Tenant, statements: Statements) -> Iterator[Finding]:
    try:
        statement = statements.of(tenant)
    except EhrError as error:
        means = "What it offers is not known; nothing can be accepted until it says so."
        yield Finding(CHARTS, Standing.STOP, _sentence(error), means)
        return
    version = declared_version(statement)
    if not version.startswith("4."):
        says = f"It speaks FHIR {version or 'of an unnamed version'}."
        yield Finding(CHARTS, Standing.STOP if version else Standing.LOOK, says, "The app reads FHIR R4 (4.0.1).")
    found = declared_resources(statement)
    for kind, (standing, means) in _WITHOUT.items():
        offered = found.get(kind, Declared())
        if offered.readable:
            yield Finding(CHARTS, Standing.GOOD, _offer(kind, offered))
        else:
            yield Finding(CHARTS, standing, f"It doesn't offer {kind}.", means)
    yield from _administrations(tenant, found.get("MedicationAdministration", Declared()))
    yield from _charges(tenant, statement, found)


def _offer(kind: str, offered: Declared) -> str:
    """With the parameters it may be searched by."""
    if "search-type" not in offered.interactions:
        return f"It offers {kind}, one by one."
    return f"It offers {kind}, searched by {', '.join(sorted(offered.parameters)) or 'nothing that it names'}."


def _administrations(tenant: Tenant, found: Declared) -> Iterator[Finding]:
    if not found.readable:
        return
    by_visit = found.searched_by("context", "encounter")
    if tenant.administrations_by == "context" and not by_visit:
        means = 'Set administrations_by = "patient_window" or "auto" in the tenants file.'
        yield Finding(CHARTS, Standing.LOOK, "Administrations can't be searched by visit.", means)
    elif by_visit and tenant.administrations_by != "patient_window":
        yield Finding(CHARTS, Standing.GOOD, "Administrations are found by visit.")
    else:
        says = f"Administrations are found by patient and time, {tenant.window_days} days around today."
        yield Finding(CHARTS, Standing.GOOD, says, "Older visits need a larger window_days in the tenants file.")
    if not found.searched_by("patient", "subject"):
        yield Finding(CHARTS, Standing.LOOK, "Administrations can't be searched by patient.", "Some may be missed.")


def _charges(tenant: Tenant, statement: Mapping[str, Any], found: Mapping[str, Declared]) -> Iterator[Finding]:
    if not tenant.writes:
        yield Finding(CHARGES, Standing.GOOD, 'The tenants file says write = "off".', "Nothing is sent to the EHR.")
        return
    choice = choose_sink(tenant, statement)
    standing = Standing.STOP if choice.lacking else Standing.GOOD
    yield Finding(CHARGES, standing, choice.lacking or f"Charges go by {choice.kind}.", choice.words)
    if not found.get("ChargeItem", Declared()).readable:
        means = "What was charged by hand can't be seen, so compare before you accept."
        yield Finding(CHARGES, Standing.LOOK, "It doesn't show the charges it has.", means)
    if "create" not in found.get("Provenance", Declared()).interactions:
        means = "Who accepted stands in the app's own audit trail alone."
        yield Finding(CHARGES, Standing.GOOD, "It takes no Provenance.", means)


# --- the tenants file ----------------------------------------------------------------------------


def _settings(tenant: Tenant) -> Iterator[Finding]:
    if not tenant.roles and not tenant.open:
        yield Finding(SETTINGS, Standing.LOOK, "No roles are given.", "Everybody may read, nobody may accept.")
    if not tenant.frame_ancestors:
        means = "If the EHR opens the app inside its own page, the browser will show nothing."
        yield Finding(SETTINGS, Standing.LOOK, "frame_ancestors names no origin.", means)
    if tenant.zone is None:
        means = "Times without a zone can't be told for sure, and say so on the page."
        yield Finding(SETTINGS, Standing.LOOK, "zone is not set.", means)


# --- the app's own proof -------------------------------------------------------------------------


def _own_keys(tenant: Tenant, credentials: Credentials) -> Iterator[Finding]:
    try:
        found = credentials.keys_of(tenant.key)
    except CannotOpen:
        found = ()
    if not found:
        remedy = f"Run: infusion-charges keys rotate {tenant.key}"
        yield Finding(SETTINGS, Standing.STOP, "The app has no signing key for this EHR.", remedy)


def _without_a_person(endpoint: Callable[[], TokenEndpoint], now: datetime) -> Iterator[Finding]:
    """The one thing that is tried with a credential: a token of the app's own, which is not used for anything."""
    try:
        endpoint().client_credentials(now)
    except EhrError as error:
        yield Finding(ALONE, Standing.LOOK, _sentence(error), "The nightly scan and the bulk export can't run here.")
    else:
        yield Finding(ALONE, Standing.GOOD, "The EHR gives the app a token of its own.")


def _sentence(error: EhrError) -> str:
    """An error's text as a sentence; a host's name keeps its small letters."""
    text = str(error)
    start = text if "." in text.partition(" ")[0] else f"{text[:1].upper()}{text[1:]}"
    return start if start.endswith(".") else f"{start}."
