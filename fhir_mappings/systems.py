"""Addresses of code systems: what real servers write, and what we write."""

CPT = "http://www.ama-assn.org/go/cpt"
HCPCS = "http://terminology.hl7.org/CodeSystem/HCPCS-all-codes"
ICD10CM = "http://hl7.org/fhir/sid/icd-10-cm"
NDC = "http://hl7.org/fhir/sid/ndc"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
SNOMED = "http://snomed.info/sct"
UCUM = "http://unitsofmeasure.org"

CHARGE_IDENTIFIER = "urn:uuid:6fa160b8-45d5-551a-82b3-155d40d98255"
TASK_IDENTIFIER = "urn:uuid:0d1f0c6f-5a54-5c0e-9f3c-6f1f4f0a7b21"
CHARGE_MODIFIER_URL = "urn:uuid:35f73d1e-345c-578e-8301-dc4270fdc323"
"""Fixed for ever; a UUID because the project owns no domain (docs/adr/0012)."""
CHARGE_MASTER = "urn:uuid:35755322-9f0d-5146-b4a4-a9862122ded7"
"""The charge master of the site whose EHR holds the charge: its codes mean something there alone (docs/adr/0031)."""
REVENUE_CODES = "https://www.nubc.org/CodeSystem/RevenueCodes"

ORACLE_CODES = "https://fhir.cerner.com"
ORACLE_EXTENSION = "https://fhir-ehr.cerner.com/r4/StructureDefinition"
REVENUE_CODE_URL = f"{ORACLE_EXTENSION}/revenue-code"
PACKAGE_URL = f"{ORACLE_EXTENSION}/national-drug-product"
"""Oracle Health's: code systems are `ORACLE_CODES/SITE/CodeSystem/BillCodes-TYPE`."""
NDC_UNITS = {"F2": "[iU]", "GR": "g", "ME": "mg", "ML": "mL", "UN": "{item}"}
"""Units of a package on a claim (X12 data element 355) in UCUM."""

DATA_OPERATION = "http://terminology.hl7.org/CodeSystem/v3-DataOperation"
MODIFIER_SYSTEM = "https://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets"
PARTICIPANT_TYPE = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"

TERM_SYSTEMS = {
    RXNORM: "rxnorm",
    "urn:oid:2.16.840.1.113883.6.88": "rxnorm",
    NDC: "ndc",
    "urn:oid:2.16.840.1.113883.6.69": "ndc",
    SNOMED: "snomed",
    "https://snomed.info/sct": "snomed",
    "urn:oid:2.16.840.1.113883.6.96": "snomed",
    ICD10CM: "icd10cm",
    "urn:oid:2.16.840.1.113883.6.90": "icd10cm",
    HCPCS: "hcpcs",
    "https://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets": "hcpcs",
    "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets": "hcpcs",
    "https://www.cms.gov/medicare/coding/hcpcsreleasecodesets": "hcpcs",
    "https://www.cms.gov/medicare/coding/medhcpcsgeninfo": "hcpcs",
    "http://terminology.hl7.org/CodeSystem/hcpcs-Level-II": "hcpcs",
    "urn:oid:2.16.840.1.113883.6.285": "hcpcs",
    "urn:oid:2.16.840.1.113883.6.14": "hcpcs",
    CPT: "cpt",
    "https://www.ama-assn.org/go/cpt": "cpt",
    "urn:oid:2.16.840.1.113883.6.12": "cpt",
    "http://hl7.org/fhir/sid/cvx": "cvx",
    "urn:oid:2.16.840.1.113883.12.292": "cvx",
}
"""Address as written in `Coding.system` to the short name a `Term` carries."""

ROUTE_SYSTEMS = {
    SNOMED: "snomed",
    "https://snomed.info/sct": "snomed",
    "urn:oid:2.16.840.1.113883.6.96": "snomed",
    "http://terminology.hl7.org/CodeSystem/v3-RouteOfAdministration": "v3-route",
    "http://hl7.org/fhir/v3/RouteOfAdministration": "v3-route",
    "urn:oid:2.16.840.1.113883.5.112": "v3-route",
    "http://terminology.hl7.org/CodeSystem/v2-0162": "v2-route",
    "http://hl7.org/fhir/v2/0162": "v2-route",
    "http://terminology.hl7.org/CodeSystem/v2-0165": "v2-method",
    "http://hl7.org/fhir/v2/0165": "v2-method",
    "http://standardterms.edqm.eu": "edqm",
    "https://standardterms.edqm.eu": "edqm",
    "urn:oid:0.4.0.127.0.16.1.1.2.1": "edqm",
    "http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl": "ncit",
    "http://ncithesaurus-stage.nci.nih.gov": "ncit",
    "https://ncithesaurus.nci.nih.gov": "ncit",
    "urn:oid:2.16.840.1.113883.3.26.1.1": "ncit",
}
"""Address to the vocabulary named in `routes.csv`."""


_ORACLE_BILL_CODES = {
    "BillCodes-CPT": "cpt",
    "BillCodes-HCPCS": "hcpcs",
    "BillCodes-ICD": "icd10cm",
    "BillCodes-MODIFIER": "modifier",
}


def term_system(address: str) -> str:
    """The short name of a code system, empty when it is none we use; SNOMED CT editions and versions are one."""
    if address.startswith(f"{ORACLE_CODES}/"):
        return _ORACLE_BILL_CODES.get(address.rpartition("/")[2], "")
    known = TERM_SYSTEMS.get(address) or TERM_SYSTEMS.get(address.split("|", 1)[0].rstrip("/"))
    if known:
        return known
    return "snomed" if address.startswith(SNOMED + "/") else ""


def route_system(address: str) -> str:
    """The vocabulary of a route or method code, empty when unknown."""
    known = ROUTE_SYSTEMS.get(address) or ROUTE_SYSTEMS.get(address.split("|", 1)[0].rstrip("/"))
    if known:
        return known
    return "snomed" if address.startswith(SNOMED + "/") else ""
