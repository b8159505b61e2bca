"""Sent questions on both databases: sealed, numbered, with the last reply."""

import pytest
from sqlalchemy import select

from plugin.domain import Reply, TrackedQuestion
from plugin.store.sent_questions import EncounterQuestions
from plugin.store.tables import sent_questions
from tests.mappings.test_task import QUESTION


@pytest.fixture
def questions(store) -> EncounterQuestions:
    """Nothing sent yet."""
    return EncounterQuestions(store, "clinic", "Encounter/e1")


def test_a_question_and_its_reply_come_back_as_they_were(questions, now):
    """Every field survives, and nothing stands in plain words."""
    questions.keep_sent(QUESTION, "Task/t1", now)
    assert questions.sent_questions() == (TrackedQuestion(QUESTION, "Task/t1", Reply("open")),)
    reply = Reply("answered", "ran to 9:30", now)
    questions.keep_reply(QUESTION, reply, now)
    assert questions.sent_questions() == (TrackedQuestion(QUESTION, "Task/t1", reply),)
    with questions.store.reading() as connection:
        row = connection.execute(select(sent_questions)).one()
    assert row.state == "answered"
    assert "cefepime" not in row.content_sealed + row.reply_sealed


def test_two_people_at_once_are_remembered_as_one(questions, now):
    """Both had the number 1; the EHR made one task of it."""
    questions.keep_sent(QUESTION, "Task/t1", now)
    questions.keep_sent(QUESTION, "Task/t1", now)
    assert len(questions.sent_questions()) == 1
