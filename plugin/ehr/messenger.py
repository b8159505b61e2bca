"""Questions as FHIR Tasks, with a Communication where the EHR takes one: `plugin.review.ask_someone.Messenger`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fhir_mappings.checking import check_outgoing
from fhir_mappings.systems import TASK_IDENTIFIER
from fhir_mappings.task import read_reply, write_communication, write_task
from plugin.domain import Reply, SentQuestion
from plugin.ehr.errors import EhrError
from plugin.ehr.scopes import Capabilities
from plugin.ehr.sinks import FhirAnswer, FhirHttp
from plugin.ehr.sinks.answers import located
from plugin.ehr.sinks.support import interactions_of
from plugin.review.ask_someone import NotSent


def takes_tasks(statement: Mapping[str, Any], granted: Capabilities) -> bool:
    """Whether this EHR takes a Task from us and lets us follow it."""
    declared = interactions_of(statement, "Task")
    return {"create", "read"} <= declared and granted.can("c", "Task") and granted.can_read("Task")


@dataclass(frozen=True, slots=True)
class FhirMessenger:
    """Sends questions with one launch's grant; `tells` says that a Communication goes with each."""

    http: FhirHttp
    tells: bool = False

    def send(self, question: SentQuestion) -> str:
        """Create the Task once and return its reference; raises NotSent."""
        task = write_task(question)
        if wrong := check_outgoing(task):
            raise NotSent(f"The question can't be put into a Task: {wrong[0]}.")
        condition = {"If-None-Exist": f"identifier={TASK_IDENTIFIER}|{question.identity}"}
        try:
            answer = self.http.post("Task", task, condition)
        except EhrError as error:
            raise NotSent(f"The question was not sent: {error}") from error
        reference = _reference(answer)
        self._tell(question, reference)
        return reference

    def look(self, reference: str) -> Reply:
        """Where a Task stands; raises NotSent. A Task that is gone counts as declined."""
        try:
            answer = self.http.get(reference, {})
            if answer.status in {404, 410}:
                return Reply("declined", "The task is no longer in the EHR.")
            body = answer.json()
        except EhrError as error:
            raise NotSent(str(error)) from error
        if answer.status != 200 or not isinstance(body, dict) or body.get("resourceType") != "Task":
            raise NotSent(f"The EHR did not show the task (status {answer.status}).")
        return read_reply(body)

    def _tell(self, question: SentQuestion, task: str) -> None:
        """The question stands in the Task; a Communication that is refused loses nothing."""
        if not self.tells:
            return
        message = write_communication(question, task)
        if check_outgoing(message):
            return
        try:
            self.http.post("Communication", message, {})
        except EhrError:
            return


def _reference(answer: FhirAnswer) -> str:
    if not 200 <= answer.status < 300:
        raise NotSent(f"The EHR did not take the question (status {answer.status}). Copy it instead.")
    where = located(answer, "Task")
    if where:
        return where
    try:
        body = answer.json()
    except EhrError as error:
        raise NotSent("The EHR did not say where the task is.") from error
    if not isinstance(body, dict) or not isinstance(body.get("id"), str):
        raise NotSent("The EHR did not say where the task is.")
    return f"Task/{body['id']}"
