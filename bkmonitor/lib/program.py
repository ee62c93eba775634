"""Work that runs in a process of its own, with a deadline and without our secrets."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from bkmonitor.lib.errors import UpstreamUnavailable

ROOT = Path(__file__).resolve().parent.parent.parent
# What a program needs to find itself and the network; no variable of the service,
# since those hold keys and passwords.
INHERITED = (
    *("PATH", "LANG", "LC_ALL", "TZ", "TMPDIR", "LD_LIBRARY_PATH"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"),
)
# One array does not need every core, and each of its threads costs memory.
QUIET = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


def run(
    module: str,
    given: bytes,
    *,
    timeout_s: float,
    environ: Mapping[str, str] | None = None,
) -> bytes:
    """Run `python -m module` with `given` on its input and return its output.

    Errors  UpstreamUnavailable when it fails or is not done in time; the last
            line of what it complained about is the reason.
    """
    inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
    try:
        done = subprocess.run(
            [sys.executable, "-m", module],
            input=given,
            capture_output=True,
            timeout=timeout_s,
            cwd=ROOT,
            env={**inherited, **QUIET, **(environ or {})},
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise UpstreamUnavailable(
            f"{module} was not done in {timeout_s:g} s"
        ) from error
    if done.returncode:
        complaint = done.stderr.decode(errors="replace").strip().splitlines()
        last = complaint[-1] if complaint else "it said nothing"
        raise UpstreamUnavailable(f"{module} ended with {done.returncode}: {last}")
    return done.stdout
