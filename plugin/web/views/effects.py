"""What answers would change, line by line: code, units before and after."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from plugin.review.attest import Key
from plugin.review.effects import Effects
from plugin.web.views.charges import LabelOf
from plugin.web.views.questions import Question
from plugin.web.views.times import day_words


@dataclass(frozen=True, slots=True)
class EffectRow:
    """One line that would change; 0 units where it isn't there."""

    code: str
    modifiers: tuple[str, ...]
    label: str
    day: str
    before: int
    after: int


def effect_rows(effects: Effects, label_of: LabelOf) -> tuple[EffectRow, ...]:
    """The lines that all of the answers together would change."""
    return tuple(
        EffectRow(code, modifiers, label_of(code), day_words(day), change.before, change.after)
        for change in effects.together
        for _, code, modifiers, day in [change.key]
    )


def with_alone(questions: tuple[Question, ...], alone: Mapping[Key, str]) -> tuple[Question, ...]:
    """The questions, each with what its answer by itself would change."""
    said = {f"{kind}|{','.join(about)}": words for (kind, about), words in alone.items()}
    return tuple(replace(question, alone=said.get(question.token, "")) for question in questions)
