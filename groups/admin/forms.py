"""What people fill in."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest

from groups.assignments.changes import ChangeRefused, checked_name, named
from groups.models import Group, GroupImport

MAX_FILE_MEGABYTES = 20


def who(request: HttpRequest) -> str:
    """How the history names the one who asks."""
    return request.user.get_username()


class GroupForm(forms.ModelForm):
    class Meta:
        model = Group
        fields = ["name"]

    def clean_name(self) -> str:
        try:
            name = checked_name(self.cleaned_data["name"], self.instance if self.instance.pk else None)
        except ChangeRefused as exc:
            raise forms.ValidationError(str(exc)) from exc
        # Under a deleted group's name it is that group which is opened again.
        self.instance = named(name) or self.instance
        return name


class IntoForm(forms.Form):
    """Which group to merge into."""

    group = forms.ModelChoiceField(Group.objects.none(), label="Merge into")

    def __init__(self, *args: Any, merging: list[int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["group"].queryset = Group.objects.open().exclude(pk__in=merging)  # type: ignore[attr-defined]


class MoveForm(forms.Form):
    """Where to, and from which day on."""

    group = forms.ModelChoiceField(
        Group.objects.open(), required=False, empty_label="Unassigned", label="Move to"
    )
    from_day = forms.DateField(
        label="First day",
        help_text="UTC. An earlier day than today moves the spend since then, too.",
        widget=forms.DateInput(attrs={"type": "date"}),
    )


class UploadForm(forms.Form):
    kind = forms.ChoiceField(choices=GroupImport.Kind.choices, label="What it is")
    file = forms.FileField(help_text=f"A CSV of at most {MAX_FILE_MEGABYTES} MB.", label="File")
    from_day = forms.DateField(
        label="First day",
        help_text="UTC. An earlier day than today moves the spend since then, too.",
        widget=forms.DateInput(attrs={"type": "date"}),
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > MAX_FILE_MEGABYTES * 1_000_000:
            raise forms.ValidationError(
                f"The file is larger than {MAX_FILE_MEGABYTES} MB: it is no such list."
            )
        return file
