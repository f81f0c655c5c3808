from django.urls import path

from tracker.views.overview import overview

urlpatterns = [
    path("", overview, name="overview"),
]
