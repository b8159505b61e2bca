"""Finding resources by reference, and what every reader needs to know: the zone."""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, tzinfo
from functools import lru_cache
from typing import Any

import msgspec

from fhir_mappings.elements import Element, Log, clean
from fhir_mappings.json_line import JsonLine

Resource = Mapping[str, Any]
REFERENCE = re.compile(r"(?:(?P<base>.*)/)?(?P<type>[A-Z][A-Za-z]{2,40})/(?P<id>[^/\s#?]{1,128})")
LONGEST_REFERENCE = 2000
PLAIN = re.compile(r"[A-Z][A-Za-z]{2,40}/[A-Za-z0-9.-]{1,64}")  # what most references are: their own key
_in_order = msgspec.json.Encoder(order="sorted")


class Located(dict[str, Any]):
    """A resource that remembers where it stood: the `fullUrl` of its Bundle entry and the place in the file."""

    __slots__ = ("full_url", "where")

    def __init__(self, resource: Mapping[str, Any], where: str = "", full_url: str = "") -> None:
        super().__init__(resource)
        self.where = where
        self.full_url = full_url


def type_of(resource: Resource) -> str:
    """The resource type, empty when there is none."""
    if isinstance(resource, JsonLine):
        return resource.kind
    kind = resource.get("resourceType")
    if not isinstance(kind, str):
        return ""
    return kind if kind.isascii() and kind.isalpha() and len(kind) <= 64 else clean(kind)[:64]


def full_url_of(resource: Resource) -> str:
    """The Bundle entry's `fullUrl`, empty when unknown."""
    return resource.full_url if isinstance(resource, Located) else ""


def identity(resource: Resource) -> str:
    """`Type/id`; without an id that of its `fullUrl`, else one made from the content."""
    if isinstance(resource, JsonLine):
        return resource.key
    return f"{type_of(resource) or 'Resource'}/{_id_of(resource)}"


def _id_of(resource: Resource) -> str:
    charted = resource.get("id")
    if isinstance(charted, str) and charted.strip():
        return clean(charted).strip()[:128]
    if isinstance(charted, int) and not isinstance(charted, bool) and charted.bit_length() < 128:
        return str(charted)
    tail = re.split(r"[/:]", full_url_of(resource))[-1]
    return clean(tail)[:128] or f"no-id-{digest(resource)[:12]}"


def digest(resource: Resource) -> str:
    """A hash of the content, the same whatever the order of its keys."""
    return hashlib.sha256(canonical(resource)).hexdigest()


def canonical(resource: Resource) -> bytes:
    """The content as JSON, the same whatever the order of its keys; what JSON can't hold becomes its type's name."""
    content = _content(resource)
    try:
        return _in_order.encode(content)
    except (OverflowError, RecursionError, TypeError, ValueError):  # lone surrogates, and enormous numbers or depths
        return _written_out(content)


def _written_out(content: dict[str, Any]) -> bytes:
    try:
        return json.dumps(content, sort_keys=True, default=str, ensure_ascii=True).encode()
    except (RecursionError, TypeError, ValueError):
        return (type_of(content) + "/" + ",".join(sorted(map(str, content)))).encode("utf-8", "replace")


def _content(resource: Resource) -> dict[str, Any]:
    if isinstance(resource, JsonLine):
        return resource.value
    return resource if type(resource) is dict else dict(resource)


def version_of(resource: Resource) -> str:
    """`meta.versionId`, else a hash of the content: servers fill `meta` sparsely."""
    if isinstance(resource, JsonLine) and (charted := _charted_version(resource)):
        return charted
    meta = resource.get("meta")
    version = meta.get("versionId") if isinstance(meta, dict) else None
    if isinstance(version, int) and not isinstance(version, bool) and version.bit_length() < 64:
        return str(version)
    if isinstance(version, str) and version.strip():
        return clean(version[:64]).strip()
    return "sha256:" + digest(resource)[:16]


def _charted_version(line: JsonLine) -> str:
    meta = getattr(line.shape, "meta", None)  # a Medication has no version that anybody reads
    return _as_version(meta.versionId) if meta is not None else ""


@lru_cache(maxsize=1 << 10)  # most are small numbers
def _as_version(written: str) -> str:
    return clean(written[:64]).strip()


def root(resource: Resource) -> Element:
    """The resource as an element with a fresh issue log."""
    return Element(_content(resource), type_of(resource) or "Resource", Log(identity(resource)))


