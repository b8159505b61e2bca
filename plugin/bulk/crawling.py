"""An export patient by patient, for EHRs whose `$export` leaves MedicationAdministration out.

Polite: one request at a time with a pause between them, and longer where the server asks for it.
A patient whose resources are written is noted; after a break the next one follows.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, Any

import msgspec

from fhir_mappings.paths import BODY_MEASURES
from fhir_mappings.placement import place
from plugin.bulk.errors import BulkError
from plugin.bulk.exporting import Server, seconds_to_wait
from plugin.bulk.files import BLOCK

DONE = "patients.done"
Search = tuple[str, dict[str, str]]
"""A type, and what is asked of it besides the patient."""
OF_A_PATIENT: tuple[Search, ...] = tuple(
    (kind, {})
    for kind in ("Encounter", "MedicationAdministration", "Condition", "MedicationRequest", "Procedure", "ChargeItem")
)
MEASURES: Search = ("Observation", {"code": ",".join(BODY_MEASURES)})
PAGES, PATIENCE = 200, 20
PAGE_SIZE = "100"
# Amounts as they were charted, to the last digit.
_EXACT = msgspec.json.Encoder(decimal_format="number")


def crawl(
    server: Server,
    folder: Path,
    patients: Iterable[str],
    *,
    pause: float,
    sleep: Callable[[float], None],
    measures: bool = False,
    told: Callable[[int], object] = lambda count: None,
) -> int:
    """Bring the charts of these patients into the folder; gives how many are there now.

    `measures`: their weights and surfaces, too.
    """
    asked = [*OF_A_PATIENT, *([MEASURES] if measures else [])]
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    done = set(_lines(folder / DONE))
    pointed: set[str] = set()
    for patient in patients:
        if patient in done:
            continue
        resources = list(_chart(server, patient, asked, pause, sleep))
        wanted = {key for resource in resources for key in place(resource).pointed} - pointed
        resources += [r for key in sorted(wanted) if (r := _one(server, key, pause, sleep)) is not None]
        pointed |= wanted
        _write(folder, resources)
        with _appended(folder / DONE) as file:
            file.write(f"{patient}\n".encode())
        done.add(patient)
        told(len(done))
    return len(done)


def _chart(
    server: Server, patient: str, asked: Iterable[Search], pause: float, sleep: Callable[[float], None]
) -> Iterator[dict[str, Any]]:
    found = _one(server, f"Patient/{patient}", pause, sleep)
    if found is not None:
        yield found
    for kind, further in asked:
        path, params = kind, {"patient": patient, "_count": PAGE_SIZE, **further}
        for _ in range(PAGES):
            bundle = _asked(server, path, params, pause, sleep)
            if bundle is None:
                _must_answer(kind)
                break
            yield from _resources(bundle)
            path, params = _next(bundle), {}
            if not path:
                break
        else:
            raise BulkError(f"a patient has more than {PAGES} pages of {kind}; leave them out of the list")


def _must_answer(kind: str) -> None:
    """Without these two there is nothing to audit; the others an EHR may lack."""
    if kind in ("Encounter", "MedicationAdministration"):
        raise BulkError(f"the EHR does not search {kind} by patient; ask its vendor for another way to the charts")


def _resources(bundle: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """What a page holds, without what is only about the search."""
    for entry in bundle.get("entry") or []:
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if isinstance(resource, dict) and resource.get("resourceType") not in (None, "OperationOutcome"):
            yield resource


def _next(bundle: dict[str, Any]) -> str:
    links = [link for link in bundle.get("link") or [] if isinstance(link, dict)]
    return next((str(link.get("url", "")) for link in links if link.get("relation") == "next"), "")


def _one(server: Server, key: str, pause: float, sleep: Callable[[float], None]) -> dict[str, Any] | None:
    return _asked(server, key, {}, pause, sleep)


def _asked(
    server: Server, path: str, params: dict[str, str], pause: float, sleep: Callable[[float], None]
) -> dict[str, Any] | None:
    """A resource, None where the server has none or doesn't know the search; waits as long as it asks for."""
    for _ in range(PATIENCE):
        sleep(pause)
        answer = server.get(path, params, {})
        if answer.status in (429, 503):
            sleep(seconds_to_wait(answer.headers.get("Retry-After", "")))
            continue
        if answer.status in (400, 404, 410, 501):
            return None
        if answer.status != 200:
            kind = path.split("/", maxsplit=1)[0] if "://" not in path else "a further page"
            raise BulkError(f"{kind}: the EHR answered with status {answer.status}; run again to go on")
        body = answer.json()
        return body if isinstance(body, dict) else None
    raise BulkError("the EHR is too busy to answer; run the same command again later")


def _write(folder: Path, resources: list[dict[str, Any]]) -> None:
    for kind in sorted({str(resource["resourceType"]) for resource in resources if resource.get("resourceType")}):
        lines = [_EXACT.encode(r) for r in resources if r.get("resourceType") == kind]
        if kind.isalpha():
            with _appended(folder / f"{kind}.ndjson") as file:
                file.write(b"".join(line + b"\n" for line in lines))


def _appended(path: Path) -> IO[bytes]:
    """The file to be gone on with; a line that a broken-off run left without its end is dropped."""
    file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b")
    end = file.seek(0, os.SEEK_END)
    kept = b""
    while end and not kept.endswith(b"\n"):
        begin = max(end - BLOCK, 0)
        file.seek(begin)
        kept = file.read(end - begin)
        kept = kept[: kept.rfind(b"\n") + 1]
        end = begin + len(kept)
    file.truncate(end)
    file.seek(end)
    return file


def _lines(path: Path) -> list[str]:
    """The words of whole lines."""
    try:
        return path.read_text("utf-8").rpartition("\n")[0].split()
    except FileNotFoundError:
        return []
