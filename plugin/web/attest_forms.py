"""What the forms under questions say: statements for `plugin.review.attest`."""

from datetime import UTC, datetime, tzinfo

from werkzeug.datastructures import MultiDict

from plugin.domain import CodedEncounter
from plugin.review.answering import Field, form_for
from plugin.review.attest import Key, Statement
from plugin.web.review_forms import Unreadable
from plugin.web.views.questions import choice_name, field_name

MOST_QUESTIONS = 400
LONGEST_TEXT = 200


def read_statements(form: MultiDict[str, str], coded: CodedEncounter, zone: tzinfo) -> tuple[Statement, ...]:
    """One statement for each `question` of the form; raises Unreadable.

    Times are in the facility's zone. A question that isn't asked any more gets a statement without values.
    """
    tokens = list(dict.fromkeys(form.getlist("question")))
    if len(tokens) > MOST_QUESTIONS:
        raise Unreadable("The form holds more questions than a page shows.")
    asks = {(ask.kind, ask.administrations): ask for ask in coded.asks}
    statements = []
    for token in tokens:
        key = read_ask_key(token)
        fields = form_for(asks[key], coded.chart).fields if key in asks else ()
        values = {(f.administration, f.element): _value(form, token, f, zone) for f in fields}
        given = {place: value for place, value in values.items() if value}
        statements.append(Statement(key, given, form.get(choice_name(token), "")[:LONGEST_TEXT]))
    return tuple(statements)


def read_ask_key(token: str) -> Key:
    """The key of a question from its form value; raises Unreadable."""
    kind, bar, about = token.partition("|")
    if not bar or not kind:
        raise Unreadable("The form names no question of this page; open the page again.")
    return kind, tuple(filter(None, about.split(",")))


def _value(form: MultiDict[str, str], token: str, field: Field, zone: tzinfo) -> datetime | str:
    text = form.get(field_name(token, field), "").strip()[:LONGEST_TEXT]
    return _moment(text, field, zone) if field.is_time and text else text


def _moment(text: str, field: Field, zone: tzinfo) -> datetime:
    """A local time that exists, and exists once: around a clock change the chart itself must say which it was."""
    try:
        local = datetime.fromisoformat(text)
    except ValueError as error:
        raise Unreadable(f"{field.label}: give a day and a time.", field.place) from error
    if local.tzinfo is not None:
        raise Unreadable(f"{field.label}: give the time in the facility's zone, without an offset.", field.place)
    first, second = local.replace(tzinfo=zone, fold=0), local.replace(tzinfo=zone, fold=1)
    there_and_back = first.astimezone(UTC).astimezone(zone).replace(tzinfo=None)
    if first.utcoffset() != second.utcoffset() or there_and_back != local:
        raise Unreadable(
            f"{field.label}: the clocks changed then, so this time is not clear; chart it in the EHR.", field.place
        )
    return first
