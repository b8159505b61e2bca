"""The EHR side: SMART launch, tokens, the FHIR client, reading the chart, sending charges."""
