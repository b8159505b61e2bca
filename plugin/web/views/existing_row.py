"""A charge that stands on the encounter and did not come from here, as a row of the table."""

from dataclasses import dataclass

from plugin.domain.existing import ExistingCharge
from plugin.web.views.times import day_words


@dataclass(frozen=True, slots=True)
class ExistingRow:
    """A charge of somebody else. `differs` names the columns that say something else than the suggestion it matches.

    `diagnoses` is None where the charge names none of its own: nothing is compared then.
    """

    code: str
    label: str
    units: str
    modifiers: tuple[str, ...]
    day: str
    iso_day: str
    diagnoses: tuple[str, ...] | None
    status: str
    entered_by: str
    reference: str
    differs: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """All of it in one line, for the report."""
        line = "-".join((self.code, *self.modifiers))
        day = f" on {self.day}" if self.day else ""
        by = f", entered by {self.entered_by}" if self.entered_by else ""
        return f"{line} \N{MULTIPLICATION SIGN}{self.units}{day}, {self.status}{by}"

    @property
    def compared(self) -> str:
        """How it stands beside the suggestion, in words."""
        return f"differs in {', '.join(self.differs)}" if self.differs else "the same as suggested"


def existing_row(charge: ExistingCharge, label: str) -> ExistingRow:
    """The charge in words, compared with nothing yet."""
    return ExistingRow(
        code=charge.code,
        label=label,
        units=f"{charge.units.normalize():f}",
        modifiers=charge.modifiers,
        day=day_words(charge.day) if charge.day else "",
        iso_day=charge.day.isoformat() if charge.day else "",
        diagnoses=charge.diagnoses,
        status=charge.status,
        entered_by=charge.entered_by,
        reference=charge.id,
    )
