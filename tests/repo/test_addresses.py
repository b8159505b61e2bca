"""Nothing in the repository says where somebody's packages come from or where somebody's checkout lies."""

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.repo import tracked

_URL_HOST = re.compile(r"https?://(?:[^/@\s\"']*@)?([^/:\s\"']+\.[^/:\s\"']+)")
# Folders that say nothing about a machine, because every machine has them.
_EVERYWHERE = {Path("/"), Path("/usr"), Path("/tmp"), Path("/home"), Path("/root"), Path("/opt"), Path("/var")}  # noqa: S108


def configured_hosts() -> set[str]:
    """Hosts of the package indexes that pip and npm know here, by default or by configuration."""
    said = "\n".join([_pip_defaults(), _said_by(sys.executable, "-m", "pip", "config", "list"), _npm_registry()])
    variables = [value for name, value in os.environ.items() if re.search(r"INDEX|REGISTRY|PROXY", name, re.IGNORECASE)]
    return set(_URL_HOST.findall("\n".join([said, *variables])))


def _pip_defaults() -> str:
    code = "from pip._internal.models.index import PyPI as p; print(p.url, 'https://' + p.file_storage_domain + '/')"
    return _said_by(sys.executable, "-c", code)


def _npm_registry() -> str:
    return _said_by("npm", "config", "get", "registry")


def _said_by(*command: str) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=30).stdout
    except FileNotFoundError:
        return ""


def machine_paths() -> set[str]:
    """Absolute paths that exist only on this machine: the checkout, what lies beside it, the home, the interpreter."""
    places = {
        tracked.CHECKOUT,
        *tracked.CHECKOUT.parent.iterdir(),
        Path.home(),
        Path(sys.prefix),
        Path(sys.base_prefix),
    }
    return {str(place) for place in places if place not in _EVERYWHERE}


def lines_with(words: set[str]) -> list[str]:
    """Tracked lines that hold one of the words, as `path:line`."""
    if not words:
        return []
    # A path must end where the word ends: /work is not found in /workflow.
    pattern = re.compile(r"(?<![\w.-])(?:" + "|".join(map(re.escape, sorted(words))) + r")(?![\w-])")
    return [
        f"{path}:{number}"
        for path in tracked.paths()
        for number, line in enumerate(tracked.text(path).splitlines(), start=1)
        if pattern.search(line)
    ]


def test_no_registry_is_named():
    """Where packages come from is the installing machine's business."""
    hosts = configured_hosts()

    assert hosts, "pip always knows at least its default index"
    assert lines_with(hosts) == []


def test_no_path_of_a_machine_is_named():
    """A path of the machine on which a file was written means nothing on another one."""
    assert lines_with(machine_paths()) == []
