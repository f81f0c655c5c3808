"""The people who sign in, each with one role; single permissions and Django's groups are not offered."""

from typing import Any, cast

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import UserChangeForm, UserCreationForm
from django.contrib.auth.models import Group, User
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.text import capfirst

from collector.base.read_only import CarefulList
from tracker.access.codes import CODES, has_code, remove_codes
from tracker.access.deeds import current_request, note_change
from tracker.access.request import AccessRequest
from tracker.access.roles import GROUP_NAMES, Role, role_of
from tracker.address_lists import clean_address
from tracker.admin_site.powers import SuperusersOnly
from tracker.models import AccessSettings

ROLE_WORDS = {
    "viewer": "Viewer: can see every page, but change nothing",
    "responder": "Responder: can also acknowledge, snooze and resolve incidents, and give verdicts",
    "admin": "Administrator: can also change settings, groups, budgets and people in the admin",
}
HIGHEST_COUNTS = (
    "The highest of these counts: the role chosen here, the lists under Access, and AUTH_ADMIN_EMAILS. "
)
OWN_CODE_KEPT = "Turn off your own one-time code on its page: the link is your name in the bar."
OWN_ROLE_KEPT = "You cannot remove your own administrator role. Ask another administrator."
OWN_LOGIN_KEPT = "You cannot disable yourself. Ask another administrator."


def own_role(user: User) -> str:
    """The role that is given to this person alone, as a key of ROLE_WORDS; empty for the default role."""
    if not settings.AUTH_ENABLED and user.is_staff and user.is_superuser:
        return "admin"
    given = {group.name for group in user.groups.all()}
    return next((name for name in reversed(GROUP_NAMES) if name in given), "")


def give_role(user: User, role: str) -> None:
    """Make `role` the only one given to this person; with sign-in on, the flags follow at the next call."""
    user.groups.remove(*Group.objects.filter(name__in=GROUP_NAMES))
    if role:
        user.groups.add(Group.objects.get_or_create(name=role)[0])
    if not settings.AUTH_ENABLED:
        user.is_staff = user.is_superuser = role == "admin"
        user.save(update_fields=["is_staff", "is_superuser"])


def what_decides() -> str:
    """What else decides a person's role, as a help text."""
    if not settings.AUTH_ENABLED:
        return "Administrators sign in to this admin with the username and password set here."
    if settings.AUTH_OIDC_ISSUER and settings.AUTH_OIDC_ROLE_CLAIM:
        claim = (
            f"At each sign-in with {settings.AUTH_OIDC_NAME}, its claim “{settings.AUTH_OIDC_ROLE_CLAIM}” "
            "replaces the role chosen here."
        )
        return HIGHEST_COUNTS + claim
    return HIGHEST_COUNTS


class RoleForm(forms.ModelForm):
    """The part that adding and changing a person share: the role as a choice."""

    role = forms.ChoiceField(widget=forms.RadioSelect, required=False)
    acting: User | None = None  # who fills the form in; set on the class that the admin makes

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        default = AccessSettings.get_solo().default_role
        everybody = ("", f"Default ({default}), as for everybody without another role")
        field = cast(forms.ChoiceField, self.fields["role"])
        field.choices = [everybody, *ROLE_WORDS.items()]
        field.help_text = what_decides()
        field.initial = own_role(self.instance) if self.instance.pk else ""

    def clean_role(self) -> str:
        role: str = self.cleaned_data["role"]
        if self.is_own and own_role(self.instance) == "admin" and role != "admin":
            raise forms.ValidationError(OWN_ROLE_KEPT)
        return role

    def clean_is_active(self) -> bool:
        is_active: bool = self.cleaned_data["is_active"]
        if self.is_own and not is_active:
            raise forms.ValidationError(OWN_LOGIN_KEPT)
        return is_active

    @property
    def is_own(self) -> bool:
        return self.acting is not None and self.instance.pk == self.acting.pk


class PersonForm(RoleForm, UserChangeForm):
    pass


class LocalPersonForm(RoleForm, UserCreationForm):
    """Somebody who signs in here, with a password."""


class ProviderPersonForm(RoleForm):
    """Somebody who signs in with the provider, found there by their address."""

    email = forms.EmailField(help_text="As reported by the sign-in provider.", max_length=150)

    def clean_email(self) -> str:
        email = clean_address(self.cleaned_data["email"])
        if not email:
            raise forms.ValidationError("This is not an e-mail address.")
        if User.objects.filter(username=email).exists() or User.objects.filter(email=email).exists():
            raise forms.ValidationError("A person with this address already exists.")
        return email

    def save(self, commit: bool = True) -> User:
        self.instance.username = self.cleaned_data["email"]
        self.instance.set_unusable_password()
        user: User = super().save(commit)
        return user


