"""An EHR without sockets: answers by method and address, and what was asked of it."""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from requests.structures import CaseInsensitiveDict

from plugin.ehr.tenants import Tenant
from plugin.ehr.transport import Answer, Transport

BASE = "https://ehr.example.org/fhir"


def tenant(**changes: Any) -> Tenant:
    """A tenant with usual values."""
    values = {
        "key": "general",
        "iss": BASE,
        "client_id": "app",
        "name": "General Hospital",
        "hosts": ("ehr.example.org",),
    }
    return Tenant(**{**values, **changes})


def answer(body: Any = None, status: int = 200, **headers: str) -> Answer:
    """An answer; dicts and lists become JSON, text is sent as HTML."""
    if isinstance(body, str):
        return Answer(status, CaseInsensitiveDict({"Content-Type": "text/html", **headers}), body.encode())
    content = b"" if body is None else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, CaseInsensitiveDict({"Content-Type": "application/json", **named}), content)


@dataclass(frozen=True)
class Sent:
    """One request as it left."""

    method: str
    url: str
    headers: dict[str, str]
    data: Any
    token: str

    @property
    def path(self) -> str:
        """The address without its query."""
        return self.url.partition("?")[0]

    @property
    def params(self) -> dict[str, str]:
        """The query."""
        return dict(parse_qsl(urlsplit(self.url).query))


@dataclass
class FakeEhr(Transport):
    """A transport whose answers come from a function, or from a list in turn."""

    reply: Callable[[Sent], Answer]
    sent: list[Sent] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self._guard = threading.Lock()

    def send(self, session, method, url, *, headers, data=None, limit=0, patience=None) -> Answer:
        """Record the request and reply."""
        token = (getattr(session, "token", None) or {}).get("access_token", "")
        request = Sent(method, url, dict(headers), data, token)
        with self._guard:
            self.sent.append(request)
        return self.reply(request)


def in_turn(*answers: Answer | Exception) -> Callable[[Sent], Answer]:
    """Reply with these one after the other."""
    left = list(answers)

    def reply(_: Sent) -> Answer:
        found = left.pop(0)
        if isinstance(found, Exception):
            raise found
        return found

    return reply


def bundle(*resources: dict[str, Any], next_url: str = "", mode: str = "match") -> dict[str, Any]:
    """A searchset page."""
    page: dict[str, Any] = {"resourceType": "Bundle", "type": "searchset"}
    page["entry"] = [{"resource": resource, "search": {"mode": mode}} for resource in resources]
    if next_url:
        page["link"] = [{"relation": "next", "url": next_url}]
    return page
