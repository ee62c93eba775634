"""Processes that replace each other take the same numbers."""

import subprocess
import sys

from bkmonitor.lib.slots import slot_name
from tests.servers import ROOT

PROGRAM = """
import sys
from bkmonitor.lib.slots import slot_name
print(slot_name(sys.argv[1]), flush=True)
sys.stdin.read()
"""


def begin(folder):
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(folder)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    return process, process.stdout.readline().strip()


def end(process):
    process.kill()
    process.communicate()


def test_the_number_of_a_process_that_was_killed_is_free_again(tmp_path):
    first, first_name = begin(tmp_path)
    second, second_name = begin(tmp_path)
    end(first)
    third, third_name = begin(tmp_path)
    end(second)
    end(third)

    assert (first_name, second_name, third_name) == ("slot-0", "slot-1", "slot-0")


def test_a_process_keeps_its_number(tmp_path):
    assert slot_name(str(tmp_path)) == slot_name(str(tmp_path))
