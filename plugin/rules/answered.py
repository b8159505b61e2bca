"""Which questions are worth asking: those whose answer would change a line, by itself or with the next one."""

from msgspec.structs import replace

from plugin.domain import Ask, Caveat, Ruling, SuggestedCharge
from plugin.domain.outcome import Answer
from plugin.rules.drug_lines import OF_DRUGS
from plugin.rules.drug_lines.trying import DrugTrial
from plugin.rules.engine import Ruled
from plugin.rules.trials import Change, Trial, words_of_changes

MORE_IS_ASKED = "its answer brings another question, whose answer would change the lines"
ANOTHER_QUESTION = "brings another question"
NOT_COMPLETE = "the encounter isn't complete until it is answered"
Tried = dict[str, list[Change]]


def asked(
    ruled: Ruled, trial: Trial, charges: tuple[SuggestedCharge, ...]
) -> tuple[list[Ask], list[str], tuple[SuggestedCharge, ...]]:
    """The questions whose answers would change a line, what they would change, and the lines that hang on them."""
    asks: list[Ask] = []
    would: list[str] = []
    for ruling in ruled.rulings:
        ask = ruling.outcome
        if not isinstance(ask, Ask) or ask.silent:
            continue
        way = DrugTrial(ruled, ask) if ask.kind in OF_DRUGS else trial
        tried = {a.text: way.answer(a.apply(ruled.visit.chart)) for a in ask.answers}
        leads_on = not any(tried.values()) and _leads_on(ask, ruled, way)
        if not (ask.always or leads_on or any(tried.values())):
            continue
        asks.append(ask)
        would.append(MORE_IS_ASKED if leads_on else _would(ask, tried, ruled, way) or NOT_COMPLETE)
        charges = _hanging_on(ask, ruling, tried, charges)
    return asks, would, charges


def _leads_on(ask: Ask, ruled: Ruled, trial: Trial | DrugTrial) -> bool:
    return any(_brings_more(answer, ask, ruled, trial) for answer in ask.answers)


def _brings_more(answer: Answer, ask: Ask, ruled: Ruled, trial: Trial | DrugTrial) -> bool:
    return trial.leads_on(answer.apply(ruled.visit.chart), ask.administrations)


def _would(ask: Ask, tried: Tried, ruled: Ruled, trial: Trial | DrugTrial) -> str:
    """Each answer and what it changes; one that changes nothing yet may bring a question of its own."""
    said = []
    for answer in ask.answers:
        changes = tried[answer.text]
        more = not changes and _brings_more(answer, ask, ruled, trial)
        said.append(f"{answer.text}: {ANOTHER_QUESTION if more else words_of_changes(changes)}")
    return "; ".join(said)


def _hanging_on(
    ask: Ask, ruling: Ruling, tried: Tried, charges: tuple[SuggestedCharge, ...]
) -> tuple[SuggestedCharge, ...]:
    touched = {change.key for changes in tried.values() for change in changes if change.before}
    effects = [
        f"{text}: {words_of_changes(changes)}" for text, changes in tried.items() if any(c.before for c in changes)
    ]
    caveat = Caveat(ask.kind, "as charted", "answered", "; ".join(effects), ruling.rules)
    return tuple(replace(c, caveats=(*c.caveats, caveat)) if c.key in touched else c for c in charges)
