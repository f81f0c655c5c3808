"""The admin's breadcrumb, the same on every page: front page, task, table, page."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import zip_longest

from django import template
from django.db.models import Field, Model
from django.db.models.options import Options
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html, strip_tags
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import capfirst

from collector.base.readable import label_of, value_text
from tracker.admin_site import board
from tracker.admin_site.checklist import read_checklist

register = template.Library()


@dataclass(frozen=True)
class Crumb:
    label: str
    url: str = ""


@register.inclusion_tag("admin/parts/crumbs.html", takes_context=True)
def admin_crumbs(context: template.Context) -> dict[str, object]:
    """From the front page to this one; the page itself comes last and is not a link."""
    return {"crumbs": crumbs(context), "came_from": context.get("came_from")}


def crumbs(context: template.Context) -> list[Crumb]:
    home = Crumb("Admin", reverse("admin:index"))
    opts = options_of(context)
    title = page_title(context)
    if opts is None:
        return [home, Crumb(title)] if title and title != "Admin" else []
    section = board.section_of(opts.label)
    trail = [home] + ([Crumb(section.title, f"{home.url}#{section.key}")] if section else [])
    table = Crumb(table_name(opts), list_url(opts))
    if "cl" in context or is_only_row(context):
        return [*trail, Crumb(table.label)]
    return [*trail, table, Crumb(title_of(context) or title)]


@register.simple_tag(takes_context=True)
def admin_heading(context: template.Context) -> str:
    """What this page is about: the table, the row, or what the page itself calls it."""
    title = page_title(context) or "Admin"
    opts = options_of(context)
    if opts is not None and ("cl" in context or is_only_row(context)):
        return table_name(opts)
    if title.startswith(("Change ", "View ")):
        return title_of(context) or title
    return title


def page_title(context: template.Context) -> str:
    """As Django calls the page, except histories, which have two names there."""
    title = str(context.get("title") or "")
    kind, colon, row = title.partition(" history: ")
    return f"History of {row}" if colon and kind in ("Change", "View") else title


def options_of(context: template.Context) -> Options | None:
    """Of the table that a page of the admin is about; None on the front page."""
    opts = context.get("opts") or getattr(context.get("cl"), "opts", None)
    return opts if isinstance(opts, Options) else None


def table_name(opts: Options) -> str:
    return board.label_of(opts.label) or str(capfirst(opts.verbose_name_plural))


def list_url(opts: Options) -> str:
    try:
        return reverse(f"admin:{opts.app_label}_{opts.model_name}_changelist")
    except NoReverseMatch:
        return ""


def is_only_row(context: template.Context) -> bool:
    """Whether this is the form of a one-row settings table, which has no list."""
    return bool(context.get("skip_object_list_page")) and "adminform" in context


def title_of(context: template.Context) -> str:
    row = context.get("original")
    return str(getattr(row, "instance", row))[:80] if row else ""  # a past version is called as its row is


@register.filter
def name_of(opts: Options, name: str) -> str:
    """What a column of the table is called."""
    field = opts.get_field(name)
    return str(capfirst(label_of(field) if isinstance(field, Field) else name))


@register.filter
def stored_in(row: Model, name: str) -> object:
    """What the field `name` of a row holds, in words."""
    field = row._meta.get_field(name)
    value: object = getattr(row, name)
    return value_text(field, value) if isinstance(field, Field) else value


@register.simple_tag
def labelled_cells(cells: Iterable[str], headers: Iterable[Mapping[str, object]]) -> SafeString:
    """A row's cells as Django renders them, each with its role and, for a phone, its column's name."""
    names = [capfirst(strip_tags(str(header["text"]))) for header in headers]
    marked = []
    for cell, name in zip_longest(cells, names, fillvalue=""):
        role = "rowheader" if cell.startswith("<th") else "cell"
        marked.append(cell[:3] + format_html(' role="{}" data-label="{}"', role, name) + cell[3:])
    return mark_safe("".join(marked))  # noqa: S308  # nosec B308 B703  Django escaped the cells, format_html the names


@register.inclusion_tag("tracker/partials/setup_card.html", takes_context=True)
def setup_card(context: template.Context) -> dict[str, object]:
    """What is still to be set up, for administrators, until all is done or somebody dismisses it."""
    checklist = read_checklist(context["now"], context["frame"].sources)
    if checklist.is_dismissed or checklist.is_complete:
        return {}
    return {"checklist": checklist, "csrf_token": context["csrf_token"]}
