"""The addresses of what people set up, below a space."""

from django.urls import path

from bkmonitor.web.views import strategies

urlpatterns = [
    path("strategies/", strategies.strategy_list, name="strategies"),
    path("strategies/new/", strategies.strategy_edit, name="strategy_new"),
    path("strategies/preview/", strategies.strategy_preview, name="strategy_preview"),
    path("strategies/<int:pk>/", strategies.strategy_detail, name="strategy"),
    path("strategies/<int:pk>/edit/", strategies.strategy_edit, name="strategy_edit"),
    path(
        "strategies/<int:pk>/series/",
        strategies.strategy_series,
        name="strategy_series",
    ),
    path(
        "strategies/<int:pk>/switch/",
        strategies.strategy_switch,
        name="strategy_switch",
    ),
    path(
        "strategies/<int:pk>/remove/",
        strategies.strategy_remove,
        name="strategy_remove",
    ),
]
