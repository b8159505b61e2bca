"""The app's public keys, where an EHR fetches them to check who the app is."""

from http import HTTPStatus

from flask import Blueprint, Response, jsonify

from plugin.ehr.signing import public_keys
from plugin.web.errors import PageError
from plugin.web.services import current_services

blueprint = Blueprint("key_sets", __name__)

# Short against the hours for which a new key is published before it signs.
CACHE_SECONDS = 900


@blueprint.get("/jwks/<tenant>.json")
def key_set(tenant: str) -> Response:
    """The tenant's key set; two keys while one follows the other."""
    services = current_services()
    found = services.tenants.by_key(tenant)
    if found is None or not found.signs:
        text = "There is no key set of that name."
        raise PageError(HTTPStatus.NOT_FOUND, "Not found", text, "Look at the tenants file.")
    response = jsonify(public_keys(services.credentials.keys_of(tenant), services.clock()))
    response.cache_control.public, response.cache_control.max_age = True, CACHE_SECONDS
    return response
