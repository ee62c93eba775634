from bkmonitor.notifications.redaction import parts_of, redact


def test_a_secret_that_is_repeated_is_not_kept():
    told = redact("no hook s3cret-token here", {"s3cret-token", "", "no"})

    assert told == "no hook … here"


def test_of_two_secrets_the_longer_goes_first():
    assert redact("abcdefgh", ["abcdef", "abcdefgh"]) == "…"


def test_the_parts_of_a_url_are_found_as_they_are_and_decoded():
    parts = parts_of("slack://T1JJ3T3L2/p%3Ass%2Fword?token=abc%20def")

    assert {"T1JJ3T3L2", "p%3Ass%2Fword", "p:ss/word", "abc def"} <= parts
