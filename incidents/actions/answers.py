"""Questions to the member concerned, and their answers: onto the timeline, and no right beyond that."""

from datetime import date, datetime, timedelta

from django.db import transaction

from incidents.ends import end_of_day, end_problem
from incidents.lifecycle.moves import Actor, Outcome, write
from incidents.models import Incident, MemberAnswer, TimelineEntry, TimelineStep
from incidents.notifying import recording

from .answer_links import QuestionExpired

Reply = MemberAnswer.Reply


def find_question(question_id: int, person_id: int | None = None) -> TimelineEntry:
    """The step that alerted the person concerned; QuestionExpired where there is no such question, or where
    somebody other than `person_id` is concerned by now."""
    questions = TimelineEntry.objects.select_related("incident__member__owner")
    question = questions.filter(pk=question_id, step__in=recording.ALERTS).first()
    person = question.incident.person_concerned if question else None
    if question is None or person is None or person_id not in (None, person.pk):
        raise QuestionExpired
    return question


def save_answer(
    question: TimelineEntry, reply: str, until: date | None, origin: str, now: datetime
) -> Outcome:
    """Keep the first answer to `question`, as the member's; a later one changes nothing."""
    if problem := complaint(reply, until, now):
        return Outcome(False, problem, question.incident)
    with transaction.atomic():
        # The incident's row serialises two answers that come at once.
        incident = Incident.objects.select_for_update().select_related(None).get(pk=question.incident_id)
        defaults = {
            "incident": incident,
            "reply": reply,
            "until_at": end_of_day(until) if until else None,
            "answered_at": now,
            "origin": origin,
        }
        answer, is_new = MemberAnswer.objects.get_or_create(question=question, defaults=defaults)
        if not is_new:
            return Outcome(False, f"Already answered: {answer_text(answer)}.", incident)
        person, text = Actor(None, str(incident.person_concerned or incident.who)), answer_text(answer)
        entry = write(incident, TimelineStep.ANSWERED, text, now, person, origin)
        recording.record_answer_of_member(entry, question, now, is_alarm=reply == Reply.NOT_ME)
    return Outcome(True, f"Thank you. Your answer has been recorded: {answer_text(answer)}.", incident)


def complaint(reply: str, until: date | None, now: datetime) -> str:
    if reply not in Reply.values:
        return "Choose one of the answers."
    if reply == Reply.EXPECTED and until is None:
        return "Choose the last day on which it is expected."
    if until is not None and end_of_day(until) <= now:
        return "Choose today or a later day."
    return end_problem(end_of_day(until), now) if until else ""


def answer_text(answer: MemberAnswer) -> str:
    """`It's expected until 8 Mar 2026`."""
    text = str(answer.get_reply_display())
    if answer.until_at is None or answer.reply != Reply.EXPECTED:
        return text
    last = answer.until_at - timedelta(days=1)
    return f"{text} until {last.day} {last:%b %Y}"
