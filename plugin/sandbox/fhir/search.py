"""Search: parameters to SQL, a snapshot of what matched, and pages of it behind opaque links."""

from __future__ import annotations

import binascii
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from plugin.sandbox.fhir.dates import COMPARISONS, span_of
from plugin.sandbox.fhir.definitions import ID_PARAM, RESOURCE_TYPES, SearchParam
from plugin.sandbox.fhir.exact_json import dump
from plugin.sandbox.fhir.indexing import split_reference
from plugin.sandbox.fhir.outcomes import FhirError, operation_outcome
from plugin.sandbox.fhir.resources import ResourceStore, Stored

Pairs = list[tuple[str, str]]
PAGE_SIZE = 50
PAGE_LIMIT = 200
KEPT_SEARCHES = 2000
_CONTROL = ("_count", "_format", "_pretty", "_total")


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a search: what it holds, how many matched in all, its own and the next address, and warnings."""

    entries: list[Stored]
    total: int
    self_link: str
    next_link: str | None
    warnings: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Matches:
    """Row numbers that matched, the parameters that were used, and the names that were ignored."""

    numbers: list[int]
    used: Pairs
    ignored: tuple[str, ...]


def match(
    store: ResourceStore,
    kind: str,
    pairs: Pairs,
    patient: str | None,
    *,
    strict: bool = False,
    params: Sequence[SearchParam] | None = None,
) -> Matches:
    """Row numbers of a type that match every parameter, confined to one patient's compartment where given.

    `params` are the parameters that are known; without them all that the sandbox knows of the type.

    Resources in no compartment (Medication, Practitioner ...) stay visible.
    Raises FhirError 400 on a value that can't be read, a modifier, or (strict) an unknown parameter.
    """
    usual = RESOURCE_TYPES[kind].params if params is None else params
    known = {param.name: param for param in (*usual, ID_PARAM)}
    clauses, values = ["type = ?"], [kind]
    if patient is not None:
        clauses.append("(patient IS NULL OR patient = ?)")
        values.append(patient)
    used: Pairs = []
    ignored = []
    for name, value in pairs:
        if name in _CONTROL or not value:
            continue
        if name not in known:
            ignored.append(_unknown(kind, name, known, strict))
            continue
        clause, more = _clause(known[name], value, store.base)
        clauses.append(clause)
        values += more
        used.append((name, value))
    sql = f"SELECT number FROM resources WHERE {' AND '.join(clauses)} ORDER BY number"  # noqa: S608  clauses of fixed text
    return Matches([row["number"] for row in store.database.all(sql, values)], used, tuple(ignored))


def _unknown(kind: str, name: str, params: Iterable[str], strict: bool) -> str:
    known = ", ".join(sorted(params))
    if ":" in name or "." in name:
        raise FhirError(400, "not-supported", f"{name}: modifiers and chains are not supported; {kind} knows {known}.")
    if strict:
        raise FhirError(400, "not-supported", f"{kind} has no search parameter {name!r}; it knows {known}.")
    return name


def _clause(param: SearchParam, value: str, base: str) -> tuple[str, list[Any]]:
    choices = [_one(param, choice, base) for choice in value.split(",") if choice]
    if not choices:
        raise FhirError(400, "value", f"{param.name} has no value.")
    return "(" + " OR ".join(clause for clause, _ in choices) + ")", [item for _, more in choices for item in more]


def _one(param: SearchParam, choice: str, base: str) -> tuple[str, list[Any]]:
    if param.name == "_id":
        return "id = ?", [choice]
    if param.kind == "date":
        return _date_clause(param.name, choice)
    system, value = _token(choice) if param.kind == "token" else _reference(param, choice, base)
    where, values = "param = ?", [param.name]
    for column, wanted in (("value", value or None), ("system", system)):
        if wanted is not None:
            where, values = f"{where} AND {column} = ?", [*values, wanted]
    return f"number IN (SELECT number FROM terms WHERE {where})", values  # noqa: S608  fixed text


def _token(choice: str) -> tuple[str | None, str]:
    system, bar, value = choice.rpartition("|")
    return (system if bar else None), value


def _reference(param: SearchParam, choice: str, base: str) -> tuple[str | None, str]:
    found = split_reference(choice, base)
    return found if found else (param.only, choice)


def _date_clause(name: str, choice: str) -> tuple[str, list[Any]]:
    prefix = choice[:2] if choice[:2] in COMPARISONS else "eq"
    try:
        low, high = span_of(choice.removeprefix(prefix) if choice.startswith(prefix) else choice)
    except (ValueError, OverflowError) as error:
        raise FhirError(400, "value", f"{name}: {error}") from None
    where = COMPARISONS[prefix].replace(":low", repr(low)).replace(":high", repr(high))
    return f"number IN (SELECT number FROM spans WHERE param = ? AND ({where}))", [name]  # noqa: S608  two floats


def first_page(
    store: ResourceStore,
    kind: str,
    pairs: Pairs,
    patient: str | None,
    *,
    strict: bool = False,
    params: Sequence[SearchParam] | None = None,
) -> Page:
    """Run a search and show its first page; further pages come from a snapshot kept in the store."""
    found = match(store, kind, pairs, patient, strict=strict, params=params)
    count = _count(pairs)
    self_link = f"{store.base}/{kind}?{urlencode([*found.used, ('_count', str(count))])}"
    next_link = None
    if 0 < count < len(found.numbers):
        next_link = _link(store, kind, _keep(store, kind, found.numbers), count, count)
    entries = store.by_numbers(found.numbers[:count])
    return Page(entries, len(found.numbers), self_link, next_link, _told(found.ignored))


def _told(ignored: tuple[str, ...]) -> tuple[dict[str, Any], ...]:
    if not ignored:
        return ()
    return (operation_outcome("warning", "not-supported", f"Search parameters ignored: {', '.join(ignored)}."),)


def later_page(store: ResourceStore, kind: str, opaque: str, patient: str | None, *, again: bool = False) -> Page:
    """A further page; `again` repeats the last entry of the page before.

    Raises FhirError 404 where the link is unknown or has expired.
    """
    try:
        key, offset, count = json.loads(urlsafe_b64decode(opaque.encode()))
        row = store.database.first("SELECT numbers FROM searches WHERE key = ? AND type = ?", (key, kind))
    except (ValueError, TypeError, binascii.Error):
        row = None
    if row is None:
        raise FhirError(404, "not-found", "This page has expired or never was; run the search again.")
    numbers = json.loads(row["numbers"])
    first = offset - 1 if again else offset
    entries = [found for found in store.by_numbers(numbers[first : offset + count]) if _visible(found, patient)]
    more = offset + count < len(numbers)
    next_link = _link(store, kind, key, offset + count, count) if more else None
    return Page(entries, len(numbers), _link(store, kind, key, offset, count), next_link)


def _visible(found: Stored, patient: str | None) -> bool:
    return patient is None or found.patient in (None, patient)


def _count(pairs: Pairs) -> int:
    text = dict(pairs).get("_count")
    if text is None:
        return PAGE_SIZE
    if not text.isdecimal():
        raise FhirError(400, "value", f"_count must be a whole number, not {text!r}.")
    return min(int(text), PAGE_LIMIT)


def _keep(store: ResourceStore, kind: str, numbers: list[int]) -> str:
    key = secrets.token_urlsafe(12)
    with store.database.writing():
        store.database.insert("searches", key=key, type=kind, numbers=json.dumps(numbers))
        store.database.change(
            "DELETE FROM searches WHERE rowid <= (SELECT max(rowid) FROM searches) - ?", (KEPT_SEARCHES,)
        )
    return key


def _link(store: ResourceStore, kind: str, key: str, offset: int, count: int) -> str:
    opaque = urlsafe_b64encode(json.dumps([key, offset, count]).encode()).decode()
    return f"{store.base}/{kind}?{urlencode({'_page': opaque})}"


def bundle_text(store: ResourceStore, page: Page, shown: Callable[[Stored], str], *, total: bool = True) -> str:
    """The searchset Bundle as JSON text; `shown` gives the body of each resource."""
    entries = [
        f'{{"fullUrl":{dump(f"{store.base}/{found.type}/{found.id}")},"resource":{shown(found)},'
        '"search":{"mode":"match"}}'
        for found in page.entries
    ]
    for warning in page.warnings:
        entries.append(f'{{"resource":{dump(warning)},"search":{{"mode":"outcome"}}}}')
    links = [{"relation": "self", "url": page.self_link}]
    if page.next_link:
        links.append({"relation": "next", "url": page.next_link})
    count = f'"total":{page.total},' if total else ""
    head = f'{{"resourceType":"Bundle","type":"searchset",{count}"link":{dump(links)}'
    return f'{head},"entry":[{",".join(entries)}]}}' if entries else head + "}"
