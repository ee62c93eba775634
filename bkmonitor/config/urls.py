"""Which door stands where."""

from django.urls import URLPattern, URLResolver, include, path

from bkmonitor.web.admin import site

urlpatterns: list[URLPattern | URLResolver] = [
    path("admin/", site.urls),
    path("api/v1/", include("bkmonitor.api.urls")),
    path("", include("bkmonitor.web.urls")),
]
handler403 = "bkmonitor.web.views.errors.forbidden"
handler404 = "bkmonitor.web.views.errors.not_found"
handler500 = "bkmonitor.web.views.errors.broken"
