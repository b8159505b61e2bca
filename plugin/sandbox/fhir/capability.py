"""The CapabilityStatement, made from the table of resource types."""

from __future__ import annotations

from typing import Any

from plugin.sandbox.fhir.definitions import ResourceType
from plugin.sandbox.fhir.oracle import OPERATIONS
from plugin.sandbox.vendors import Vendor


def capability_statement(base: str, issuer: str, vendor: Vendor) -> dict[str, Any]:
    """What this server does, and nothing it does not."""
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": "2026-11-21",
        "kind": "instance",
        "software": {"name": "Sandbox EHR (a pretence: made-up patients)"},
        "implementation": {"description": "Sandbox EHR: made-up patients", "url": base},
        "fhirVersion": "4.0.1",
        "format": ["json", "application/fhir+json"],
        "rest": [
            {
                "mode": "server",
                "security": _security(issuer),
                "resource": [_resource(kind, base, vendor) for kind in vendor.types().values()],
                "interaction": [{"code": "transaction"}] if vendor.transactions else [],
            }
        ],
    }


def _security(issuer: str) -> dict[str, Any]:
    uris = {"authorize": "authorize", "token": "token", "revoke": "revoke"}
    return {
        "service": [
            {
                "coding": [
                    {
                        "system": "http://terminology.hl7.org/CodeSystem/restful-security-service",
                        "code": "SMART-on-FHIR",
                    }
                ]
            }
        ],
        "extension": [
            {
                "url": "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris",
                "extension": [{"url": name, "valueUri": f"{issuer}/{path}"} for name, path in uris.items()],
            }
        ],
    }


def _resource(kind: ResourceType, base: str, vendor: Vendor) -> dict[str, Any]:
    interactions = ["read", "vread", "search-type", *(("create", "update") if kind.writable else ())]
    names = [("_id", "token"), *((param.name, param.kind) for param in kind.params)]
    stated: dict[str, Any] = {
        "type": kind.name,
        "interaction": [{"code": code} for code in interactions],
        "versioning": "versioned",
        "readHistory": False,
        "searchParam": [{"name": name, "type": type_} for name, type_ in names],
    }
    if kind.writable:
        stated |= {"updateCreate": True, "conditionalCreate": True, "conditionalUpdate": False}
    if kind.name == "ChargeItem" and vendor.charges == "operations":
        definition = f"{base}/OperationDefinition/charge-item"
        stated["operation"] = [{"name": name, "definition": f"{definition}-{name}"} for name in OPERATIONS]
    return stated
