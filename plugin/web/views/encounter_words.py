"""The encounter in words: what it is, and why the word "complete" is withheld."""

from plugin.domain import CodedEncounter
from plugin.web.views.encounter_classes import class_words
from plugin.web.views.times import clock_for, counted, day_words


def incomplete_because(coded: CodedEncounter) -> tuple[str, ...]:
    """Why the word "complete" is withheld."""
    if coded.complete:
        return ()
    issues = coded.issues or coded.chart.issues
    blocked = {issue.resource for issue in issues if issue.blocks}
    reasons = [f"{counted(len(blocked), 'record')} could not be read"] if blocked else []
    if coded.chart.unplaced:
        reasons.append(f"{counted(len(coded.chart.unplaced), 'administration')} could not be placed in one encounter")
    kinds = {ask.kind for ask in coded.asks}
    if "encounter-class" in kinds:
        reasons.append("the encounter's class is not known")
    return tuple(reasons or ["something that could change a charge was not settled"])


def encounter_facts(coded: CodedEncounter) -> tuple[tuple[str, str], ...]:
    """Class, times, day and setting, as (name, words)."""
    encounter, clock = coded.chart.encounter, clock_for(coded.chart)
    kind = class_words(encounter.encounter_class)
    start = clock.day_and_time(encounter.start) if encounter.start else "not charted"
    stop = clock.day_and_time(encounter.stop) if encounter.stop else "not ended"
    return (
        ("Encounter", f"{kind}{f' ({encounter.status})' if encounter.status else ''}"),
        ("From", start),
        ("To", stop),
        ("Date of service", day_words(coded.day) if coded.day else "not known"),
        ("Coded as", coded.setting.value),
    )
