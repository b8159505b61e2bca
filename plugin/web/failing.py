"""A failure gets a reference: the page shows it, the log and the administrator's page say under it what happened."""

import logging
import secrets

from flask import g
from sqlalchemy.exc import SQLAlchemyError

from plugin.ehr.tenants import Tenant
from plugin.store.engine import TransactionOpen
from plugin.store.failures import Failure, note_failure
from plugin.web.services import current_services

log = logging.getLogger(__name__)


def about(tenant: Tenant) -> None:
    """This request is about an EHR, though there is no launch of it yet."""
    g.tenant = tenant.key


def refer_to(told: str, happened: str) -> str:
    """Log and keep what happened, in words without patient data, and give its reference."""
    reference, services = secrets.token_hex(4), current_services()
    log.warning("failure %s: %s: %s", reference, told, happened)
    launch = g.get("launch")
    tenant = launch.tenant if launch is not None else g.get("tenant")
    if tenant:
        try:
            note_failure(services.store, tenant, Failure(services.clock(), reference, told, happened))
        except (SQLAlchemyError, TransactionOpen) as error:
            log.error("failure %s is in the log alone: %s", reference, type(error).__name__)
    return reference
