"""A process of its own that posts one charge and is killed on the way; run by test_killed.py with one JSON argument."""

import json
import os
import signal
import sys

from plugin.store.engine import open_store
from tests.functional.posting.clinic import Clinic, LossyHttp
from tests.smart.sandbox.ehr import Ehr


class FatalHttp(LossyHttp):
    """Kills its own process before a write, or after it was answered and before anybody heard."""

    when = "before"

    def _write(self, path, send):
        if self.when == "after":
            send()
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError("SIGKILL can't be survived")


def main() -> None:
    """Post with a client that kills."""
    given = json.loads(sys.argv[1])
    clinic = Clinic(Ehr(given["base"]), open_store(given["store"], [given["key"]]), given["token"], given["code"])
    http = FatalHttp(clinic.http().inner)
    http.when = given["when"]
    clinic.post(http, "doomed", **given["way"])


if __name__ == "__main__":
    main()
