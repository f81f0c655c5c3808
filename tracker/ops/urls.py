from django.urls import path

from tracker.ops import views

urlpatterns = [path("metrics", views.metrics, name="metrics")]
