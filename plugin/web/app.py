"""The application factory: `plugin.web.app:create_app` for any WSGI server."""

import logging
from collections.abc import Mapping
from pathlib import Path

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from plugin.codebook.book import CodeBook
from plugin.codebook.errors import CodeBookError
from plugin.ehr.credentials import Credentials, secret_name
from plugin.ehr.discovery import Discovery
from plugin.ehr.identity import KeySets
from plugin.ehr.smart_style import Styles
from plugin.ehr.statements import Statements
from plugin.ehr.tenants import Tenants
from plugin.ehr.tenants_file import TenantsError, read_tenants
from plugin.ehr.transport import Transport
from plugin.store.cipher import UnusableKey
from plugin.store.engine import Store, UnusableStore, open_store
from plugin.store.launches import LaunchStore
from plugin.store.signing_keys import SigningKeys
from plugin.web import attest_pages as _attest_pages  # noqa: F401 - adds its routes to the blueprint of the review
from plugin.web import chart_pages as _chart_pages  # noqa: F401 - so does this
from plugin.web import coming_back as _coming_back  # noqa: F401 - adds its routes to the blueprint of launching
from plugin.web import dashboard_pages as _dashboard_pages  # noqa: F401 - adds its routes to the blueprint of staff
from plugin.web import in_session as _in_session  # noqa: F401 - so does this
from plugin.web import key_sets, launching, review_pages, staff, status_pages
from plugin.web import launch_style as _launch_style  # noqa: F401 - adds its route to the blueprint of the review
from plugin.web import open_tenant as _open_tenant  # noqa: F401 - and this
from plugin.web import productivity_pages as _productivity_pages  # noqa: F401 - adds its routes to the blueprint of staff
from plugin.web import sending_pages as _sending_pages  # noqa: F401 - adds its routes to the blueprint of the review
from plugin.web import worklist_pages as _worklist_pages  # noqa: F401 - adds its routes to the blueprint of staff
from plugin.web import worklist_walk as _worklist_walk  # noqa: F401 - so does this
from plugin.web.access_log import install_access_log
from plugin.web.errors import install_error_pages
from plugin.web.rate_limits import install_rate_limits
from plugin.web.security import install_security_headers
from plugin.web.services import EXTENSION, Services
from plugin.web.session import install_session
from plugin.web.settings import Settings, SettingsError, read_settings
from plugin.web.sub_path import SubPath

MAX_FORM_BYTES = 1024 * 1024
NO_KEY = (
    "no encryption key: set INFUSION_CHARGES_ENCRYPTION_KEY_FILE to a file with a key; "
    "make one with: infusion-charges keys new"
)

log = logging.getLogger(__name__)


def create_app(settings: Settings | None = None) -> Flask:
    """Build the app; raises SettingsError when it can't run with these settings."""
    chosen = settings or read_settings()
    app = Flask("plugin.web", static_folder=str(static_folder()), static_url_path="/static")
    app.config["MAX_CONTENT_LENGTH"] = MAX_FORM_BYTES
    services = app.extensions[EXTENSION] = _make_services(chosen)
    try:
        _equip(app, services, chosen)
    except SettingsError:
        services.store.close()
        raise
    return app


def _equip(app: Flask, services: Services, settings: Settings) -> None:
    if any(tenant.open for tenant in services.tenants):
        # Without sign-in nothing but the name in the address tells this app from another that a browser was led to.
        app.config["TRUSTED_HOSTS"] = [settings.host]
    install_access_log(app)
    services.metrics.watch(app)
    install_security_headers(app)
    install_session(app)
    install_rate_limits(app, services)
    install_error_pages(app)
    app.register_blueprint(launching.blueprint)
    app.register_blueprint(key_sets.blueprint)
    app.register_blueprint(staff.blueprint, url_prefix="/s/<launch_id>")
    app.register_blueprint(status_pages.blueprint)
    app.register_blueprint(review_pages.blueprint, url_prefix="/s/<launch_id>")
    _mount(app, settings)


