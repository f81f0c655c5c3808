import pytest
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import path

from config.urls import urlpatterns as real_patterns
from tracker.access.guard import responder, viewer
from tracker.models import AuditEntry

pytestmark = pytest.mark.django_db


@viewer
def export(request):
    return HttpResponse("a,b", headers={"Content-Disposition": 'attachment; filename="members.csv"'})


@responder
def change(request):
    request.audit_detail = "name"
    return redirect("/")


@responder
def form_with_errors(request):
    return HttpResponse("<form>", content_type="text/html")


@responder
def refuse(request):
    return JsonResponse({}, status=400)


urlpatterns = [
    *real_patterns,
    path("export/", export),
    path("change/", change),
    path("form/", form_with_errors),
    path("refuse/", refuse),
]


@pytest.fixture
def ann(sign_in, settings):
    settings.ROOT_URLCONF = __name__
    client = sign_in("responder", "ann@company.com")
    AuditEntry.objects.all().delete()
    return client


def entries():
    return list(AuditEntry.objects.values_list("action", "actor_name", "target", "detail", "address"))


def test_an_export_is_written_down(ann):
    ann.get("/export/")
    assert entries() == [("export", "ann@company.com", "GET /export/", "", "127.0.0.1")]


def test_a_change_is_written_down_with_what_the_view_says(ann):
    ann.post("/change/")
    assert entries() == [("change", "ann@company.com", "POST /change/", "name", "127.0.0.1")]


@pytest.mark.parametrize(("method", "url"), [("get", "/"), ("post", "/form/"), ("post", "/refuse/")])
def test_looks_previews_and_failures_are_not_changes(ann, method, url):
    getattr(ann, method)(url)
    assert entries() == []


@pytest.mark.parametrize("port", ["", ":52100"])
def test_the_address_is_the_one_that_a_trusted_proxy_added(ann, settings, port):
    headers = {"x-forwarded-for": f"6.6.6.6, 203.0.113.9{port}"}
    ann.get("/export/", headers=headers)
    settings.AUTH_TRUST_HOST = True
    ann.get("/export/", headers=headers)
    ann.get("/export/", headers={"x-forwarded-for": f"6.6.6.6, [2001:db8::9]{port}"})
    assert [entry[-1] for entry in entries()] == ["2001:db8::9", "203.0.113.9", "127.0.0.1"]


def test_a_change_in_the_admin_is_written_down(sign_in):
    admin = sign_in("admin")
    AuditEntry.objects.all().delete()
    changed = {"default_role": "viewer", "viewers_see": "pseudonyms", "smallest_group": "5"}
    admin.post("/admin/tracker/accesssettings/", changed)
    assert [entry[:3] for entry in entries()] == [
        ("change", "admin@company.com", "POST /admin/tracker/accesssettings/")
    ]


def test_nobody_changes_the_audit_log(sign_in):
    admin = sign_in("admin")
    entry = AuditEntry.objects.first()
    url = f"/admin/tracker/auditentry/{entry.pk}"
    assert admin.get("/admin/tracker/auditentry/").status_code == 200
    assert admin.get("/admin/tracker/auditentry/add/").status_code == 403
    assert admin.post(f"{url}/change/", {"actor_name": "x"}).status_code == 403
    assert admin.post(f"{url}/delete/", {"post": "yes"}).status_code == 403
