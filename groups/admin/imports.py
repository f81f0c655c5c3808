"""Upload → preview → choose → apply → undo, as pages of the admin."""

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from collector.base.csv_files import FileError
from collector.base.days import utc_day
from collector.base.read_only import CarefulList
from collector.base.readable import plural
from groups.assignments.changes import ChangeRefused
from groups.imports.apply import apply, upload
from groups.imports.undo import undo
from groups.models import GroupImport

from .forms import Since, UploadForm, note_deed, who


@admin.register(GroupImport)
class GroupImportAdmin(CarefulList, admin.ModelAdmin):
    """Uploaded files: what each would change, what was applied, and taking it back."""

    list_display = (
        "file_name",
        "kind",
        "status",
        "from_day",
        "moves",
        "uploaded_by",
        "uploaded_at",
        "applied_at",
    )
    list_filter = ("kind", "status")

    def has_delete_permission(self, request: HttpRequest, obj: GroupImport | None = None) -> bool:
        return False  # it tells what was done, and can be undone

    @admin.display(description="moves")
    def moves(self, group_import: GroupImport) -> int:
        return len(group_import.plan["moves"])

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: object = None
    ) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = UploadForm(
            request.POST or None,
            request.FILES or None,
            initial={
                "since": Since.TODAY,
                "from_day": utc_day(timezone.now()),
                "kind": request.GET.get("kind"),
            },
        )
        if request.method == "POST" and form.is_valid() and (group_import := self._upload(request, form)):
            return redirect("admin:groups_groupimport_change", group_import.pk)
        context = {**self._context(request, "Import groups"), "form": form}
        return TemplateResponse(request, "admin/groups/groupimport/upload.html", context)

    def _upload(self, request: HttpRequest, form: UploadForm) -> GroupImport | None:
        """The stored preview, or None if the form has errors."""
        given = form.cleaned_data
        note_deed(request, f"uploaded “{given['file'].name}” for a preview")
        try:
            return upload(
                given["kind"],
                given["file"].file,
                name=given["file"].name,
                from_day=given["from_day"],
                by=who(request),
                now=timezone.now(),
            )
        except FileError as exc:
            for problem in exc.problems:
                form.add_error("file", problem)
        except ChangeRefused as exc:
            form.add_error("from_day", str(exc))
        return None

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: object = None
    ) -> HttpResponse:
        group_import = self.get_object(request, object_id)
        if group_import is None:
            raise Http404("This import does not exist.")
        if not self.has_change_permission(request, group_import):
            raise PermissionDenied
        if request.method == "POST":
            return self._act(request, group_import)
        context = {
            **self._context(request, str(group_import)),
            "group_import": group_import,
            "plan": group_import.plan,
        }
        return TemplateResponse(request, "admin/groups/groupimport/preview.html", context)

    def _act(self, request: HttpRequest, group_import: GroupImport) -> HttpResponseRedirect:
        """Do what the pressed button asks for, report the outcome, and show the import again."""
        undoes = "undo" in request.POST
        try:
            level, message = (self._undo if undoes else self._apply)(request, group_import)
            did = "undid" if undoes else "applied"
            note_deed(request, f"{did} the import of “{group_import.file_name}”: {message.rstrip('.')}")
        except ChangeRefused as exc:
            level, message = messages.ERROR, str(exc)
            note_deed(request, None)
        self.message_user(request, message, level)
        return HttpResponseRedirect(reverse("admin:groups_groupimport_change", args=[group_import.pk]))

    def _apply(self, request: HttpRequest, group_import: GroupImport) -> tuple[int, str]:
        emails = chosen(request.POST.get("apply", ""), request.POST.getlist("selected"), group_import)
        applied = apply(group_import, emails, by=who(request), now=timezone.now())
        if applied.facts_changed:
            raise ChangeRefused(
                "Nothing was applied: members or groups have changed since this preview was made. "
                "It is shown again below; look through it and apply it again."
            )
        return messages.SUCCESS, (
            f"{plural(applied.moved, 'member')} moved, {plural(applied.groups_made, 'group')} made."
        )

    def _undo(self, request: HttpRequest, group_import: GroupImport) -> tuple[int, str]:
        undone = undo(group_import, by=who(request), now=timezone.now())
        restored = f"{plural(undone.restored, 'member')} put back."
        if undone.left_alone:
            moved_since = plural(undone.left_alone, "member")
            return (
                messages.WARNING,
                f"{restored} {moved_since} moved again since the import: left as they are.",
            )
        return messages.SUCCESS, restored

    def _context(self, request: HttpRequest, title: str) -> dict[str, object]:
        return {**self.admin_site.each_context(request), "opts": self.model._meta, "title": title}


def chosen(which: str, selected: list[str], group_import: GroupImport) -> list[str] | None:
    """The e-mails to apply: all (None), only the selected ones, or all but those."""
    if which == "only":
        return selected
    if which == "but":
        excluded = set(selected)
        return [move["email"] for move in group_import.plan["moves"] if move["email"] not in excluded]
    return None
