"""Watches every log line of the whole test run at DEBUG, and fails the test in which one holds what none may hold.

Nobody lists what to look for: whatever an EHR tells the app in the run is learned on its way through the transport.
Tokens, codes, verifiers and assertions; and of every resource the patient's names, birth date and numbers, and notes.
"""

import json
import logging
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, unquote

import pytest

from plugin.ehr.transport import Answer, Transport

ON_PURPOSE = "logs_on_purpose"
# These serve in threads of tests what is another process elsewhere: pages, whose addresses they write, and the
# sandbox's authorization server, which writes what it grants. Where they are processes, they are silenced.
SERVERS_OF_TESTS = ("werkzeug", "authlib")
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
    """What no line may hold: words, and texts of several words."""

    def __init__(self) -> None:
        self.words: set[str] = set()
        self.texts: set[str] = set()

    def add(self, text: object) -> None:
        """Learn one value; short ones and small numbers mean something else too often."""
        if isinstance(text, str) and len(text) >= SHORTEST and not _ONLY_DIGITS.fullmatch(text):
            if _WORD.fullmatch(text):
                self.words.add(text.strip(_EDGES))
            else:
                self.texts.add(text)

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


class Watch(logging.Handler):
    """Keeps each line as `serve` would write it, and its arguments and further fields as JSON logs would."""

    def __init__(self, learned: Learned) -> None:
        super().__init__(logging.DEBUG)
        self.learned = learned
        self.lines: list[str] = []
        self.setFormatter(logging.Formatter("%(levelname)s %(name)s %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        """Format and keep it; other lines are not."""
        if record.name.partition(".")[0] not in SERVERS_OF_TESTS:
            self.lines.append(f"{self.format(record)} {record.args!r}")

    def found(self) -> list[str]:
        """The lines so far that hold something, with what they hold; then they are forgotten."""
        lines, self.lines = self.lines, []
        held = ((line, self.learned.held_by(line)) for line in dict.fromkeys(lines))
        return [f"{sorted(what)} in: {line[:500]}" for line, what in held if what]


def learn_from_transport(learned: Learned, patch: pytest.MonkeyPatch) -> None:
    """Look at every request of the app to an EHR, and at the answer."""
    send = Transport.send

    def looked_at(self: Transport, session: Any, method: str, url: str, **given: Any) -> Answer:
        data = given.get("data")
        learned.add_fields(data if isinstance(data, dict) else {})
        learned.add(getattr(session, "token", {}).get("access_token"))
        answer = send(self, session, method, url, **given)
        if len(answer.content) <= LARGEST_ANSWER:
            body = _json_of(answer)
            learned.add_fields(body)
            learned.add_resources(body)
        return answer

    patch.setattr(Transport, "send", looked_at)


def _json_of(answer: Answer) -> Any:
    try:
        return json.loads(answer.content)
    except (ValueError, RecursionError):
        return dict(parse_qsl(answer.content.decode("utf-8", "replace")[:1000]))


@pytest.fixture(scope="session", autouse=True)
def log_watch() -> Iterator[Watch]:
    """The watch over the whole run."""
    watch, root, patch = Watch(Learned()), logging.getLogger(), pytest.MonkeyPatch()
    learn_from_transport(watch.learned, patch)
    before = root.level
    root.setLevel(logging.DEBUG)
    root.addHandler(watch)
    yield watch
    root.removeHandler(watch)
    root.setLevel(before)
    patch.undo()
    assert watch.found() == []


@pytest.fixture(autouse=True)
def _no_line_tells(log_watch: Watch, request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail the test whose lines hold what no line may; lines of what was set up before it count as its own."""
    yield
    found = log_watch.found()
    if found and request.node.get_closest_marker(ON_PURPOSE) is None:
        pytest.fail("the log tells what it must not:\n" + "\n".join(found[:10]), pytrace=False)
