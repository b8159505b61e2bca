"""Task and Communication: a question about the chart on its way to whoever knows, and the reply."""

from datetime import datetime
from typing import Any

from fhir_mappings.charge_item import written_time
from fhir_mappings.systems import TASK_IDENTIFIER
from plugin.domain import Reply, SentQuestion

ANSWERED = frozenset({"completed"})
DECLINED = frozenset({"rejected", "cancelled", "failed", "entered-in-error"})


def write_task(question: SentQuestion) -> dict[str, Any]:
    """The Task: a request that its owner find out and chart it; the question is its description and its input."""
    task: dict[str, Any] = {
        "resourceType": "Task",
        "identifier": [{"system": TASK_IDENTIFIER, "value": question.identity}],
        "status": "requested",
        "intent": "order",
        "priority": "routine",
        "code": {"text": "Question about the chart"},
        "description": question.text,
        "for": {"reference": question.patient},
        "encounter": {"reference": question.encounter},
        "authoredOn": written_time(question.at),
        "requester": _person(question),
        "input": [{"type": {"text": "Question"}, "valueString": question.text}],
    }
    if question.administrations:
        task["focus"] = {"reference": question.administrations[0]}
    if question.recipient:
        task["owner"] = _recipient(question)
    return task


def write_communication(question: SentQuestion, task: str) -> dict[str, Any]:
    """The Communication that carries the same words and points to the Task."""
    message: dict[str, Any] = {
        "resourceType": "Communication",
        "identifier": [{"system": TASK_IDENTIFIER, "value": question.identity}],
        "status": "completed",
        "subject": {"reference": question.patient},
        "encounter": {"reference": question.encounter},
        "about": [{"reference": task}],
        "sent": written_time(question.at),
        "sender": _person(question),
        "payload": [{"contentString": question.text}],
    }
    if question.recipient:
        message["recipient"] = [_recipient(question)]
    return message


def _recipient(question: SentQuestion) -> dict[str, str]:
    named = {"display": question.recipient_name} if question.recipient_name else {}
    return {"reference": question.recipient, **named}


def _person(question: SentQuestion) -> dict[str, str]:
    if question.verified and "/" in question.by:
        return {"reference": question.by, "display": question.name}
    return {"display": question.name if question.verified else f"{question.name} (unverified)"}


def read_reply(task: dict[str, Any]) -> Reply:
    """Where the Task stands and what was said; anything odd in it leaves the question open."""
    status = task.get("status")
    state = "answered" if status in ANSWERED else "declined" if status in DECLINED else "open"
    return Reply(state, _said(task), _moment(task.get("lastModified")))


def _said(task: dict[str, Any]) -> str:
    """The outputs, else the last note, else the reason of the status."""
    outputs = [each.get("valueString") or each.get("valueMarkdown") for each in _objects(task.get("output"))]
    notes = [each.get("text") for each in _objects(task.get("note"))][-1:]
    reason = task.get("statusReason")
    reasons = [reason.get("text")] if isinstance(reason, dict) else []
    for texts in (outputs, notes, reasons):
        said = "; ".join(" ".join(text.split()) for text in texts if isinstance(text, str) and text.strip())
        if said:
            return said
    return ""


def _moment(text: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return moment if moment is not None and moment.tzinfo is not None else None


def _objects(value: object) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