def static_folder() -> Path:
    """In the wheel beside this package, in a checkout beside `plugin`."""
    inside = Path(__file__).parents[1] / "static"
    return inside if inside.is_dir() else Path(__file__).parents[2] / "static"


def _make_services(settings: Settings) -> Services:
    if not settings.encryption_keys:
        raise SettingsError(NO_KEY)
    tenants = _read_tenants(settings)
    secrets = _secrets_by_tenant(settings.client_secrets, tenants)
    # Imported here: prometheus_client looks once, when it is imported, whether processes share their numbers.
    from plugin.web.metrics import Metrics  # noqa: PLC0415

    metrics = Metrics()
    transport = Transport(private_hosts=tenants.private_hosts(), observe=metrics.ehr_request)
    try:
        book = CodeBook.load()
    except CodeBookError as error:
        raise SettingsError(f"the code book can't be used: {error}") from error
    store = _open_store(settings)
    return Services(
        settings=settings,
        tenants=tenants,
        store=store,
        launches=LaunchStore(store),
        book=book,
        transport=transport,
        discovery=Discovery(transport),
        keys=KeySets(transport),
        statements=Statements(transport, keep=settings.keep_statements),
        styles=Styles(transport),
        metrics=metrics,
        credentials=Credentials(secrets, SigningKeys(store).of),
    )


def _open_store(settings: Settings) -> Store:
    try:
        return open_store(settings.database_url, settings.encryption_keys)
    except UnusableKey as error:
        raise SettingsError(f"INFUSION_CHARGES_ENCRYPTION_KEYS: {error}") from error
    except UnusableStore as error:
        raise SettingsError(f"INFUSION_CHARGES_DATABASE_URL: {error}") from error


def _read_tenants(settings: Settings) -> Tenants:
    if settings.tenants is None:
        raise SettingsError("INFUSION_CHARGES_TENANTS: not set; give the path of a tenants file")
    try:
        tenants = read_tenants(settings.tenants)
    except TenantsError as error:
        raise SettingsError(str(error)) from error
    exposed = [tenant.key for tenant in tenants if tenant.open]
    if exposed and not settings.is_loopback and not settings.allow_open:
        names = ", ".join(exposed)
        raise SettingsError(
            f"tenant {names} has no sign-in and {settings.public_url} is not loopback; remove it or allow it "
            f"with --allow-open (INFUSION_CHARGES_ALLOW_OPEN=1)"
        )
    return tenants


def _secrets_by_tenant(given: Mapping[str, str], tenants: Tenants) -> dict[str, str]:
    """Each tenant's own secret; raises SettingsError for one that is missing, nobody's, or two tenants'."""
    names = {secret_name(tenant.key): tenant for tenant in tenants}
    for name in given:
        if name not in names or names[name].auth != "symmetric":
            problem = 'no tenant of that name has auth = "symmetric"; correct the name or remove the variable'
            raise SettingsError(f"INFUSION_CHARGES_CLIENT_SECRET_{name}: {problem}")
    found = {names[name].key: secret for name, secret in given.items()}
    for tenant in tenants:
        if tenant.auth == "symmetric" and tenant.key not in found:
            name = f"INFUSION_CHARGES_CLIENT_SECRET_{secret_name(tenant.key)}"
            raise SettingsError(f'{name}: not set; tenant {tenant.key} has auth = "symmetric" and needs its secret')
    if len(set(found.values())) < len(found):
        raise SettingsError("two tenants have the same client secret; each EHR must have its own")
    return found


def _mount(app: Flask, settings: Settings) -> None:
    """Believe forwarding headers only from as many proxies as were configured; live under the sub-path."""
    if settings.sub_path:
        app.wsgi_app = SubPath(app.wsgi_app, settings.sub_path)  # type: ignore[method-assign]
    hops = settings.proxy_hops
    if hops:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
