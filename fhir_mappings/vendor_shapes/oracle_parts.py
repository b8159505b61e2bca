"""What resources of Oracle Health are written of: codes of its own sets beside HL7's, billing codes, narratives.

The code sets' numbers are those of its public sandbox.
"""

from datetime import UTC, datetime
from typing import Any

from fhir_mappings.vendor_shapes.parts import HL7

SITE = "https://fhir.cerner.com/ec2458f2-1e24-41c8-b71b-0e701af7583d"
EXTENSION = "https://fhir-ehr.cerner.com/r4/StructureDefinition/"


def narrative(title: str, *told: tuple[str, str]) -> dict[str, str]:
    """A generated narrative of named lines."""
    lines = "".join(f"<p><b>{name}</b>: {_escaped(value)}</p>" for name, value in told)
    div = f'<div xmlns="http://www.w3.org/1999/xhtml"><p><b>{title}</b></p>{lines}</div>'
    return {"status": "generated", "div": div}


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")


def said(at: datetime | None) -> str:
    """A moment as a narrative has it."""
    return f"{at.astimezone(UTC):%b %d, %Y %I:%M %p} UTC" if at else ""


def chosen(system: str, code: str, display: str, by_user: bool) -> dict[str, Any]:
    """A code, and whether somebody picked it."""
    return {"system": system, "code": code, "display": display, "userSelected": by_user}


def own(code_set: int, code: str, display: str) -> dict[str, Any]:
    """A code of the site's own set."""
    return chosen(f"{SITE}/codeSet/{code_set}", code, display, True)


def hl7(system: str, code: str, display: str) -> dict[str, Any]:
    """The public code that means the same."""
    return chosen(HL7 + system, code, display, False)
