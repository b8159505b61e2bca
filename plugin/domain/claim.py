"""A set of charges as a claim would carry it, and what is found wrong with it."""

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from plugin.domain.charge import SuggestedCharge
from plugin.domain.codes import Word
from plugin.domain.existing import ExistingCharge
from plugin.domain.outcome import Fact, TableRow


@dataclass(frozen=True, slots=True)
class ClaimLine:
    """One line of a set of charges, whoever made it: suggested, edited by a person, or standing in the EHR.

    `key` names the line to whoever asked; `diagnoses` in pointer order, None where they are not known;
    `administrations` as references, empty where they are not known; `documented`: charted services earned these units.
    """

    key: str
    system: str
    code: str
    units: Decimal
    modifiers: tuple[str, ...]
    day: date
    diagnoses: tuple[str, ...] | None = None
    administrations: tuple[str, ...] = ()
    ndc: str = ""
    documented: bool = False

    @staticmethod
    def of_suggested(charge: SuggestedCharge) -> "ClaimLine":
        """The line as it was suggested."""
        return ClaimLine(
            key=line_key(charge),
            system=charge.system,
            code=charge.code,
            units=Decimal(charge.units),
            modifiers=charge.modifiers,
            day=charge.day,
            diagnoses=charge.diagnoses,
            administrations=charge.administrations,
            ndc=charge.ndc,
            documented=bool(charge.administrations),
        )

    @staticmethod
    def of_existing(charge: ExistingCharge, day: date) -> "ClaimLine":
        """A charge of the EHR; `day` counts where it has none of its own."""
        return ClaimLine(
            key=charge.id,
            system=charge.system,
            code=charge.code,
            units=charge.units,
            modifiers=charge.modifiers,
            day=charge.day or day,
            diagnoses=charge.diagnoses,
        )

    def edited(self, units: int, modifiers: tuple[str, ...]) -> "ClaimLine":
        """The line with a person's values; more units than were suggested are not documented by the chart."""
        backed = self.documented and units <= self.units
        return replace(self, units=Decimal(units), modifiers=modifiers, documented=backed)


def line_key(charge: SuggestedCharge) -> str:
    """What names a suggested line among the others: system, code, modifiers and day as suggested."""
    return "|".join((charge.system, charge.code, ",".join(charge.modifiers), charge.day.isoformat()))


class Severity(Word):
    """How far an edit goes: `HARD` would be refused as it stands, `WARN` should be looked at."""

    HARD = "hard"
    WARN = "warn"


@dataclass(frozen=True, slots=True)
class Edit:
    """What the scrubber has against a set of charges.

    `id` names the edit's rule; `lines` are the keys of the lines concerned; `mend` says what would put it right;
    `rows` are the table rows it read, `citations` the sources of the rule and of those rows.
    """

    id: str
    severity: Severity
    lines: tuple[str, ...]
    text: Fact
    mend: Fact
    rows: tuple[TableRow, ...] = ()
    citations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Hint:
    """A drug line none of whose diagnoses is on a list of its indications; a reason to look, never to refuse.

    `standing` is how far the list binds anybody: article, payer policy or general knowledge.
    """

    line: str
    text: Fact
    standing: str
    citations: tuple[str, ...]
