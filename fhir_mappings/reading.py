"""The text of one file to resources: a Bundle of any type, one resource, or NDJSON, plain or gzip."""

import gzip
import io
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from fhir_mappings.elements import Element, Log, shown
from fhir_mappings.lookup import Located
from plugin.domain import MappingIssue

LARGEST = 2**30
DEEPEST_BUNDLE = 8
EXACT_DIGITS = 18
STILL_WHOLE = ("informational", "success", "deleted")
PARTIAL = ("incomplete", "suppressed", "timeout", "throttled", "too-costly", "exception", "processing", "transient")
PARTIAL_DATA_CODES = ("4119", "59204", "59208")


@dataclass(frozen=True, slots=True)
class Loaded:
    """The resources of a file with the place each stood at, and what could not be read."""

    resources: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    problems: list[MappingIssue] = field(default_factory=list)


class _Unreadable(Exception):
    """Why a text is no JSON we take; says nothing of its content."""


def load_resources(data: bytes | str, name: str, *, paged: bool = False) -> Loaded:
    """Reads what one file holds; a bad line or entry becomes a problem that names it, and the rest goes on.

    `name` is how problems call the file.
    `paged` says that the caller follows `next` links itself; otherwise a page that names a next one is a problem.
    """
    loaded = Loaded()
    try:
        text = _text(data)
    except _Unreadable as why:
        _problem(loaded, name, "", str(why), "nothing was read from this file")
        return loaded
    for where, document in _documents(text, name, loaded):
        _take(document, where, name, loaded, paged=paged)
    if not loaded.resources and not loaded.problems:
        _problem(loaded, name, "", "no resource", "nothing was read: this file holds no FHIR resource")
    return loaded


def _problem(loaded: Loaded, name: str, where: str, found: object, done: str, *, blocks: bool = True) -> None:
    place = f"{name}: {where}" if where else name
    loaded.problems.append(MappingIssue(place, "", shown(found), done, blocks))


def _text(data: bytes | str) -> str:
    if isinstance(data, str):
        return data.removeprefix("\ufeff")
    if data[:2] == b"\x1f\x8b":
        data = _unzipped(data)
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "replace")
    return data.decode("utf-8-sig", "surrogateescape")


def _unzipped(data: bytes) -> bytes:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as stream:
            plain = stream.read(LARGEST + 1)
    except (OSError, EOFError, zlib.error):
        raise _Unreadable("damaged gzip data") from None
    if len(plain) > LARGEST:
        raise _Unreadable("more than 1 GiB of text")
    return plain


def _documents(text: str, name: str, loaded: Loaded) -> Iterator[tuple[str, Any]]:
    """The JSON documents of a text: the whole, or one a line."""
    lines = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    if not lines:
        return
    try:
        document = _parse(text, name, "", loaded)
    except _Unreadable as why:
        if len(lines) == 1 or not _looks_like_lines(lines, name):
            _problem(loaded, name, f"line {lines[0][0]}" if len(lines) == 1 else "", str(why), "not read: fix the JSON")
            return
    else:
        yield "", document
        return
    yield from _lines(lines, name, loaded)


def _lines(lines: list[tuple[int, str]], name: str, loaded: Loaded) -> Iterator[tuple[str, Any]]:
    for number, line in lines:
        where = f"line {number}"
        try:
            yield where, _parse(line, name, where, loaded)
        except _Unreadable as why:
            _problem(loaded, name, where, str(why), "this line was not read: fix the JSON")


def _looks_like_lines(lines: list[tuple[int, str]], name: str) -> bool:
    """NDJSON by its name, or because some early line is a whole resource."""
    if name.removesuffix(".gz").endswith((".ndjson", ".jsonl")):
        return True
    quiet = Loaded()
    for _, line in lines[:20]:
        try:
            document = _parse(line, "", "", quiet)
        except _Unreadable:
            continue
        if isinstance(document, dict) and "resourceType" in document:
            return True
    return False