def relative(reference: str) -> str:
    """`Type/id` of a relative or absolute reference without its version, empty when it has no such form."""
    return _parsed(reference)[2]


@lru_cache(maxsize=1 << 14)  # every resource of a patient and an encounter names them in the same words
def _parsed(reference: str) -> tuple[str, str, str]:
    """A reference without its version, the address of its server, and its `Type/id`; empty where it has none."""
    plain = _unversioned(reference)
    match = REFERENCE.fullmatch(plain) if len(reference) <= LONGEST_REFERENCE else None
    return (plain, match["base"] or "", f"{match['type']}/{match['id']}") if match else (plain, "", "")


def _unversioned(reference: str) -> str:
    return clean(reference).strip().split("/_history/", 1)[0].rstrip("/")


class Lookup:
    """The resources of one reading, by type and by reference.

    Of several copies of one resource the newest version is kept; `clashes` names those where that is a guess.
    `zone` is the facility's zone when known; where it is not, `offsets` has the starts that were charted with an
    offset: of each encounter, and of all of a patient's.
    `keys` are the references asked for so far, as written, with what they point to.
    """

    def __init__(self, resources: Iterable[Resource] = (), zone: tzinfo | None = None) -> None:
        self.zone = zone
        self.offsets: dict[str, Sequence[datetime]] = {}
        self.by_identity: dict[str, Resource] = {}
        self.repeated: list[str] = []
        self.clashes: set[str] = set()
        self.keys: dict[str, str] = {"": ""}
        self._by_url: dict[str, str] = {}
        self._of_type: dict[str, list[str]] = {}
        for resource in resources:
            if isinstance(resource, JsonLine):
                self._add(resource, resource.key)
            elif isinstance(resource, Mapping) and type_of(resource):
                key, url = identity(resource), full_url_of(resource)
                if url:
                    self._by_url[_unversioned(url)] = key
                self._add(resource, key)

    def _add(self, resource: Resource, key: str) -> None:
        before = self.by_identity.setdefault(key, resource)
        if before is resource:
            self._of_type.setdefault(key.partition("/")[0], []).append(key)
            return
        if canonical(before) == canonical(resource):
            return
        self.repeated.append(key)
        old, new = _age(before), _age(resource)
        if old[:2] == new[:2]:
            self.clashes.add(key)
        elif old < new:
            self.clashes.discard(key)
        self.by_identity[key] = resource if old < new else before

    def of_type(self, kind: str) -> Iterator[Resource]:
        """Every resource of a type, in the order of the input."""
        return (self.by_identity[key] for key in self._of_type.get(kind, ()))

    def key(self, reference: str) -> str:
        """The `Type/id` a reference points to, whether it was found or not; empty when it can't be told."""
        key = self.keys.get(reference)
        if key is None:
            key = self.keys[reference] = self._key_of(reference)
        return key

    def _key_of(self, reference: str) -> str:
        if PLAIN.fullmatch(reference):
            return self._by_url.get(reference, reference)
        plain, base, key = _parsed(reference)
        found = self._by_url.get(plain, "")
        if found:
            return found
        return "" if base and key in self.by_identity and self._elsewhere(base, key) else key

    def _elsewhere(self, base: str, key: str) -> bool:
        """Whether an absolute reference names another server than the one the resource of that name is from."""
        _, own, _ = _parsed(full_url_of(self.by_identity[key]))
        return bool(own) and base != own

    def find(self, reference: str, within: Resource | None = None) -> Resource | None:
        """The resource a reference points to: contained in `within`, or anywhere in the reading."""
        if reference.startswith("#"):
            return _contained(within, reference[1:]) if within is not None else None
        return self.by_identity.get(self.key(reference))


def _age(resource: Resource) -> tuple[str, int, bytes]:
    meta = resource.get("meta")
    meta = meta if isinstance(meta, dict) else {}
    updated, version = meta.get("lastUpdated"), meta.get("versionId")
    number = int(version) if isinstance(version, str) and version.isdecimal() and len(version) < 19 else 0
    return (updated if isinstance(updated, str) else "", number, canonical(resource))


def _contained(within: Resource, name: str) -> Resource | None:
    contained: Sequence[Any] = within.get("contained") or ()
    if isinstance(contained, dict):
        contained = [contained]
    if not isinstance(contained, list):
        return None
    return next((r for r in contained if isinstance(r, dict) and r.get("id") in (name, "#" + name)), None)


def reference_of(element: Element | None) -> str:
    """`Reference.reference` as written, empty when there is none."""
    return element.text("reference") if element is not None else ""
