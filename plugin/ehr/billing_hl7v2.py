"""The export as HL7 v2.5.1 messages DFT^P03, one for each visit; hl7apy checks them against the standard's tables.

Texts are escaped before they reach the library, which would read separators in them as structure; control characters,
which no HL7 v2 text may hold, become spaces, so that no text can begin a segment.
Fields: HL7 v2.5.1 chapter 6 (FT1), chapter 3 (PID, PV1); codes of tables 0004, 0017, 0396.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from itertools import accumulate, groupby
from typing import Any

from hl7apy.consts import VALIDATION_LEVEL
from hl7apy.core import Message
from hl7apy.exceptions import HL7apyException

from plugin.ehr.billing_lines import SYSTEMS, BillingLine

VERSION = "2.5.1"
CHARGED, CREDITED = "CG", "CD"
# HL7 table 0004 of the v3 ActCode that FHIR has; who is observed or seen at home is no inpatient.
PATIENT_CLASSES = {
    **dict.fromkeys(("AMB", "OBSENC", "SS", "VR", "HH", "FLD"), "O"),
    **dict.fromkeys(("IMP", "ACUTE", "NONAC"), "I"),
    "EMER": "E",
    "PRENC": "P",
}
_ESCAPES = {"\\": "\\E\\", "|": "\\F\\", "^": "\\S\\", "&": "\\T\\", "~": "\\R\\"}
_LONGEST_NOTE = 200


class NoMessage(ValueError):
    """A visit can't be said in HL7 v2; the text names it and the remedy."""


def write_hl7v2(
    batch: int, made_at: datetime, lines: Iterable[BillingLine], names: Mapping[str, str]
) -> tuple[str, list[NoMessage]]:
    """The whole file: messages one after the other, each ended by a line feed, segments by carriage returns.

    `names` are sending and receiving application and facility. A visit that can't be said is left out and told beside.
    """
    messages, refused = [], []
    for number, (_, group) in enumerate(groupby(lines, key=lambda line: line.visit), start=1):
        try:
            messages.append(_message(f"{batch}-{number}", batch, made_at, list(group), names))
        except NoMessage as refusal:
            refused.append(refusal)
    return "".join(f"{message}\r\n" for message in messages), refused


def text(value: str) -> str:
    """Text as it may stand in a field: separators escaped, control characters made spaces."""
    return "".join(_ESCAPES.get(each, each if each.isprintable() else " ") for each in value)


def _text_within(value: str, most: int) -> str:
    """As much of a text as fits into so many characters with its escapes; no escape is cut."""
    said = [text(each) for each in value[:most]]
    lengths = accumulate(len(each) for each in said)
    return "".join(each for each, length in zip(said, lengths, strict=True) if length <= most)


def _is_day(written: str) -> bool:
    try:
        return len(written) == len("YYYY-MM-DD") and bool(date.fromisoformat(written))
    except ValueError:
        return False


def _message(control: str, batch: int, made_at: datetime, lines: list[BillingLine], names: Mapping[str, str]) -> str:
    message = Message("DFT_P03", version=VERSION, validation_level=VALIDATION_LEVEL.STRICT)
    try:
        _fill_head(message, control, made_at, names)
        _fill_visit(message, lines[-1])
        for number, line in enumerate(lines, start=1):
            _fill_line(message.add_group("DFT_P03_FINANCIAL").add_segment("FT1"), number, batch, line)
        message.validate()
        return str(message.to_er7())
    except (HL7apyException, ValueError) as error:
        # The library's own words quote the value, which may be a name.
        problem = f"visit {lines[0].visit[:64]!r} can't be written as HL7 v2 ({type(error).__name__})"
        raise NoMessage(f"{problem}; its lines are in --again {batch} --format csv") from error


def _fill_head(message: Any, control: str, made_at: datetime, names: Mapping[str, str]) -> None:
    head = message.msh
    head.msh_3 = text(names.get("sending_application", "INFUSION-CHARGES"))
    for field, name in (
        ("msh_4", "sending_facility"),
        ("msh_5", "receiving_application"),
        ("msh_6", "receiving_facility"),
    ):
        if names.get(name):
            setattr(head, field, text(names[name]))
    head.msh_7 = _moment(made_at)
    head.msh_9 = "DFT^P03^DFT_P03"
    head.msh_10 = control
    head.msh_11 = "P"
    head.msh_18 = "UNICODE UTF-8"
    message.evn.evn_2 = _moment(made_at)


def _fill_visit(message: Any, line: BillingLine) -> None:
    person = line.patient
    number = person.record_number or person.id.rpartition("/")[2]
    kind = "MR" if person.record_number else "PI"
    message.pid.pid_3 = f"{text(number)}^^^^{kind}"
    message.pid.pid_5 = text(person.name.strip() or "UNKNOWN")
    if _is_day(person.birth_date):
        message.pid.pid_7 = person.birth_date.replace("-", "")
    message.pv1.pv1_2 = PATIENT_CLASSES.get(line.visit_class, "U")
    message.pv1.pv1_19 = text(line.visit)


def _fill_line(segment: Any, number: int, batch: int, line: BillingLine) -> None:
    segment.ft1_1 = str(number)
    segment.ft1_2 = str(line.line)
    segment.ft1_3 = str(batch)
    segment.ft1_4 = "^".join(_moment(at) for at in _when(line)) or line.day.replace("-", "")
    segment.ft1_5 = _moment(line.accepted_at)
    segment.ft1_6 = CREDITED if line.is_credit else CHARGED
    segment.ft1_7 = _transaction_code(line)
    segment.ft1_8 = _text_within(line.note, _LONGEST_NOTE)
    if line.ndc:
        segment.ft1_9 = text(f"N4{line.ndc} {line.ndc_unit}{line.ndc_quantity}".strip())
        segment.ft1_29 = f"{text(line.ndc)}^^NDC"
    segment.ft1_10 = str(line.units)
    for code in line.diagnoses:
        segment.add_field("FT1_19").value = f"{text(code)}^^I10"
    segment.ft1_24 = text(line.accepted_by)
    segment.ft1_25 = f"{text(line.code)}^^{SYSTEMS[line.system]}"
    for modifier in line.modifiers:
        segment.add_field("FT1_26").value = text(modifier)


def _when(line: BillingLine) -> Iterator[datetime]:
    yield from (at for at in (line.start, line.stop) if at)


def _transaction_code(line: BillingLine) -> str:
    """The charge-master code where the site has one, else the procedure code; the revenue code as the alternate."""
    own = f"{text(line.charge_code)}^^99CDM" if line.charge_code else f"{text(line.code)}^^{SYSTEMS[line.system]}"
    return f"{own}^{text(line.revenue_code)}^^99REV" if line.revenue_code else own


def _moment(at: datetime) -> str:
    return at.strftime("%Y%m%d%H%M%S%z")
