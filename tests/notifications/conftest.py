import subprocess
import sys
from pathlib import Path

import pytest
from django.utils import translation
from django.utils.translation import trans_real

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(scope="session")
def catalogue():
    """Have the translations compiled as they are now."""
    program = [sys.executable, ROOT / "bin" / "translations", "compile"]
    subprocess.run(program, check=True, timeout=60)
    trans_real._translations.clear()


@pytest.fixture
def chinese(catalogue):
    """Read everything in Chinese."""
    with translation.override("zh-hans"):
        yield
