"""The texts that a chart without names may keep: states, units, and codes of public code systems, each by its grammar.

A local code system is left out with its codes: its address names the hospital, and its codes can be anything.
"""

import re
from collections.abc import Mapping
from typing import Any

from fhir_mappings.quantities import WRITTEN
from fhir_mappings.systems import (
    CHARGE_MODIFIER_URL,
    CPT,
    HCPCS,
    ICD10CM,
    MODIFIER_SYSTEM,
    ORACLE_EXTENSION,
    ROUTE_SYSTEMS,
    TERM_SYSTEMS,
    UCUM,
    route_system,
    term_system,
)

_TERMINOLOGY = "http://terminology.hl7.org/CodeSystem/"
_TOKENS = frozenset(
    _TERMINOLOGY + name
    for name in (
        *("v3-ActCode", "condition-category", "condition-clinical", "condition-ver-status", "diagnosis-role"),
        *("medication-admin-category", "medicationrequest-category", "dose-rate-type", "service-type", "v2-0004"),
    )
)
# Oracle Health's systems name the site; what is the same in public is written instead.
_PUBLIC = {"cpt": CPT, "hcpcs": HCPCS, "icd10cm": ICD10CM, "modifier": MODIFIER_SYSTEM}
_CODES = {
    "rxnorm": r"\d{1,8}",
    "ndc": r"[\d-]{10,13}",
    "snomed": r"\d{6,18}",
    "icd10cm": r"[A-Z]\d[A-Z\d](\.?[A-Z\d]{1,4})?",
    "cpt": r"\d{4}[A-Z\d]|[A-Z]\d{4}|[A-Z\d]{2}",
    "hcpcs": r"\d{4}[A-Z\d]|[A-Z]\d{4}|[A-Z\d]{2}",
    "modifier": r"[A-Z\d]{2}",
    "cvx": r"\d{1,3}",
    "v3-route": r"[A-Z]{2,12}",
    "v2-route": r"[A-Z]{1,4}",
    "v2-method": r"[A-Z]{1,4}",
    "edqm": r"\d{8}",
    "ncit": r"C\d{2,7}",
}
_STATES = frozenset({
    *("planned", "arrived", "triaged", "in-progress", "onleave", "finished", "cancelled", "entered-in-error"),
    *("unknown", "not-done", "on-hold", "completed", "stopped", "preparation", "active", "inactive", "ended", "draft"),
    *("billable", "not-billable", "aborted", "billed"),
})  # fmt: skip
_INTENTS = frozenset({
    *("proposal", "plan", "order", "original-order", "reflex-order", "filler-order", "instance-order", "option"),
})  # fmt: skip
# The tokens of HL7's own small code systems that coding looks at.
_WORDS = frozenset({
    *("AMB", "EMER", "FLD", "HH", "IMP", "ACUTE", "NONAC", "OBSENC", "PRENC", "SS", "VR", "E", "I", "O", "P", "R"),
    *("problem-list-item", "encounter-diagnosis", "active", "recurrence", "relapse", "inactive", "remission"),
    *("resolved", "unconfirmed", "provisional", "differential", "confirmed", "refuted", "entered-in-error"),
    *("AD", "DD", "CC", "CM", "pre-op", "post-op", "billing"),
    *("inpatient", "outpatient", "community", "discharge", "calculated", "ordered"),
})  # fmt: skip
_UNITS = frozenset({*WRITTEN, *WRITTEN.values(), "mEq", "IU", "[IU]", "U", "a", "mo", "%", "m2", "m²", "actuat", "1"})
# The extensions that the readers of this package look at, and their parts.
_EXTENSIONS = frozenset({
    *("code", "national-drug-product-code", "national-drug-product-quantity", CHARGE_MODIFIER_URL),
    *(
        f"{ORACLE_EXTENSION}/{name}"
        for name in ("infuse-over-time", "procedure-code", "modifier-code", "offset-by", "national-drug-product")
    ),
})  # fmt: skip


def kept_word(name: str, value: str) -> str:
    """A state, an intent, a unit, a comparator or the address of an extension; empty for every other text."""
    if name == "status":
        return value if value in _STATES else ""
    if name == "intent":
        return value if value in _INTENTS else ""
    if name == "comparator":
        return value if value in ("<", "<=", ">=", ">") else ""
    if name in ("unit", "durationUnit", "periodUnit"):
        return value if _is_unit(value) else ""
    return value if name == "url" and value in _EXTENSIONS else ""


def kept_code(name: str, coding: Mapping[str, Any]) -> str:
    """The system or the code of a coding or quantity, where both are public; a unit's code also without a system."""
    system, code = coding.get("system"), coding.get("code")
    if not isinstance(code, str) or not (isinstance(system, str) or system is None):
        return ""
    public = _public(system or UCUM)
    return (code if name == "code" else public) if public and _is_code(public, code) else ""


def _public(system: str) -> str:
    """The address to write; empty for a system that is nobody's but the site's."""
    if system == UCUM or system in _TOKENS or system in TERM_SYSTEMS or system in ROUTE_SYSTEMS:
        return system
    return _PUBLIC.get(term_system(system), "")


def _is_code(system: str, code: str) -> bool:
    if system == UCUM:
        return _is_unit(code)
    if system in _TOKENS:
        return code in _WORDS
    vocabulary = term_system(system) or route_system(system) or "modifier"
    return re.fullmatch(_CODES[vocabulary], code, re.ASCII) is not None


def _is_unit(written: str) -> bool:
    """Units that are known, one by another or for each; nothing else that somebody may have typed."""
    parts = [part.strip() for part in re.split(r"/| per ", written)]
    return all(part in _UNITS or part.lower() in _UNITS or re.fullmatch(r"\d{1,3}", part, re.ASCII) for part in parts)
