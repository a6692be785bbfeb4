"""Reads the logs that `meson test` writes: single test cases out of googletest's and TAP's output."""

import collections
import json
import pathlib
import re
import signal
import sys

LAST_RUN = pathlib.Path(__file__).resolve().parents[1] / "build/meson-logs/testlog.json"
Case = collections.namedtuple("Case", "name outcome text")  # passed, failed or skipped
GTEST_MARK = re.compile(r"\[( RUN      |       OK |  FAILED  |  SKIPPED | DISABLED )\] (\S+?)(?:,|$| )")
TAP_LINE = re.compile(r"^(not )?ok\b\s*\d*\s*(?:- )?(.*?)(?:\s*#\s*(skip|todo)\S*\s*(.*))?$", re.I)
KEPT_LINES = 40  # of the output of a test that failed


def gtest_cases(entry):
    """The cases of a googletest program; one that began and did not end failed."""
    cases = []
    running, text = None, []
    for line in entry["stdout"].split("\n"):
        if line.startswith("[----------] Global test environment tear-down"):
            break  # what follows repeats the failures
        match = GTEST_MARK.search(line)
        if not match:
            text.append(line)
            continue
        mark, name = match.group(1).strip(), match.group(2)
        if mark == "RUN":
            running, text = name, []
        elif mark == "DISABLED":
            cases.append(Case(name, "skipped", ["disabled in the source"]))
        elif name == running:
            text.append(line[: match.start()])
            outcome = {"OK": "passed", "FAILED": "failed", "SKIPPED": "skipped"}[mark]
            if outcome == "skipped":  # FILE:LINE: Skipped, then the reason
                text = [l for l in text if l.strip() and not l.endswith(": Skipped")]
            cases.append(Case(name, outcome, text))
            running, text = None, []
    if running:
        text += entry.get("stderr", "").split("\n")
        cases.append(Case(running, "failed", text + [f"the program {end_of(entry)} here"]))
    return cases


def tap_cases(output):
    cases = []
    for line in output.split("\n"):
        match = TAP_LINE.match(line)
        if match:
            failed, name, directive, reason = match.groups()
            if directive and directive.lower() == "skip":
                cases.append(Case(name, "skipped", [reason]))
            else:
                cases.append(Case(name, "failed" if failed else "passed", []))
        elif re.match(r"1\.\.0\s*#\s*skip", line, re.I):
            cases.append(Case("all of it", "skipped", [line.split("#", 1)[1].strip()[4:].strip()]))
        elif cases and line.startswith("#"):
            cases[-1].text.append(line[1:].strip())
    return cases


def end_of(entry):
    """How a program ended, in words."""
    code = entry.get("returncode", 0)
    if entry["result"] == "TIMEOUT":
        return f"timed out after {entry['duration']:.0f} s"
    if code < 0:
        return f"was killed by {signal.Signals(-code).name}"
    return f"ended with exit code {code}"


def last_lines(entry):
    output = (entry.get("stdout", "") + "\n" + entry.get("stderr", "")).strip().split("\n")
    return output[-KEPT_LINES:]


def cases_of(entry):
    """All cases of one program, with one more for an end that no case accounts for."""
    output = entry.get("stdout", "")
    succeeded = entry["result"] in ("OK", "EXPECTEDFAIL")
    if "[==========]" in output:
        cases = gtest_cases(entry)
    elif re.search(r"^(not )?ok\b|^1\.\.\d", output, re.M):
        cases = tap_cases(output)
    elif entry["result"] == "SKIP":
        return [Case("all of it", "skipped", last_lines(entry))]
    elif succeeded:
        return [Case("all of it", "passed", [])]
    else:
        cases = []
    explained = any(case.outcome == "failed" for case in cases)
    if entry["result"] == "TIMEOUT" or entry.get("returncode", 0) < 0:
        explained = cases and cases[-1].text[-1:] == [f"the program {end_of(entry)} here"]
    if not cases and succeeded:
        cases.append(Case("all of it", "failed", ["no test case was run"]))
    elif not explained and not succeeded and entry["result"] != "SKIP":
        cases.append(Case("its end", "failed", [f"it {end_of(entry)}"] + last_lines(entry)))
    return cases


def read_logs(logs):
    """(label, program, entry) for each test program in each log."""
    for log in logs:
        label, _, path = log.rpartition("=")
        try:
            with open(path) as stream:
                for line in stream:
                    entry = json.loads(line)
                    name = entry["name"].removeprefix("gocker:")
                    yield label, name, entry
        except FileNotFoundError:
            name = "meson test"
            entry = {"result": "ERROR", "returncode": 1, "stdout": f"there is no {path}"}
            yield label, name, entry


def suites_of(program):
    """{"source", "tidy"} of "source+tidy / clang-tidy"."""
    return set(program.split(" / ")[0].split("+"))


def add_named_run(run):
    """Adds to `run` what the log that the command line names, or that of the last run, has; its path."""
    log = sys.argv[1] if len(sys.argv) > 1 else LAST_RUN
    for _, program, entry in read_logs([f"={log}"]):
        run.add(suites_of(program), cases_of(entry))
    return log
