#!/usr/bin/env python3
"""What the commands that run a program end with: its own exit code, or why there is none.

    tests/wrapper/exit_codes_test.py GOCKER_RUNTIME GOCKER_IMAGE [NAME...]

127 where there is no such program, 126 where it cannot be executed, 125 where gocker failed.
"""

import fixture
from fixture import contains, equal, test, wait_until

# A script without an interpreter line is no program to the kernel.
MAKE_FILES = "echo exit 3 > /tmp/plain; chmod +x /tmp/plain; " \
             "printf '#!/no/such\nexit 3\n' > /tmp/orphan; chmod +x /tmp/orphan; touch /tmp/ready; sleep 100"
ABSENT = (("nosuch", "not found"), ("/no/such", "no such file"))
NOT_EXECUTABLE = (("/etc/passwd", "permission denied"), ("/etc", "is a directory"))
IN_RUNNING = ((127, ABSENT), (126, NOT_EXECUTABLE), (126, [("/tmp/plain", "exec format error")]),
              (127, [("/tmp/orphan", "no such file")]))
WAYS_TO_RUN = (["run", "--rm"], ["run"], ["run", "-d"])


@test
def run_tells_a_program_that_cannot_be_executed_by_its_exit_code(gocker, image):
    for way in WAYS_TO_RUN:
        for code, programs in ((127, ABSENT), (126, NOT_EXECUTABLE)):
            for program, reason in programs:
                contains(gocker.fails(*way, image, program, code=code), f'exec: "{program}": ')
                contains(gocker.fails(*way, image, program, code=code), reason)
    gocker.check_clean()


@test
def run_ends_with_125_where_gocker_fails(gocker, image):
    for way in WAYS_TO_RUN:
        contains(gocker.fails(*way, "--nope", image, "true", code=125), "--nope")
        contains(gocker.fails(*way, "-w", "/etc/passwd", image, "true", code=125), "/etc/passwd")
        contains(gocker.fails(*way, "-v", "/no/such:/data", image, "true", code=125), "/no/such")
        # The runtime's own failure, on the way to the program.
        contains(gocker.fails(*way, "--sysctl", "kernel.nope=1", image, "true", code=125), "nope")
    gocker.check_clean()


@test
def a_programs_own_exit_code_is_taken_for_nothing_else(gocker, image):
    for code in (1, 125, 126, 127, 255):
        for way in WAYS_TO_RUN[:2]:
            out, err = gocker(*way, image, "sh", "-c", f"exit {code}", code=code)
            equal((out, err), ("", ""))
    gocker.remove_everything()


@test
def start_attached_ends_like_run(gocker, image):
    gocker("create", "--name", "absent", image, "nosuch")
    contains(gocker.fails("start", "-a", "absent", code=127), '"nosuch": executable file not found')
    contains(gocker.fails("start", "absent"), '"nosuch": executable file not found')
    equal(gocker.status("absent"), "created")
    gocker("create", "--name", "folder", image, "/etc")
    contains(gocker.fails("start", "-a", "folder", code=126), "is a directory")
    contains(gocker.fails("start", "-a", "nobody", code=125), "no container 'nobody'")
    gocker("create", "--name", "seven", image, "sh", "-c", "exit 7")
    gocker("start", "-a", "seven", code=7)
    gocker("rm", "absent", "folder", "seven")
    gocker.check_clean()


@test
def exec_ends_like_run(gocker, image):
    gocker("run", "-d", "--name", "box", image, "sh", "-c", MAKE_FILES)
    wait_until(lambda: "ready" in gocker("exec", "box", "ls", "/tmp")[0], "the files")
    for code, programs in IN_RUNNING:
        for program, reason in programs:
            contains(gocker.fails("exec", "box", program, code=code), reason)
            contains(gocker.fails("exec", "-d", "box", program, code=code), reason)
    contains(gocker.fails("exec", "-w", "/no/such", "box", "true", code=125), "/no/such")
    contains(gocker.fails("exec", "-u", "nobody-here", "box", "true", code=125), "nobody-here")
    contains(gocker.fails("exec", "nobody", "true", code=125), "no container 'nobody'")
    for code in (1, 125, 127, 255):
        equal(gocker("exec", "box", "sh", "-c", f"exit {code}", code=code), ("", ""))
    gocker("rm", "-f", "box")
    gocker.check_clean()


fixture.main()
