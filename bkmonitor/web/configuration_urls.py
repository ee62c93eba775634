"""The addresses of what people set up, below a space."""

from django.urls import path

from bkmonitor.web.views import members, receivers, strategies, targets, tokens

urlpatterns = [
    path("members/", members.member_list, name="members"),
    path("members/new/", members.member_add, name="member_new"),
    path("members/<int:pk>/role/", members.member_role, name="member_role"),
    path(
        "members/<int:pk>/invitation/",
        members.member_invitation,
        name="member_invitation",
    ),
    path("members/<int:pk>/remove/", members.member_remove, name="member_remove"),
    path("receivers/", receivers.receiver_list, name="receivers"),
    path("receivers/new/", receivers.receiver_edit, name="receiver_new"),
    path("receivers/<int:pk>/", receivers.receiver_detail, name="receiver"),
    path("receivers/<int:pk>/edit/", receivers.receiver_edit, name="receiver_edit"),
    path("receivers/<int:pk>/test/", receivers.receiver_test, name="receiver_test"),
    path(
        "receivers/<int:pk>/confirm/",
        receivers.receiver_confirm,
        name="receiver_confirm",
    ),
    path(
        "receivers/<int:pk>/remove/",
        receivers.receiver_remove,
        name="receiver_remove",
    ),
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
    path("targets/", targets.target_list, name="targets"),
    path("targets/new/", targets.target_edit, name="target_new"),
    path("targets/<int:pk>/", targets.target_edit, name="target_edit"),
    path("targets/<int:pk>/remove/", targets.target_remove, name="target_remove"),
    path("tokens/", tokens.token_list, name="tokens"),
    path("tokens/new/", tokens.token_new, name="token_new"),
    path("tokens/<int:pk>/revoke/", tokens.token_revoke, name="token_revoke"),
]
