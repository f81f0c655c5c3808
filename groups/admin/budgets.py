"""Budgets of groups and members, what all of them share, and the steps that were reached."""

from typing import Any

from django.contrib import admin
from django.db.models import ForeignKey
from django.forms import ModelChoiceField, ModelForm
from django.http import HttpRequest

from collector.base.read_only import ReadOnly, RecordedAdmin, SettingsAdmin
from collector.member_choice import ChoosesMember
from groups.models import BudgetSettings, BudgetStep, CycleBudget, Group


class ListedBudgetForm(ModelForm):
    """A budget in the list, where its row is its label."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        name = f"Budget of {self.instance.group or self.instance.member}, in US dollars"
        self.fields["amount_dollars"].widget.attrs["aria-label"] = name
        self.fields["amount_dollars"].show_hidden_initial = True  # saves only the rows that were changed here


@admin.register(CycleBudget)
class CycleBudgetAdmin(ChoosesMember, RecordedAdmin):
    """Agreed dollars per billing cycle. The team's own is in the detection settings, where its rule is."""

    list_display = ("owner", "amount_dollars")
    list_editable = ("amount_dollars",)
    list_select_related = ("group", "member")
    search_fields = ("group__name", "member__email", "member__name")
    fieldsets = (
        (
            None,
            {
                "fields": ("group", "member", "amount_dollars"),
                "description": "Choose a group or a member. The whole team's budget is under Detection.",
            },
        ),
    )
    history_list_display = ("amount_dollars",)
    when_deleted = "Its steps are no longer reported. What was reported so far stays."
    when_saved = "Changes take effect at the next hourly run. A step is reported once per billing cycle."

    def get_changelist_form(self, request: HttpRequest, **options: Any) -> type[ModelForm]:
        return super().get_changelist_form(request, **{"form": ListedBudgetForm, **options})

    @admin.display(description="budget of")
    def owner(self, budget: CycleBudget) -> str:
        return str(budget.group or budget.member)

    def formfield_for_foreignkey(
        self, db_field: ForeignKey, request: HttpRequest, **options: object
    ) -> ModelChoiceField | None:
        if db_field.name == "group":
            options["queryset"] = Group.objects.open()
        options["error_messages"] = {"unique": f"This {db_field.name} has a budget already. Change that one."}
        return super().formfield_for_foreignkey(db_field, request, **options)


@admin.register(BudgetSettings)
class BudgetSettingsAdmin(SettingsAdmin):
    when_saved = "Changes take effect at the next hourly run. A step is reported once per billing cycle."
    fieldsets = (
        (
            None,
            {
                "fields": ("member_budget_dollars", "steps", "notifies_of_members", "seat_dollars"),
                "description": "The team's own budget is a detection setting, since a rule uses it, too. "
                "Groups and single members have theirs under Budgets.",
            },
        ),
    )


@admin.register(BudgetStep)
class BudgetStepAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("reached_at", "target", "percent", "spent_cents", "budget_cents", "cycle")
    list_filter = ("percent", "cycle")
    list_select_related = ("cycle",)
    search_fields = ("target",)