def _parse(text: str, name: str, where: str, loaded: Loaded) -> Any:
    """JSON with exact numbers; keys written twice are noted (the last one counts)."""
    twice: list[str] = []

    def made(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        value = dict(pairs)
        if len(value) != len(pairs):
            keys = [key for key, _ in pairs]
            twice.append(next(key for key in keys if keys.count(key) > 1) if len(keys) < 1000 else "several keys")
        return value

    try:
        document = json.loads(
            text, parse_float=Decimal, parse_int=_whole, parse_constant=lambda _: None, object_pairs_hook=made
        )
    except json.JSONDecodeError as error:
        raise _Unreadable(f"no JSON: {error.msg} (line {error.lineno}, column {error.colno})") from None
    except RecursionError:
        raise _Unreadable("JSON nested too deeply") from None
    if twice:
        _problem(loaded, name, where, twice[0], "this key stands twice in one object: the last one was read")
    return document


def _whole(digits: str) -> int | Decimal:
    return int(digits) if len(digits) <= EXACT_DIGITS else Decimal(digits)


def _take(document: Any, where: str, name: str, loaded: Loaded, *, paged: bool) -> None:
    """A document to resources; Bundles inside Bundles are opened in place."""
    waiting: list[tuple[str, str, Any, int]] = [(where, "", document, 0)]
    while waiting:
        place, url, value, depth = waiting.pop(0)
        if isinstance(value, list) and depth == 0:
            _problem(loaded, name, place, value, "a list of resources: each was read", blocks=False)
            waiting = [(_inside(place, f"item {i}"), "", item, 1) for i, item in enumerate(value, 1)] + waiting
        elif not isinstance(value, dict) or not isinstance(value.get("resourceType"), str):
            found = value if not isinstance(value, dict) else "no resourceType"
            _problem(loaded, name, place, found, "not read: a FHIR resource belongs here")
        elif value["resourceType"] == "Bundle" and depth < DEEPEST_BUNDLE:
            waiting = _entries(value, place, name, loaded, depth, paged=paged) + waiting
        elif value["resourceType"] == "OperationOutcome":
            loaded.problems.extend(read_outcome(value, f"{name}: {place}" if place else name))
        else:
            loaded.resources.append((place, Located(value, place, url)))


def _inside(place: str, part: str) -> str:
    return f"{place} {part}".strip()


def _entries(
    bundle: dict[str, Any], place: str, name: str, loaded: Loaded, depth: int, *, paged: bool
) -> list[tuple[str, str, Any, int]]:
    """The entries of a Bundle, with their place and `fullUrl`; entries without a resource are checked for outcomes."""
    log = Log(f"{name}: {place}" if place else name)
    element = Element(bundle, "Bundle", log)
    found: list[tuple[str, str, Any, int]] = []
    entries = bundle.get("entry")
    for index, entry in enumerate(entries if isinstance(entries, list) else [entries] if entries else [], 1):
        where = _inside(place, f"entry {index}")
        if not isinstance(entry, dict):
            _problem(loaded, name, where, entry, "not read: a Bundle entry belongs here")
            continue
        url = entry.get("fullUrl")
        resource = entry.get("resource")
        if resource is None:
            resource = _outcome_in(entry)
            if resource is None:
                if "response" not in entry and "request" not in entry:
                    _problem(loaded, name, where, "no resource", "this entry was not read: it holds no resource")
                continue
        found.append((where, url if isinstance(url, str) else "", resource, depth + 1))
    if not paged and _names_next(element):
        element.say("link", "this page names a next page, which is not in the file", found="next", blocks=True)
    loaded.problems.extend(log.issues)
    return found


def _outcome_in(entry: dict[str, Any]) -> Any:
    response = entry.get("response")
    return response.get("outcome") if isinstance(response, dict) else None


def _names_next(bundle: Element) -> bool:
    return any(link.raw("relation") == "next" for link in bundle.children("link", matters=False))


def read_outcome(outcome: dict[str, Any], resource: str) -> list[MappingIssue]:
    """The issues of an OperationOutcome a server sent among the results.

    Errors, and warnings that say data was withheld, block the word complete; information does not.
    """
    log = Log(resource)
    element = Element(outcome, "OperationOutcome", log, matters=False)
    for issue in element.children("issue"):
        severity, code = issue.text("severity"), issue.text("code")
        details = issue.child("details")
        codes = [c.text("code") for c in details.children("coding")] if details else []
        said = issue.text("diagnostics") or (details.text("text") if details else "") or code or severity
        partial = code in PARTIAL or any(c in PARTIAL_DATA_CODES for c in codes)
        blocks = severity in ("error", "fatal") or (severity == "warning" and partial)
        log.issues.append(
            MappingIssue(resource, issue.path, shown(said), f"the server reported {severity or 'an issue'}", blocks)
        )
    return log.issues
