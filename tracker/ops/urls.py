from django.urls import path

from tracker.ops import probes, views

urlpatterns = [
    path("healthz", probes.healthz, name="healthz"),
    path("healthz/live", probes.live, name="healthz-live"),
    path("healthz/ready", probes.ready, name="healthz-ready"),
    path("healthz/fresh", probes.fresh, name="healthz-fresh"),
    path("metrics", views.metrics, name="metrics"),
]
