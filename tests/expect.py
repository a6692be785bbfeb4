"""What tests in Python wait for and compare; each raises AssertionError with what it saw."""

import errno
import os
import time


def wait_until(condition, what, seconds=60):
    """The first true value of condition(). The time is for a machine that is busy with something else."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {seconds} s")
        time.sleep(0.02)
    return value


def wait_for_rest(read, what, pause=0.5):
    """The value of read() once it no longer changes: what was written before is still on its way to where
    it is read, through pipes and the programs at their ends."""
    seen = [read()]

    def rests():
        time.sleep(pause)
        seen.append(read())
        return seen[-1] == seen[-2]

    wait_until(rests, f"{what} that no longer changes")
    return seen[-1]


def remove_group(folder):
    """Removes a control group that is about to be empty: the kernel counts a process a moment longer than
    it can be seen."""
    def removed():
        try:
            os.rmdir(folder)
        except FileNotFoundError:
            return True
        except OSError as error:
            if error.errno != errno.EBUSY:
                raise
            return False
        return True

    wait_until(removed, f"the removal of {folder}")


def counted(read, seconds=60):
    """What a shell counts in a file, which read() reads; 0 where that raises FileNotFoundError. The
    shell empties the file before it writes the next number."""
    try:
        return int(wait_until(lambda: read().strip(), "the next number", seconds))
    except FileNotFoundError:
        return 0


def equal(actual, expected, what=""):
    if actual != expected:
        raise AssertionError(f"{what}: expected {expected!r}, got {actual!r}")


def contains(text, *parts):
    for part in parts:
        if part not in text:
            raise AssertionError(f"{part!r} is not in {text!r}")
