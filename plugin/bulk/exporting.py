"""FHIR Bulk Data from an EHR: kick-off, polling, download; gone on with after a break.

What was started and what has arrived stands in `export.json` beside the files, so the same command goes on.
"""

import json
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import IO, Any, Protocol

from fhir_mappings.paths import BODY_MEASURES, READ_IN_BULK
from plugin.bulk.errors import BulkError
from plugin.bulk.whole_file import whole_file
from plugin.ehr.transport import Answer

STATE = "export.json"
LEAST_WAIT, USUAL_WAIT, LONGEST_WAIT = 1.0, 10.0, 600.0
NDJSON = "application/fhir+ndjson"
SAFE_NAME = re.compile(r"[A-Za-z]{1,64}")
FILTERS = [("_typeFilter", f"Observation?code={code}") for code in BODY_MEASURES]
"""Of Observations these alone (Bulk Data 2.0; types without a filter come whole). One a code: 1.0 splits at commas."""
NOT_FILTERED = (400, 422, 501)
"""What servers answer that know no filter and heed no `handling=lenient`."""

NEEDED = "MedicationAdministration"
LEFT_OUT = (
    f"the export holds no {NEEDED}, so nothing can be audited from it: either nothing was given, or this EHR leaves "
    "them out of exports; bring them patient by patient into another folder: export TENANT FOLDER --patients FILE"
)


class NoAdministrations(BulkError):
    """The export arrived whole, and what an audit needs first is not in it."""


class Server(Protocol):
    """What is asked of a FHIR server: a request below its base, and a file to its end."""

    def get(self, path: str, params: Any = (), headers: Any = None) -> Answer: ...

    def download(self, address: str, file: IO[bytes], *, with_token: bool) -> int:
        """Write the file that stands there, unpacked; gives the HTTP status."""


@dataclass(frozen=True, slots=True)
class Part:
    """One file of the export."""

    url: str
    name: str
    arrived: bool = False


@dataclass(frozen=True, slots=True)
class State:
    """How far an export is: the address to ask, then the files."""

    asked: str = ""
    status: str = ""
    with_token: bool = True
    parts: tuple[Part, ...] = field(default_factory=tuple)


def export(
    server: Server,
    folder: Path,
    group: str = "",
    since: str = "",
    *,
    sleep: Callable[[float], None],
    measures: bool = False,
    told: Callable[[str], object] = lambda words: None,
) -> int:
    """Bring the whole export into the folder and give the number of files; BulkError says what stopped it.

    `measures`: the patients' weights and surfaces, too.
    NoAdministrations when everything arrived and it is no use to an audit; of what changed since a day that is usual.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    asked = f"{f'Group/{group}/' if group else ''}$export {since}".strip()
    state = _read(folder)
    if state.asked and state.asked != asked:
        raise BulkError(f"{folder}: another export was begun there; name another folder, or remove {STATE}")
    if not state.status:
        state = _keep(folder, State(asked, _kick_off(server, group, since, measures, told)))
        told("the EHR began the export")
    if not state.parts:
        state = _keep(folder, _wait(server, state, sleep, told))
    for place, part in enumerate(state.parts):
        if not part.arrived:
            _bring(server, folder, part, state.with_token)
            parts = (*state.parts[:place], replace(part, arrived=True), *state.parts[place + 1 :])
            state = _keep(folder, replace(state, parts=parts))
            told(f"{place + 1} of {len(state.parts)} files")
    if not since and not any(part.name.startswith(f"{NEEDED}.") for part in state.parts):
        raise NoAdministrations(LEFT_OUT)
    return len(state.parts)


def _kick_off(server: Server, group: str, since: str, measures: bool, told: Callable[[str], object]) -> str:
    kinds = ",".join((*READ_IN_BULK, "Observation") if measures else READ_IN_BULK)
    params = [("_type", kinds), ("_outputFormat", NDJSON), *([("_since", since)] if since else [])]
    answer = _ask(server, group, [*params, *FILTERS] if measures else params)
    if measures and answer.status in NOT_FILTERED:
        told("the EHR does not filter an export: all Observations are asked for")
        answer = _ask(server, group, params)
    status = answer.headers.get("Content-Location", "")
    if answer.status != 202 or not status:
        raise BulkError(_refused("the export was not begun", answer))
    return status


def _ask(server: Server, group: str, params: list[tuple[str, str]]) -> Answer:
    path = f"Group/{group}/$export" if group else "$export"
    # Few servers know all these types; a strict one would refuse the whole export for one it lacks.
    return server.get(path, params, {"Prefer": "respond-async, handling=lenient"})


def _wait(server: Server, state: State, sleep: Callable[[float], None], told: Callable[[str], object]) -> State:
    """Ask until the export is complete, as seldom as the server wishes."""
    while True:
        answer = server.get(state.status, (), {"Accept": "application/json"})
        if answer.status == 200:
            return _listed(state, answer.json())
        if answer.status not in (202, 429, 503):
            raise BulkError(f"{_refused('the export failed', answer)}; remove {STATE} to begin again")
        told(answer.headers.get("X-Progress", "")[:100] or "the EHR is at work")
        sleep(seconds_to_wait(answer.headers.get("Retry-After", "")))


def seconds_to_wait(written: str, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> float:
    """Retry-After in seconds or as a date, within bounds; a usual wait where it says nothing."""
    try:
        wait = float(written) if written.strip().isdigit() else (parsedate_to_datetime(written) - now()).total_seconds()
    except (TypeError, ValueError):
        wait = USUAL_WAIT
    return min(max(wait, LEAST_WAIT), LONGEST_WAIT)


def _listed(state: State, manifest: Any) -> State:
    """The files of the manifest, under names that are ours."""
    output = manifest.get("output") if isinstance(manifest, dict) else None
    if not isinstance(output, list):
        raise BulkError("the EHR's list of files can't be read; ask its administrator")
    parts = []
    for number, each in enumerate(output):
        kind, url = (str(each.get(name, "")) for name in ("type", "url")) if isinstance(each, dict) else ("", "")
        if not SAFE_NAME.fullmatch(kind) or not url:
            raise BulkError("the EHR's list of files can't be read; ask its administrator")
        parts.append(Part(url, f"{kind}.{number:04}.ndjson"))
    return replace(state, parts=tuple(parts), with_token=manifest.get("requiresAccessToken") is not False)


def _bring(server: Server, folder: Path, part: Part, with_token: bool) -> None:
    """One file, whole or not at all."""
    with whole_file(folder / part.name) as file:
        status = server.download(part.url, file, with_token=with_token)
        if status != 200:
            why = "its address is no longer good" if status in (403, 404, 410) else f"status {status}"
            raise BulkError(f"{part.name} did not arrive ({why}); run again, or remove {STATE} to begin again")


def _refused(what: str, answer: Answer) -> str:
    limits = "; another export may be running, try later" if answer.status == 429 else ""
    return f"{what}: the EHR answered with status {answer.status}{limits}"


def _read(folder: Path) -> State:
    try:
        found = json.loads((folder / STATE).read_text("utf-8"))
        return State(**{**found, "parts": tuple(Part(**part) for part in found["parts"])})
    except FileNotFoundError:
        return State()
    except (OSError, ValueError, TypeError, KeyError):
        raise BulkError(f"{folder / STATE} can't be read; remove it to begin again") from None


def _keep(folder: Path, state: State) -> State:
    with whole_file(folder / STATE) as file:
        file.write(json.dumps(asdict(state)).encode())
    return state
