"""The text of one file to resources: a Bundle of any type, one resource, or NDJSON, plain or gzip."""

import gzip
import io
import json
import zlib
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from fhir_mappings.elements import Element, Log, shown
from fhir_mappings.exact_json import exact_decimal, exact_whole
from fhir_mappings.lookup import Located
from fhir_mappings.operation_outcome import read_outcome
from plugin.domain import MappingIssue

LARGEST = 2**30
DEEPEST_BUNDLE = 8


@dataclass(frozen=True, slots=True)
class Loaded:
    """The resources of a file with the place each stood at, and what could not be read."""

    resources: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    problems: list[MappingIssue] = field(default_factory=list)


class _UnreadableError(Exception):
    """Why a text is no JSON we take; says nothing of its content."""


def load_resources(data: bytes | str, name: str, *, paged: bool = False) -> Loaded:
    """Reads what one file holds; a bad line or entry becomes a problem that names it, and the rest goes on.

    `name` is how problems call the file.
    `paged` says that the caller follows `next` links itself; otherwise a page that names a next one is a problem.
    """
    reading = _Reading(name, paged=paged)
    try:
        text = reading.text(data)
    except _UnreadableError as why:
        reading.problem("", str(why), "nothing was read from this file")
        return reading.loaded
    for where, document in reading.documents(text):
        reading.take(document, where)
    if not reading.loaded.resources and not reading.loaded.problems:
        reading.problem("", "no resource", "nothing was read: this file holds no FHIR resource")
    return reading.loaded


@dataclass(frozen=True, slots=True)
class _Waiting:
    """Something still to be taken: its place, the `fullUrl` of its entry, and how many Bundles it stands in."""

    place: str
    url: str
    value: Any
    depth: int


class _Reading:
    """One file on its way from text to resources."""

    def __init__(self, name: str, *, paged: bool) -> None:
        self.name = name
        self.paged = paged
        self.loaded = Loaded()

    def problem(self, where: str, found: object, done: str, *, blocks: bool = True) -> None:
        """Notes what could not be read, and where."""
        self.loaded.problems.append(MappingIssue(self.called(where), "", shown(found), done, blocks))

    def called(self, where: str) -> str:
        """The place as problems name it: file, line, entry."""
        return f"{self.name}: {where}" if where else self.name

    def text(self, data: bytes | str) -> str:
        """The file's text; raises _UnreadableError for damaged gzip data."""
        if isinstance(data, str):
            return data.removeprefix("\ufeff")
        if data[:2] == b"\x1f\x8b":
            data = _unzipped(data)
        if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
            return data.decode("utf-16", "replace")
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError:
            self.problem("", "bytes that are no UTF-8", "read with a mark in their place", blocks=False)
            return data.decode("utf-8-sig", "replace")

    def documents(self, text: str) -> Iterator[tuple[str, Any]]:
        """The JSON documents of a text: the whole, or one a line."""
        lines = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
        if not lines:
            return
        try:
            document = self.parse(text, "")
        except _UnreadableError as why:
            if len(lines) == 1 or not _looks_like_lines(lines, self.name):
                self.problem(f"line {lines[0][0]}" if len(lines) == 1 else "", str(why), "not read: mend the JSON")
                return
        else:
            yield "", document
            return
        yield from self.lines(lines)

    def lines(self, lines: list[tuple[int, str]]) -> Iterator[tuple[str, Any]]:
        """The documents of the lines that can be parsed."""
        for number, line in lines:
            where = f"line {number}"
            try:
                yield where, self.parse(line, where)
            except _UnreadableError as why:
                self.problem(where, str(why), "this line was not read: mend the JSON")

    def parse(self, text: str, where: str) -> Any:
        """JSON with exact numbers; a key written twice in one object is noted, and the last one counts."""
        document, twice = _parsed(text)
        if twice:
            self.problem(where, twice[0], "this key stands twice in one object: the last one was read")
        return document

    def take(self, document: Any, where: str) -> None:
        """A document to resources; Bundles inside Bundles are opened in place."""
        waiting = deque([_Waiting(where, "", document, 0)])
        while waiting:
            item = waiting.popleft()
            value = item.value
            if isinstance(value, list) and item.depth == 0:
                self.problem(item.place, value, "a list of resources: each was read", blocks=False)
                waiting.extend(_Waiting(_inside(item.place, f"item {i}"), "", v, 1) for i, v in enumerate(value, 1))
            elif not isinstance(value, dict) or not isinstance(value.get("resourceType"), str):
                found = value if not isinstance(value, dict) else "no resourceType"
                self.problem(item.place, found, "not read: a FHIR resource belongs here")
            elif value["resourceType"] == "Bundle" and item.depth < DEEPEST_BUNDLE:
                waiting.extendleft(reversed(self.entries(item)))
            elif value["resourceType"] == "OperationOutcome":
                self.loaded.problems.extend(read_outcome(value, self.called(item.place)))
            else:
                self.loaded.resources.append((item.place, Located(value, item.place, item.url)))

    def entries(self, bundle: _Waiting) -> list[_Waiting]:
        """The entries of a Bundle; a missing next page is a problem."""
        element = Element(bundle.value, "Bundle", Log(self.called(bundle.place)))
        entries = bundle.value.get("entry") or []
        found = [
            self.entry(entry, _inside(bundle.place, f"entry {index}"), bundle.depth + 1)
            for index, entry in enumerate(entries if isinstance(entries, list) else [entries], 1)
        ]
        if not self.paged and any(link.raw("relation") == "next" for link in element.children("link", matters=False)):
            element.say("link", "this page names a next page, which is not in the file", found="next", blocks=True)
        self.loaded.problems.extend(element.log.issues)
        return [item for item in found if item is not None]

    def entry(self, entry: Any, where: str, depth: int) -> _Waiting | None:
        """What an entry holds: a resource, else the outcome of a response, else nothing."""
        if not isinstance(entry, dict):
            self.problem(where, entry, "not read: a Bundle entry belongs here")
            return None
        url, resource = entry.get("fullUrl"), entry.get("resource")
        if resource is not None:
            return _Waiting(where, url if isinstance(url, str) else "", resource, depth)
        response = entry.get("response")
        outcome = response.get("outcome") if isinstance(response, dict) else None
        if outcome is None and "response" not in entry and "request" not in entry:
            self.problem(where, "no resource", "this entry was not read: it holds no resource")
        return _Waiting(where, "", outcome, depth) if outcome is not None else None


