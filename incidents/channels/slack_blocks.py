"""Messages in Slack's Block Kit, within its limits.

Whatever people wrote goes into plain_text, which Slack does not parse, or is escaped.
https://docs.slack.dev/reference/block-kit/blocks, read 2026-11-23.
"""

import html
from typing import Any

from incidents.ends import SNOOZES
from incidents.notifying.messages import Alert, Digest, DigestTable, IncidentMessage, MemberQuestion
from incidents.wording import shorten

BLOCKS, SECTION, HEADER, FIELD = 50, 3000, 150, 2000
# Slack refuses blocks too long together (msg_blocks_too_long) and names no number; this much passes.
MESSAGE = 12_000
SUMMARY_LINE = 300
MARKS = {"critical": "🔴", "warning": "🟠", "info": "🔵"}

Block = dict[str, Any]


def escape(text: str, limit: int) -> str:
    """`text` for mrkdwn, at most `limit` characters once escaped; never cut inside an entity."""
    shown = shorten(text, limit)
    while len(escaped := html.escape(shown, quote=False)) > limit:
        shown = shorten(shown, len(shown) - max((len(escaped) - limit) // 5, 1))
    return escaped


def link(url: str, label: str, limit: int = 200) -> str:
    """A link; a bar in the label would end it."""
    return f"<{url}|{escape(label.replace('|', '/'), limit)}>"


def plain(text: str, limit: int) -> dict[str, object]:
    return {"type": "plain_text", "text": shorten(text, limit) or "–", "emoji": False}


def mrkdwn(text: str) -> dict[str, object]:
    """`text` must be escaped already."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def section(text: dict[str, object]) -> Block:
    return {"type": "section", "text": text}


def header(text: str) -> Block:
    return {"type": "header", "text": plain(text, HEADER)}


def context(*texts: str) -> Block:
    """Small print; `texts` must be escaped already."""
    return {"type": "context", "elements": [mrkdwn(text) for text in texts]}


def button(action: str, label: str, value: str) -> Block:
    return {"type": "button", "action_id": action, "text": plain(label, 75), "value": value}


def mark(incident: IncidentMessage) -> str:
    return "✅" if incident.is_resolved else MARKS.get(incident.severity, "")


def alert_blocks(alert: Alert) -> list[Block]:
    if alert.question:
        return question_blocks(alert.incidents[0], alert.question)
    return summary_blocks(alert) if alert.is_summary else incident_blocks(alert.incidents[0])


def incident_blocks(incident: IncidentMessage) -> list[Block]:
    fields = [mrkdwn(f"*{fact.label}*\n{escape(fact.value, FIELD - 100)}") for fact in incident.facts]
    links = link(incident.url, "Open the incident")
    if incident.member_url:
        links += f"  ·  {link(incident.member_url, incident.who)}"
    blocks: list[Block] = [
        header(f"{mark(incident)} {incident.headline}"),
        *explanation_blocks(incident),
        *([{"type": "section", "fields": fields[:10]}] if fields else []),  # Slack refuses an empty list
        context(escape(incident.standing, FIELD), links),
    ]
    return blocks if incident.is_resolved else [*blocks, buttons(incident)]


def explanation_blocks(incident: IncidentMessage) -> list[Block]:
    """What the header has no room for: the reasons, or all of a long sentence; and the cause."""
    is_cut = len(f"{mark(incident)} {incident.headline}") > HEADER
    text = incident.message if is_cut else incident.why
    blocks = [section(plain(text, SECTION))] if text else []
    if incident.cause is None:
        return blocks
    blocks.append(section(plain(incident.cause.sentence, SECTION)))
    lines = [cause_line(*row) for row in incident.cause.rows]
    return [*blocks, *map(context, pack(lines, FIELD)[:1])]


def cause_line(kind: str, name: str, figures: str, url: str) -> str:
    shown = link(url, name, 100) if url else escape(name, 100)
    return f"{kind}: {shown} · {escape(figures, 100)}"


def buttons(incident: IncidentMessage) -> Block:
    """What can be done from Slack; Acknowledge goes once somebody has."""
    actions = [("resolve", "Resolve"), ("expected", "Expected")]
    if not incident.is_acknowledged:
        actions.insert(0, ("acknowledge", "Acknowledge"))
    options = [{"text": plain(label, 75), "value": span} for span, label in SNOOZES.items()]
    elements: list[Block] = [
        *(button(action, label, str(incident.pk)) for action, label in actions),
        {
            "type": "static_select",
            "action_id": "snooze",
            "placeholder": plain("Snooze", 150),
            "options": options,
        },
        {"type": "datepicker", "action_id": "planned", "placeholder": plain("Planned until …", 150)},
    ]
    return {"type": "actions", "block_id": f"incident-{incident.pk}", "elements": elements}


def question_blocks(incident: IncidentMessage, question: MemberQuestion) -> list[Block]:
    """What the member concerned is asked, and the three answers."""
    answers: list[Block] = [
        {
            "type": "datepicker",
            "action_id": "answer_expected",
            "placeholder": plain("It's expected until …", 150),
        },
        button("answer_stopped", "I stopped it", str(question.pk)),
        button("answer_not_me", "Not me", str(question.pk)),
    ]
    return [
        header(f"{mark(incident)} {question.headline}"),
        *explanation_blocks(incident),
        section(plain("Is this expected? Your answer is added to the incident's timeline.", SECTION)),
        {"type": "actions", "block_id": f"question-{question.pk}", "elements": answers},
        context(link(question.url, "Answer on the web page")),
    ]


def summary_blocks(alert: Alert) -> list[Block]:
    """All incidents, one line each with its link."""
    room = min((MESSAGE - 600) // len(alert.incidents), SUMMARY_LINE)
    lines = []
    for incident in alert.incidents:
        start = f"{mark(incident)} {link(incident.url, incident.who, 40)} "
        lines.append(start + escape(incident.message, max(room - len(start), 20)))
    return [
        header(alert.headline),
        *[section(mrkdwn(text)) for text in pack(lines, SECTION)[: BLOCKS - 2]],
        context(link(alert.list_url, "All incidents")),
    ]


def pack(lines: list[str], limit: int) -> list[str]:
    """`lines` joined into as few texts of at most `limit` characters as their order allows."""
    texts: list[str] = []
    for line in lines:
        if texts and len(texts[-1]) + 1 + len(line) <= limit:
            texts[-1] += f"\n{line}"
        else:
            texts.append(line)
    return texts


def digest_blocks(digest: Digest) -> list[Block]:
    blocks = [header(digest.title)]
    lines = pack([escape(line, 500) for line in digest.lines], SECTION)
    blocks += [section(mrkdwn(text)) for text in lines[:1]]
    room = (MESSAGE - SECTION - 600) // max(len(digest.tables), 1)
    blocks += [section(mrkdwn(table_text(table, min(SECTION, room)))) for table in digest.tables]
    decisions = [button(choice.action, choice.label, choice.value) for choice in digest.buttons]
    actions = [{"type": "actions", "elements": decisions}] if decisions else []
    return [*blocks[: BLOCKS - 2], *actions, context(link(digest.url, "Open the page"))]


def table_text(table: DigestTable, limit: int) -> str:
    """Heading and rows as lines; rows that do not fit are counted."""
    text = f"*{escape(table.heading, 200)}*"
    if not table.rows:
        return f"{text}\n{escape(table.empty or 'None.', 300)}"
    for index, row in enumerate(table.rows):
        line = "\n" + " · ".join(escape(cell, 120) for cell in row)
        if len(text) + len(line) > limit - 60:
            return f"{text}\n… and {len(table.rows) - index} more on the page"
        text += line
    return text
