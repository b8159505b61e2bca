"""A resource as the line of JSON it was written in: its regular form at once, its whole content where somebody asks."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from fhir_mappings.exact_json import decode
from fhir_mappings.shapes import decoder_of

PLAIN_ID = re.compile(r"[A-Za-z0-9.-]{1,64}")
UNREADABLE = (msgspec.DecodeError, RecursionError)


class JsonLine(Mapping[str, Any]):
    """One resource in its regular form, `shape`; as a mapping it is its JSON, parsed when that is first looked at."""

    __slots__ = ("_value", "key", "kind", "shape", "text")

    def __init__(self, kind: str, text: str | bytes, shape: Any) -> None:
        self.kind = kind
        self.text = text
        self.shape = shape
        self.key = f"{kind}/{shape.id}"
        self._value: dict[str, Any] | None = None

    @property
    def value(self) -> dict[str, Any]:
        """The whole resource."""
        if self._value is None:
            self._value = decode(self.text)
        return self._value

    def __getitem__(self, name: str) -> Any:
        return self.value[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.value)

    def __len__(self) -> int:
        return len(self.value)


def read_line(text: str | bytes, kind: str) -> JsonLine | dict[str, Any] | None:
    """The resource of a line: regular if it is of that kind and can be, else its JSON; None for what is no object.

    Numbers are exact; of a key that stands twice in one object the last counts.  Raises one of UNREADABLE.
    """
    decoder = decoder_of(kind)
    if decoder is not None:
        try:
            shape = decoder.decode(text)
            if shape.resourceType == kind and PLAIN_ID.fullmatch(shape.id):
                return JsonLine(kind, text, shape)
        except msgspec.ValidationError:
            pass
    value = decode(text)
    return value if isinstance(value, dict) else None