class RoleFilter(admin.SimpleListFilter):
    title, parameter_name = "role chosen here", "role"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        return [(name, words.partition(":")[0]) for name, words in ROLE_WORDS.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> QuerySet[User]:
        return queryset.filter(groups__name=self.value()) if self.value() in GROUP_NAMES else queryset


@admin.register(User)
class LoginAdmin(CarefulList, SuperusersOnly, UserAdmin):
    """Who signs in. Whoever may change logins may become anybody, so it is for superusers alone."""

    form, add_form_template = PersonForm, None
    filter_horizontal = ()
    list_display = ("username", "email", "full_name", "role_now", "is_active", "last_login")
    list_filter = ("is_active", RoleFilter)
    readonly_fields = ("role_now", "last_login", "date_joined")
    actions = ("remove_code",)
    when_deleted = (
        "They are signed out and lose the role chosen here. The audit log keeps what they did. With single "
        "sign-on they can come back as long as the lists under Access admit them: to lock somebody out, "
        "uncheck Active instead."
    )
    list_per_page = 50

    def get_list_display(self, request: HttpRequest) -> Any:
        """With the one-time code where people sign in here: a provider asks for its own second factor."""
        shown = super().get_list_display(request)
        return shown if settings.AUTH_ENABLED else [*shown, "one_time_code"]

    @admin.display(description="one-time code")
    def one_time_code(self, user: User) -> str:
        return "on" if has_code(user) else "off"

    def get_actions(self, request: HttpRequest) -> Any:
        actions = super().get_actions(request)
        if settings.AUTH_ENABLED:
            actions.pop("remove_code", None)
        return actions

    @admin.action(description="Remove the one-time code (lost phone)", permissions=["change"])
    def remove_code(self, request: AccessRequest, people: QuerySet[User]) -> None:
        """Let them sign in with the password alone, so that they can set up a new code.

        One's own is turned off on its own page, which asks for the password.
        """
        others = [person for person in people if person != request.user]
        names = [str(user) for user in others if remove_codes(user)]
        if names:
            request.audit_detail = "; ".join(f"deleted the one-time code of “{name}”" for name in names)
            self.message_user(request, f"{', '.join(names)}: the password alone is enough now.")
        if len(others) < len(people):
            self.message_user(request, OWN_CODE_KEPT, messages.WARNING)
        elif not names:
            self.message_user(request, "None of them has a one-time code.", messages.WARNING)

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return super().has_delete_permission(request, obj) and obj != request.user

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Without the rows that join people to their role, which have no name."""
        listed, *others = super().get_deleted_objects(objs, request)
        join = f"{capfirst(User.groups.through._meta.verbose_name)}:"
        parts = (
            [row for row in part if not str(row).startswith(join)] if isinstance(part, list) else part
            for part in listed
        )
        return [part for part in parts if part], *others

    @admin.display(description="name")
    def full_name(self, user: User) -> str:
        return user.get_full_name()

    @admin.display(description="role in effect")
    def role_now(self, user: User) -> str:
        asking = cast(AccessRequest, current_request())
        role = role_of(user, asking.access.policy)
        return ROLE_WORDS[role.name.lower()].partition(":")[0] if role is not Role.NOBODY else "none"

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return super().get_queryset(request).prefetch_related("groups", CODES)

    def get_form(
        self, request: HttpRequest, obj: User | None = None, change: bool = False, **options: Any
    ) -> type[forms.ModelForm]:
        if obj is None:
            options["form"] = ProviderPersonForm if settings.AUTH_ENABLED else LocalPersonForm
        form = super().get_form(request, obj, change=change, **options)
        return type(form.__name__, (form,), {"acting": request.user})

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        sign_in = ("email",) if settings.AUTH_ENABLED else ("username", "password1", "password2")
        if obj is None:
            return (("Sign-in", {"fields": sign_in}), ("Role", {"fields": ("role",)}))
        identity = ("username",) if settings.AUTH_ENABLED else ("username", "password")
        return (
            ("Sign-in", {"fields": (*identity, "is_active")}),
            ("Who", {"fields": ("first_name", "last_name", "email")}),
            ("Role", {"fields": ("role", "role_now")}),
            ("Dates", {"fields": ("last_login", "date_joined")}),
        )

    def save_model(self, request: HttpRequest, obj: User, form: forms.ModelForm, change: bool) -> None:
        earlier = own_role(obj) if change else ""
        super().save_model(request, obj, form, change)
        if "role" in form.changed_data:
            role = form.cleaned_data["role"]
            give_role(obj, role)
            if form.changed_data == ["role"]:
                words = f"from {earlier or 'default'} to {role or 'default'}"
                note_change(request, f"changed the role of “{obj}” {words}")
