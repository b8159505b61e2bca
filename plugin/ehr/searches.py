"""Searches read to their end: pages followed, duplicates dropped, and said when something was left out."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from plugin.domain import MappingIssue
from plugin.ehr.client import FhirClient, Parameters
from plugin.ehr.errors import EhrError, FhirError
from plugin.ehr.outcomes import PARTIAL_DATA, outcome_codes, outcome_issues
from plugin.ehr.tenants import Tenant

Resource = dict[str, Any]
# Epic says so by a code; others no longer have the address.
EXPIRED = ("expired-page", "not-found")


@dataclass(slots=True)
class Found:
    """What a search gave; `truncated` says that more may exist, `expired` that a page of it was forgotten."""

    resources: list[Resource] = field(default_factory=list)
    issues: list[MappingIssue] = field(default_factory=list)
    truncated: bool = False
    expired: bool = False


def search(client: FhirClient, tenant: Tenant, kind: str, params: Parameters) -> Found:
    """Read all pages of a search for one resource type; raises EhrError when the first page can't be read.

    A server that has forgotten its pages meanwhile is asked once more from the first one.
    """
    found = _read_pages(client, tenant, kind, params)
    return _read_pages(client, tenant, kind, params) if found.expired else found


def _read_pages(client: FhirClient, tenant: Tenant, kind: str, params: Parameters) -> Found:
    found = Found()
    page = client.read(kind, [*params, ("_count", str(tenant.page_size))])
    seen = {""}
    for number in range(1, tenant.page_cap + 1):
        _take_entries(found, page, kind)
        address = _next_address(page)
        if not address:
            return _without_repeats(found)
        if address in seen or number == tenant.page_cap:
            return _cut_off(found, kind, "the EHR's pages go in a circle" if address in seen else "too many pages")
        seen.add(address)
        try:
            page = client.read(address)
        except EhrError as error:
            found.expired = isinstance(error, FhirError) and error.kind in EXPIRED
            return _cut_off(found, kind, str(error))
    return _without_repeats(found)


def _take_entries(found: Found, page: Resource, kind: str) -> None:
    entries = page.get("entry", [])
    if page.get("resourceType") != "Bundle" or not isinstance(entries, list):
        found.truncated = True
        found.issues.append(MappingIssue(kind, "Bundle.entry", "no list of entries", "nothing was read from it", True))
        return
    for entry in entries:
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if not isinstance(resource, dict):
            found.issues.append(MappingIssue(kind, "Bundle.entry.resource", "no resource", "left out", True))
        elif resource.get("resourceType") == "OperationOutcome":
            found.issues.extend(_read_warnings(resource, kind))
        elif resource.get("resourceType") == kind:
            found.resources.append(resource)


def _read_warnings(outcome: Resource, kind: str) -> list[MappingIssue]:
    codes = sorted(set(outcome_codes(outcome)))
    partial = PARTIAL_DATA in codes
    grave = partial or any(issue.get("severity") in ("error", "fatal") for issue in outcome_issues(outcome))
    if not grave and not any(issue.get("severity") == "warning" for issue in outcome_issues(outcome)):
        return []
    said = "the EHR says that it held data back" if partial else "the EHR sent a warning with its answer"
    return [MappingIssue(kind, "Bundle.entry", f"{said} ({', '.join(codes) or 'no code'})", "the rest was read", grave)]


def _next_address(page: Resource) -> str:
    links = page.get("link")
    for link in links if isinstance(links, list) else []:
        if isinstance(link, dict) and link.get("relation") == "next" and isinstance(link.get("url"), str):
            return str(link["url"])
    return ""


def _cut_off(found: Found, kind: str, why: str) -> Found:
    found.truncated = True
    found.issues.append(MappingIssue(kind, "Bundle.link", why, "further pages were not read", True))
    return _without_repeats(found)


def _without_repeats(found: Found) -> Found:
    found.resources = unique(found.resources)
    return found


def unique(resources: Sequence[Resource]) -> list[Resource]:
    """Each resource once, by type and id, the last one read; those without an id are all kept."""
    by_id: dict[tuple[str, str], Resource] = {}
    for position, resource in enumerate(resources):
        logical_id = resource.get("id")
        key = str(logical_id) if isinstance(logical_id, str) else f"\0{position}"
        by_id[(str(resource.get("resourceType")), key)] = resource
    return list(by_id.values())
