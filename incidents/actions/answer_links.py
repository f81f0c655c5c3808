"""Signed addresses of the page on which the member concerned answers."""

from __future__ import annotations

from datetime import timedelta

from django.core import signing
from django.urls import reverse

SALT = "incidents.member-answer"
VALID_FOR = timedelta(days=7)


class QuestionExpired(Exception):
    """The link is older than `VALID_FOR`, was changed, or asks nothing that there is."""


def answer_path(question_id: int) -> str:
    """The page on which the member answers: a signed address that says nothing else."""
    return reverse("member-answer", args=[signing.dumps(question_id, salt=SALT)])


def question_id_of(token: str) -> int:
    """The alert that a link asks about; QuestionExpired where it does not count any more."""
    try:
        return int(signing.loads(token, salt=SALT, max_age=VALID_FOR))
    except (signing.BadSignature, TypeError, ValueError) as problem:
        raise QuestionExpired from problem
