"""Signed addresses of the page on which the member concerned answers."""

from datetime import timedelta

from django.core import signing
from django.urls import reverse

SALT = "incidents.member-answer"
VALID_FOR = timedelta(days=7)


class QuestionExpired(Exception):
    """The link is older than `VALID_FOR`, was altered, or asks about something that no longer exists."""


def answer_path(question_id: int, person_id: int) -> str:
    """The page on which the person who was asked can answer: a signed address that reveals nothing else."""
    return reverse("member-answer", args=[signing.dumps([question_id, person_id], salt=SALT)])


def read_answer_link(token: str) -> tuple[int, int]:
    """Ids of the alert that a link is about and of the person asked; QuestionExpired if it is not valid."""
    try:
        question_id, person_id = signing.loads(token, salt=SALT, max_age=VALID_FOR)
        return int(question_id), int(person_id)
    except (signing.BadSignature, TypeError, ValueError) as problem:
        raise QuestionExpired from problem
