"""FHIR R4 JSON to the domain and back, one module per resource.

`read_x` takes JSON as it came and returns a domain value with the issues met on the way; it never raises on odd FHIR.
`write_x` makes the JSON that is sent.
All vocabulary addresses live in this package and nowhere else.
"""
