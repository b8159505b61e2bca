"""The encounter's class in words."""

CLASSES = {
    "AMB": "ambulatory",
    "EMER": "emergency",
    "OBSENC": "observation",
    "SS": "short stay",
    "IMP": "inpatient",
    "ACUTE": "inpatient acute",
    "NONAC": "inpatient non-acute",
    "HH": "home health",
}
INPATIENT = frozenset({"IMP", "ACUTE", "NONAC"})


def class_words(encounter_class: str) -> str:
    """The v3 ActCode in words, another code as it is."""
    return CLASSES.get(encounter_class, encounter_class or "class not charted")


def class_change_words(encounter_class: str) -> str:
    """The words on the line where the class changes; at an inpatient order the counting stops."""
    if encounter_class in INPATIENT:
        return "Inpatient order"
    return f"Now {class_words(encounter_class)}"
