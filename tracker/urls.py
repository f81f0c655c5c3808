from django.urls import path

from tracker.views.member import member
from tracker.views.overview import overview

urlpatterns = [
    path("", overview, name="overview"),
    path("users/<str:email>", member, name="member"),
]
