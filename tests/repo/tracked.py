"""What git tracks in this checkout, read once; also what git would track when it is added."""

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
PRODUCT = ("plugin", "fhir_mappings")
CORE = tuple(f"plugin/{part}" for part in ("domain", "codebook", "timeline", "rules", "review"))


@cache
def paths() -> tuple[str, ...]:
    """Paths from the checkout's root, in git's order, without files that were deleted."""
    command = ["git", "-C", str(CHECKOUT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    return tuple(path for path in sorted(set(filter(None, listed.split("\0")))) if (CHECKOUT / path).is_file())


@cache
def text(path: str) -> str:
    """The text of a tracked file; an empty string for one that is not UTF-8 text."""
    try:
        return (CHECKOUT / path).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


def python_files(*folders: str) -> list[str]:
    """Tracked Python files below the folders; a folder named like a module also stands for `folder.py`."""
    prefixes = tuple(f"{folder}/" for folder in folders)
    modules = {f"{folder}.py" for folder in folders}
    return [path for path in paths() if path.endswith(".py") and (path.startswith(prefixes) or path in modules)]


@cache
def tree(path: str) -> ast.Module:
    """The syntax tree of a Python file."""
    return ast.parse(text(path), filename=path)


def functions(path: str) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function and method in a Python file, nested ones included."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def imported_names(path: str) -> Iterator[str]:
    """Every name that a Python file imports, in full: `from a.b import c` gives a.b.c."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
