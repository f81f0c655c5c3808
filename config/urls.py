from django.contrib import admin
from django.urls import include, path

from tracker.api.api import api

admin.autodiscover()
urlpatterns = [
    path("", include("tracker.ops.urls")),
    path("", include("tracker.access.urls")),  # before the admin, whose sign-in it answers
    path("api/", api.urls),
    path("admin/", admin.site.urls),
    path("", include("tracker.urls")),
]

handler400 = "tracker.views.errors.bad_request"
handler404 = "tracker.views.errors.not_found"
handler500 = "tracker.views.errors.server_error"
