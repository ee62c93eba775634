import pytest

from bkmonitor.lib.origin import same_origin


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://a.example/x", "https://a.example/y?z=1#w"),
        ("https://a.example", "https://A.example:443/"),
        ("http://a.example:80/", "http://a.example"),
        ("http://[::1]:9100/a", "http://[::1]:9100/b"),
    ],
)
def test_paths_spelling_and_the_usual_port_make_no_other_server(one, other):
    assert same_origin(one, other)


@pytest.mark.parametrize(
    "other",
    [
        "http://a.example/",
        "https://b.example/",
        "https://a.example:8443/",
        "https://a.example.evil.example/",
        "https://a.example@evil.example/",
        "https://evil.example@a.example/",
        "https://evil.example\\@a.example/",
        "https://a.example:80/",
        "https://[a.example/",
        "a.example",
        "",
    ],
)
def test_another_scheme_host_or_port_is_another_server(other):
    assert not same_origin("https://a.example/", other)


def test_what_cannot_be_read_is_only_itself():
    assert same_origin("https://[a/", "https://[a/")
