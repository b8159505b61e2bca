"""Machines that share no store, and so nothing that would keep them from writing the same charge at the same moment."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

from plugin.store.cipher import make_key
from plugin.store.engine import open_store
from tests.functional.posting.clinic import Clinic
from tests.smart.sandbox.ehr import Ehr


def clinic_at(iss: str, store: Path, token: str, code: str) -> Clinic:
    """A coder with an accepted charge on patient amber, at a FHIR base that ends in /fhir."""
    return Clinic(Ehr(iss.removesuffix("/fhir")), open_store(f"sqlite:///{store}", [make_key()]), token, code)


def post_from_many_stores(
    iss: str, folder: Path, times: int, code: str, token: str = "none", **way: bool
) -> Counter[str]:
    """Post one accepted charge from so many stores at once; how often each outcome came.

    `way` overrides what the server declares.  Raises AssertionError unless exactly one ChargeItem is there afterwards.
    """
    together = Barrier(times)

    def work(number: int) -> str:
        clinic = clinic_at(iss, folder / f"{number}.sqlite3", token, code)
        clinic.say()
        together.wait()
        outcome = clinic.post(writer=f"writer-{number}", **way).outcome
        clinic.store.close()
        return outcome

    with ThreadPoolExecutor(times) as threads:
        outcomes = Counter(threads.map(work, range(times)))
    looking = clinic_at(iss, folder / "looking.sqlite3", token, code)
    assert len(looking.found()) == 1, outcomes
    looking.store.close()
    return outcomes
