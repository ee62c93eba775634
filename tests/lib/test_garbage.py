import gc

import pytest

from bkmonitor.lib.garbage import collected_later


def test_the_search_is_off_inside_and_on_again_after_an_error():
    with pytest.raises(ZeroDivisionError), collected_later():
        assert not gc.isenabled()
        _ = 1 / 0

    assert gc.isenabled()


def test_inside_another_it_stays_off():
    with collected_later():
        with collected_later():
            pass
        assert not gc.isenabled()


def test_it_comes_back_when_the_last_of_several_threads_is_done():
    first, second = collected_later(), collected_later()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert not gc.isenabled()
    second.__exit__(None, None, None)

    assert gc.isenabled()
