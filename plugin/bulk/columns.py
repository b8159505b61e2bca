"""DuckDB expressions made from the path table of `fhir_mappings`: the same elements that the readers read.

Only what places a resource is taken by SQL; what it says is read by the readers alone, so there is one reading.
"""

from collections.abc import Iterable

from fhir_mappings.paths import BODY_MEASURES, PLACEMENT, READ_IN_BULK, REFERENCE_KEY, SHARED, Path

HEAD = ("resourceType", "id")
PLAIN_KEY = "[A-Z][A-Za-z]+/[A-Za-z0-9.-]+"


def literal(text: str) -> str:
    """A SQL string."""
    return "'" + text.replace("'", "''") + "'"


def json_path(element: str) -> str:
    """An element of the path table as a JSON path: `device[].reference` is `$.device[*].reference`."""
    return "$." + element.replace("[]", "[*]")


def single_elements() -> list[str]:
    """Elements that stand once in a resource, in the order in which `values_of` extracts them."""
    return list(dict.fromkeys([*HEAD, *(_single(path) for path in PLACEMENT)]))


def _single(path: Path) -> str:
    """The element, of a list the list itself."""
    return path.element.split("[]")[0]


def values_of(column: str) -> str:
    """One list with all single elements of a line, for which it is parsed once."""
    paths = ", ".join(literal(json_path(element)) for element in single_elements())
    return f"json_extract_string({column}, [{paths}])"


def value(element: str) -> str:
    """One of the extracted elements."""
    return f"v[{single_elements().index(element) + 1}]"


def key(expression: str) -> str:
    """The `Type/id` of a reference, NULL where it has none; a plain one is seen without the regular expression."""
    plain = f"{expression} SIMILAR TO {literal(PLAIN_KEY)}"
    whole = f"nullif(regexp_extract({expression}, {literal(REFERENCE_KEY)}, 1), '')"
    return f"CASE WHEN {plain} THEN {expression} ELSE {whole} END"


def own_key() -> str:
    """The `Type/id` of the resource itself."""
    return f"CASE WHEN trim({value('id')}) <> '' THEN {value('resourceType')} || '/' || trim({value('id')}) END"


def field_of(field: str) -> str:
    """The reference that feeds `patient` or `encounter`, by the type of the resource."""
    rows = [path for path in PLACEMENT if path.field == field]
    cases = [f"WHEN {literal(path.resource)} THEN {_reference(path)}" for path in rows]
    return f"CASE {value('resourceType')} {' '.join(cases)} END"


def _reference(path: Path) -> str:
    return own_key() if path.element == "id" else key(value(path.element))


def pointed(column: str) -> str:
    """The keys of resources of nobody in particular that a resource points to."""
    rows = [path for path in PLACEMENT if path.field == "pointed"]
    lists = [_pointed(path, column) for path in rows]
    kinds = _listed({path.resource for path in rows})
    every = f"list_filter(flatten([{', '.join(lists)}]), lambda key: key IS NOT NULL)"
    return f"CASE WHEN {value('resourceType')} IN ({kinds}) THEN {every} ELSE [] END"


def _pointed(path: Path, column: str) -> str:
    if "[]" not in path.element:
        return f"[{key(value(path.element))}]"
    several = f"json_extract_string({column}, {literal(json_path(path.element))})"
    keys = f"list_transform({several}, lambda one: {key('one')})"
    return f"CASE WHEN {value(_single(path))} IS NOT NULL THEN {keys} ELSE [] END"


def is_read(column: str, *, measures: bool) -> str:
    """Whether charts are made of a line: by its type, with `measures` also what holds a body measure's code."""
    read = f"{value('resourceType')} IN ({_listed(READ_IN_BULK)})"
    if not measures:
        return read
    codes = literal("|".join(sorted(BODY_MEASURES)))
    return f"({read} OR ({value('resourceType')} = 'Observation' AND regexp_matches({column}, {codes})))"


def is_shared(column: str = "kind") -> str:
    """Whether the type belongs to nobody in particular."""
    return f"{column} IN ({_listed(SHARED)})"


def _listed(words: Iterable[str]) -> str:
    return ", ".join(literal(word) for word in sorted(words))
