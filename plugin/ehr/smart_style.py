"""The EHR's look, as SMART's `smart_style_url` describes it: colours and lengths, and nothing else of it.

The address comes with the launch. It is fetched here, not by the browser, from the tenant's own hosts alone, without a
token. What is kept are values of two shapes; fonts, pictures and every other text of it are left where they are.
"""

import logging
import re
import threading
from collections.abc import Mapping
from typing import Any

from plugin.ehr.discovery import pinned
from plugin.ehr.errors import EhrError
from plugin.ehr.tenants import Tenant
from plugin.ehr.transport import Transport

LARGEST = 32 * 1024
# A launch waits for it, and goes on without it.
PATIENCE_SECONDS = 3.0
MOST_KEPT = 100
COLOURS = ("color_background", "color_error", "color_highlight", "color_success", "color_text")
LENGTHS = ("dim_border_radius", "dim_font_size", "dim_spacing_size")
_COLOUR = re.compile(r"#(?:[0-9a-f]{3}|[0-9a-f]{6})", re.IGNORECASE)
_LENGTH = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,2})?px")

log = logging.getLogger(__name__)
Style = Mapping[str, str]
NO_STYLE: Style = {}


class Styles:
    """Fetches styles and keeps them: by SMART, a style that changes gets another address."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._lock = threading.Lock()
        self._kept: dict[tuple[str, str], Style] = {}

    def of(self, tenant: Tenant, address: str) -> Style:
        """The style at this address; empty when there is none to be had. Never a reason for a launch to fail."""
        if not address:
            return NO_STYLE
        kept = self._kept.get((tenant.key, address))
        if kept is not None:
            return kept
        try:
            style = read_style(self._fetch(tenant, address))
        except EhrError as error:
            log.warning("style not used: tenant %s, %s", tenant.key, type(error).__name__)
            return NO_STYLE
        with self._lock:
            if len(self._kept) >= MOST_KEPT:
                self._kept.clear()
            self._kept[(tenant.key, address)] = style
        return style

    def _fetch(self, tenant: Tenant, address: str) -> Any:
        answer = self._transport.send(
            self._transport.plain_session(),
            "GET",
            pinned(address, tenant, "smart_style_url"),
            headers={"Accept": "application/json"},
            limit=LARGEST,
            patience=PATIENCE_SECONDS,
        )
        if answer.status != 200:
            raise EhrError(f"the style answered with status {answer.status}")
        return answer.json()


def read_style(found: Any) -> Style:
    """The values that are what their names say, colours as `#rrggbb`; everything else is left out."""
    given = found if isinstance(found, dict) else {}
    texts = {name: value.strip().lower() for name, value in given.items() if isinstance(value, str)}
    colours = {name: _long(texts[name]) for name in COLOURS if _COLOUR.fullmatch(texts.get(name, ""))}
    lengths = {name: texts[name] for name in LENGTHS if _LENGTH.fullmatch(texts.get(name, ""))}
    return colours | lengths


def _long(colour: str) -> str:
    return colour if len(colour) == 7 else "#" + "".join(2 * digit for digit in colour[1:])
