"""The Test Anything Protocol, as meson reads it: one line for each thing that was checked."""

import sys


class NotHere(Exception):
    """This machine lacks what the case is about."""


class Tap:
    def __init__(self):
        self.count = 0
        self.failures = 0

    def passed(self, name):
        self.count += 1
        print(f"ok {self.count} - {name}", flush=True)

    def failed(self, name, findings=()):
        self.count += 1
        self.failures += 1
        print(f"not ok {self.count} - {name}")
        for finding in findings:
            print(f"# {finding}")
        sys.stdout.flush()

    def skipped(self, name, reason):
        self.count += 1
        print(f"ok {self.count} - {name} # SKIP {reason}", flush=True)

    def result(self, name, findings):
        """One check: it passed where it found nothing."""
        if findings:
            self.failed(name, findings)
        else:
            self.passed(name)

    def finish(self):
        """Prints the plan and ends the program."""
        print(f"1..{self.count}")
        sys.exit(1 if self.failures else 0)


def run_cases(cases, names, around):
    """Functions as cases, each with what a fresh `around()` gives it; of these names only, if there
    are any. Ends the program."""
    report = Tap()
    for case in cases:
        if names and case.__name__ not in names:
            continue
        try:
            with around() as given:
                case(given)
            report.passed(case.__name__)
        except NotHere as missing:
            report.skipped(case.__name__, missing)
        except Exception as failure:  # the next case has its turn
            report.failed(case.__name__, [f"{type(failure).__name__}: {failure}"])
    report.finish()