def _unzipped(data: bytes) -> bytes:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as stream:
            plain = stream.read(LARGEST + 1)
    except (OSError, EOFError, zlib.error):
        raise _UnreadableError("damaged gzip data") from None
    if len(plain) > LARGEST:
        raise _UnreadableError("more than 1 GiB of text")
    return plain


def _looks_like_lines(lines: list[tuple[int, str]], name: str) -> bool:
    """NDJSON by its name, or because some early line is a whole resource."""
    if name.removesuffix(".gz").endswith((".ndjson", ".jsonl")):
        return True
    for _, line in lines[:20]:
        try:
            document, _ = _parsed(line)
        except _UnreadableError:
            continue
        if isinstance(document, dict) and "resourceType" in document:
            return True
    return False


def _parsed(text: str) -> tuple[Any, list[str]]:
    """JSON with exact numbers, and the keys that stand twice in one object."""
    twice: list[str] = []

    def made(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        value = dict(pairs)
        if len(value) != len(pairs):
            counted = Counter(key for key, _ in pairs)
            twice.append(counted.most_common(1)[0][0])
        return value

    try:
        document = json.loads(
            text,
            parse_float=exact_decimal,
            parse_int=exact_whole,
            parse_constant=_no_number,
            object_pairs_hook=made,
        )
    except json.JSONDecodeError as error:
        raise _UnreadableError(f"no JSON: {error.msg} (line {error.lineno}, column {error.colno})") from None
    except RecursionError:
        raise _UnreadableError("JSON nested too deeply") from None
    return document, twice


def _no_number(_: str) -> None:
    """NaN and Infinity are no JSON; read as null, which the reader of the element notes."""


def _inside(place: str, part: str) -> str:
    return f"{place} {part}".strip()
