"""What tests in Python wait for and compare; each raises AssertionError with what it saw."""

import time


def wait_until(condition, what, seconds=20):
    """The first true value of condition()."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"{what}: not within {seconds} s")


def counted(read, seconds=20):
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
