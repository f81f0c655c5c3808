"""`/answers/<token>`: the member concerned answers from an e-mail. The link is the key to this alone."""

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from incidents.actions.answer_links import QuestionExpired, read_answer_link
from incidents.actions.answers import answer_text, find_question, save_answer
from incidents.actions.causes import incident_cause
from incidents.models import MemberAnswer, Origin, TimelineEntry
from incidents.wording import said_to_member
from tracker.access.guard import public
from tracker.access.request import AccessRequest


class AnswerForm(forms.Form):
    until = forms.DateField(required=False, widget=forms.DateInput(attrs={"type": "date"}))
    reply = forms.ChoiceField(choices=MemberAnswer.Reply.choices)


@public
@require_http_methods(["GET", "HEAD", "POST"])
def member_answer(request: AccessRequest, token: str) -> HttpResponse:
    """Show the question; a POST answers it, once. 410 for a link that is no longer valid."""
    try:
        question = find_question(*read_answer_link(token))
    except QuestionExpired:
        return answer_page(request, {"question": None}, status=410)
    form = AnswerForm(request.POST or None)
    answered = given_answer(question)
    if request.method == "POST" and not answered and form.is_valid():
        asked, now = form.cleaned_data, timezone.now()
        outcome = save_answer(question, asked["reply"], asked["until"], Origin.EMAIL, now)
        if not outcome.won:
            form.add_error(None, outcome.message)
        answered = given_answer(question)
    context = {"question": question, "form": form, "answered": answered}
    return answer_page(request, context if answered else context | question_context(question))


def given_answer(question: TimelineEntry) -> str:
    """The answer that was given, in words; empty for none."""
    answer = MemberAnswer.objects.filter(question=question).first()
    return answer_text(answer) if answer else ""


def question_context(question: TimelineEntry) -> dict[str, object]:
    incident = question.incident
    headline = said_to_member(incident.person_name, incident.sentence)
    cause = incident_cause(incident, incident.anomalies())
    return {"headline": headline[:1].upper() + headline[1:], "cause": cause}


def answer_page(request: AccessRequest, context: dict[str, object], status: int = 200) -> HttpResponse:
    return render(request, "incidents/answer.html", context, status=status)
