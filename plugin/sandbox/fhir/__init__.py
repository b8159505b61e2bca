"""The FHIR R4 endpoint of the sandbox EHR."""
