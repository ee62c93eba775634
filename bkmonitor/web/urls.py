"""The addresses of the pages."""

from django.urls import path

from bkmonitor.web.views import home, overview, profile, session

SPACE = "s/<slug:slug>/"

urlpatterns = [
    path("", home.home, name="home"),
    path("login/", session.log_in, name="login"),
    path("logout/", session.log_out, name="logout"),
    path("language/", profile.choose_language, name="language"),
    path("theme/", profile.choose_theme, name="theme"),
    path("profile/", profile.profile, name="profile"),
    path("profile/password/", profile.change_password, name="password"),
    path(SPACE, overview.overview, name="overview"),
]
