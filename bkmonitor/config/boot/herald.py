"""Say when the standalone role is ready, where, and how to begin."""

import os
import subprocess
import sys
import time
from pathlib import Path

from bkmonitor.config.variables import load

HOME = Path(__file__).resolve().parent.parent.parent.parent
MANAGE = HOME / "manage.py"
HEALTHCHECK = HOME / "bin" / "healthcheck"
PATIENCE_S = 120


def main() -> int:
    """Wait until the service is ready, then print its address and the set-up link."""
    values = load(os.environ)
    host, _, port = values["BKM_LISTEN"].rpartition(":")
    if not _wait():
        sys.stdout.write(f"bkmonitor is not ready after {PATIENCE_S} s; see above\n")
        return 1
    shown = "127.0.0.1" if host in ("0.0.0.0", "[::]") else host  # noqa: S104
    address = values["BKM_PUBLIC_URL"].rstrip("/") or f"http://{shown}:{port}"
    link = _setup_link()
    lines = [f"bkmonitor is ready: {address}/"]
    if link:
        lines += ["", "Nobody has an account yet. Begin here, once:", f"  {link}"]
    if not values["BKM_VM_WRITE_URL"]:
        lines += ["", "Metrics are off: there is no victoria-metrics on the path."]
    rule = "-" * max(map(len, lines))
    sys.stdout.write("\n".join(["", rule, *lines, rule, ""]) + "\n")
    return 0


def _wait() -> bool:
    """Return whether every program of the role came to life in time."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        asked = subprocess.run(
            [str(HEALTHCHECK), "--ready"], capture_output=True, check=False
        )
        if asked.returncode == 0:
            return True
        time.sleep(0.3)
    return False


def _setup_link() -> str:
    """Return the one-time link; nothing when there are users."""
    done = subprocess.run(
        [sys.executable, str(MANAGE), "setup_link"],
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode and "there are users already" not in done.stderr:
        sys.stdout.write(done.stderr)
    return done.stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
