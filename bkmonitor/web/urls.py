"""The addresses of the pages."""

from django.urls import include, path

from bkmonitor.web.views import (
    alerts,
    home,
    installation,
    overview,
    profile,
    session,
    setup,
    system,
    welcome,
)

SPACE = "s/<slug:slug>/"

urlpatterns = [
    path("", home.home, name="home"),
    path("login/", session.log_in, name="login"),
    path("logout/", session.log_out, name="logout"),
    path("language/", profile.choose_language, name="language"),
    path("theme/", profile.choose_theme, name="theme"),
    path("welcome/<str:uid>/<str:token>/", welcome.welcome, name="welcome"),
    path("profile/", profile.profile, name="profile"),
    path("profile/password/", profile.change_password, name="password"),
    path("setup/address/", setup.address, name="setup_address"),
    path("setup/receiver/", setup.receiver, name="setup_receiver"),
    path("setup/receiver/<int:pk>/", setup.confirm, name="setup_confirm"),
    path("setup/receiver/<int:pk>/again/", setup.send_again, name="setup_again"),
    path("setup/probe/", setup.probe, name="setup_probe"),
    path("setup/finish/", setup.finish, name="setup_finish"),
    path("setup/<str:secret>/", setup.begin, name="setup"),
    path(SPACE, overview.overview, name="overview"),
    path(SPACE + "ingest/", overview.ingest, name="ingest"),
    path(SPACE + "system/", system.system, name="system"),
    path(SPACE + "system/installation/", installation.edit, name="installation"),
    path(SPACE + "alerts/", alerts.alert_list, name="alerts"),
    path(SPACE + "alerts/<int:pk>/", alerts.alert_detail, name="alert"),
    path(SPACE + "alerts/<int:pk>/chart/", alerts.chart, name="alert_chart"),
    path(
        SPACE + "alerts/<int:pk>/acknowledge/",
        alerts.acknowledge,
        name="alert_acknowledge",
    ),
    path(
        SPACE + "alerts/<int:pk>/unacknowledge/",
        alerts.unacknowledge,
        name="alert_unacknowledge",
    ),
    path(SPACE + "alerts/<int:pk>/comment/", alerts.comment, name="alert_comment"),
    path(SPACE, include("bkmonitor.web.configuration_urls")),
]
