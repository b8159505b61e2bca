"""Which questions are worth asking: those whose answer would change a line, by itself or with the next one."""

from dataclasses import replace

from plugin.domain import Ask, Caveat, Ruling, SuggestedCharge
from plugin.rules.engine import Ruled
from plugin.rules.trials import Change, Trial, words_of_changes

MORE_IS_ASKED = "its answer brings another question, whose answer would change the lines"
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
        tried = {a.text: trial.answer(a.apply(ruled.visit.chart)) for a in ask.answers}
        leads_on = not any(tried.values()) and _leads_on(ask, ruled, trial)
        if not (ask.always or leads_on or any(tried.values())):
            continue
        asks.append(ask)
        would.append(MORE_IS_ASKED if leads_on else _would(tried) or NOT_COMPLETE)
        charges = _hanging_on(ask, ruling, tried, charges)
    return asks, would, charges


def _leads_on(ask: Ask, ruled: Ruled, trial: Trial) -> bool:
    return any(trial.leads_on(a.apply(ruled.visit.chart), ask.administrations) for a in ask.answers)


def _would(tried: Tried) -> str:
    return "; ".join(f"{text}: {words_of_changes(changes)}" for text, changes in tried.items())


def _hanging_on(
    ask: Ask, ruling: Ruling, tried: Tried, charges: tuple[SuggestedCharge, ...]
) -> tuple[SuggestedCharge, ...]:
    touched = {change.key for changes in tried.values() for change in changes if change.before}
    effects = [
        f"{text}: {words_of_changes(changes)}" for text, changes in tried.items() if any(c.before for c in changes)
    ]
    caveat = Caveat(ask.kind, "as charted", "answered", "; ".join(effects), ruling.rules)
    return tuple(replace(c, caveats=(*c.caveats, caveat)) if c.key in touched else c for c in charges)
