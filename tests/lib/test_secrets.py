import pytest

from bkmonitor.lib.errors import InvalidInput
from bkmonitor.lib.secrets import Vault, derive


def test_what_was_sealed_opens_and_is_not_readable_before():
    vault = Vault(["k" * 32])

    sealed = vault.seal("hunter2")

    assert "hunter2" not in sealed
    assert vault.open(sealed) == "hunter2"


def test_a_former_key_still_opens_and_reseals_under_the_new_one():
    old = Vault(["old" * 12]).seal("hunter2")

    renewed = Vault(["new" * 12, "old" * 12]).reseal(old)

    assert Vault(["new" * 12]).open(renewed) == "hunter2"


def test_a_wrong_key_says_so():
    with pytest.raises(InvalidInput, match="another key"):
        Vault(["b" * 32]).open(Vault(["a" * 32]).seal("x"))


def test_one_key_gives_another_secret_for_each_purpose():
    assert derive("k" * 32, "scrape") != derive("k" * 32, "secrets at rest")
