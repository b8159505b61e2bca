"""What no log line may hold: nobody lists it, what an EHR tells the app is learned on its way through the transport.

Tokens, codes, verifiers and assertions; and of every resource the patient's names, birth date and numbers, and notes.
Also used inside the processes that tests start, so it needs nothing of pytest.
"""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qsl, unquote

SECRETS = frozenset({
    *("access_token", "refresh_token", "id_token", "code", "code_verifier", "client_assertion", "client_secret"),
    "token",
})  # fmt: skip
LARGEST_ANSWER = 200_000
SHORTEST = 5
_WORD = re.compile(r"[\w.+~-]+")
_EDGES = ".+~-"
_ONLY_DIGITS = re.compile(r"\d{1,6}")


class Learned:
    """What no line may hold: words, and texts of several words; `told` hears of each new one."""

    def __init__(self, told: Callable[[str], object] = lambda text: None) -> None:
        self.words: set[str] = set()
        self.texts: set[str] = set()
        self._told = told

    def add(self, text: object) -> None:
        """Learn one value; short ones and small numbers mean something else too often."""
        if not isinstance(text, str) or len(text) < SHORTEST or _ONLY_DIGITS.fullmatch(text):
            return
        kind, value = (self.words, text.strip(_EDGES)) if _WORD.fullmatch(text) else (self.texts, text)
        if value not in kind:
            kind.add(value)
            self._told(text)

    def add_fields(self, form: Any) -> None:
        """Learn the secrets among a form's fields, or a token answer's members."""
        for name in SECRETS & form.keys() if isinstance(form, dict) else ():
            self.add(form[name])

    def add_resources(self, body: Any) -> None:
        """Learn what the resources say of people."""
        if isinstance(body, list):
            for each in body:
                self.add_resources(each)
        elif isinstance(body, dict):
            if body.get("resourceType") == "Patient":
                self._add_patient(body)
            for name, value in body.items():
                for text in _texts(value) if name == "note" else ():
                    self.add(text)
                self.add_resources(value)

    def _add_patient(self, patient: dict[str, Any]) -> None:
        self.add(patient.get("birthDate"))
        for name in _objects(patient.get("name")):
            for text in _texts([name.get(part) for part in ("family", "given", "text")]):
                self.add(text)
        for identifier in _objects(patient.get("identifier")):
            self.add(identifier.get("value"))

    def held_by(self, line: str) -> set[str]:
        """What of it stands in a line, also where it is written as in an address."""
        found: set[str] = set()
        for text in {line, unquote(line)}:
            found |= self.words & {word.strip(_EDGES) for word in _WORD.findall(text)}
            found |= {each for each in self.texts if each in text}
        return found


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _texts(item)


def _objects(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def learning_send(send: Callable[..., Any], learned: Learned) -> Callable[..., Any]:
    """The transport's `send`, looking at every request of the app to an EHR and at the answer."""

    def looked_at(self: Any, session: Any, method: str, url: str, **given: Any) -> Any:
        data = given.get("data")
        learned.add_fields(data if isinstance(data, dict) else {})
        learned.add(getattr(session, "token", {}).get("access_token"))
        answer = send(self, session, method, url, **given)
        if len(answer.content) <= LARGEST_ANSWER:
            body = _json_of(answer)
            learned.add_fields(body)
            learned.add_resources(body)
        return answer

    return looked_at


def _json_of(answer: Any) -> Any:
    try:
        return json.loads(answer.content)
    except (ValueError, RecursionError):
        return dict(parse_qsl(answer.content.decode("utf-8", "replace")[:1000]))
