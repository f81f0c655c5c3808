"""Choosing a member in a form of the admin."""

from django.contrib.admin.options import BaseModelAdmin
from django.db.models import ForeignKey
from django.forms import ModelChoiceField
from django.http import HttpRequest

from .models import Member


class MemberChoice(ModelChoiceField):
    """The browser's own list: found by typing a name, and read out by every screen reader."""

    def label_from_instance(self, member: Member) -> str:
        """With the address, since two people may share a name."""
        return f"{member.name} ({member.email})" if member.name else member.email


class ChoosesMember(BaseModelAdmin):
    """Before an admin with a foreign key to members."""

    def formfield_for_foreignkey(
        self, db_field: ForeignKey, request: HttpRequest, **options: object
    ) -> ModelChoiceField | None:
        if db_field.related_model is Member:
            options = {
                "form_class": MemberChoice,
                "queryset": Member.objects.order_by("name", "email"),
                **options,
            }
        return super().formfield_for_foreignkey(db_field, request, **options)
