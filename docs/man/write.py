#!/usr/bin/env python3
"""Writes a manual page from what a program says of itself (--help) and the texts below.

    docs/man/write.py PAGE RUNTIME IMAGETOOL WRAPPER

PAGE is gocker-runtime.8, gocker-image.8 or gocker.1; the others are the three programs. The build
calls this, so that the pages are always those of the programs.
"""

import pathlib
import re
import subprocess
import sys
import tempfile
import textwrap

OPTION = re.compile(r"^ +(?:(-\w), )?(--[a-z0-9-]+)(?: (\S+))?(?:  +(.*))?$")
COMMAND = re.compile(r"^  ([a-zA-Z]+(?: [a-z]+)?)  +(\S.*)$")

RUNTIME_FILES = {
    "/run/gocker-runtime": "the state of root's containers; other users': $XDG_RUNTIME_DIR/gocker-runtime",
    "/etc/criu/gocker-runtime.conf": "options for CRIU",
}
RUNTIME_ENVIRONMENT = {
    "LISTEN_FDS, LISTEN_PID, LISTEN_FDNAMES": "sockets that go on to the container (sd_listen_fds(3))",
    "NOTIFY_SOCKET": "where readiness of the container goes (sd_notify(3))",
    "PATH": "where criu is looked for",
    "TRACEPARENT": "goes into the trace of --trace",
    "XDG_RUNTIME_DIR": "see FILES",
}
STORE_FILES = {
    "/var/lib/gocker": "images, containers and volumes",
    "/run/gocker": "what does not outlive a reboot",
}
STORE_ENVIRONMENT = {"GOCKER_ROOT": "in place of /var/lib/gocker", "GOCKER_RUN": "in place of /run/gocker"}
EXIT_OF_RUNTIME = ("0, or 1 for a failure of any kind (255 of exec), with one line on standard error. "
                   "run, exec and restore in the foreground: the program's own, or 128 + the signal "
                   "that ended it.")
EXIT_OF_WRAPPER = ("That of the container's program for run and exec, with 125 to 127 where there was "
                   "none; 0 for success and 1 for a failure of the others; 2 for a wrong command line.")


def called(*words):
    done = subprocess.run(words, capture_output=True, text=True, timeout=60,
                          env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/nonexistent"})
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, words))}: {done.stderr}")
    return done.stdout


def plain(text):
    """Text that troff takes as it stands."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return re.sub(r"^([.'])", r"\\&\1", text, flags=re.M)


def options_of(lines):
    """[(spellings, value, text)]; a line that goes on is indented as the texts are."""
    found = []
    for line in lines:
        match = OPTION.match(line)
        if match:
            letter, name, value, text = match.groups()
            found.append(([letter, name] if letter else [name], value, text or ""))
        elif found and line.startswith(" " * 8):
            spellings, value, text = found[-1]
            found[-1] = (spellings, value, f"{text} {line.strip()}".strip())
    return found


def option_text(options):
    text = ""
    for spellings, value, words in options:
        named = ", ".join(f"\\fB{plain(spelling)}\\fR" for spelling in spellings)
        given = f" \\fI{plain(value)}\\fR" if value else ""
        text += f".TP\n{named}{given}\n{plain(words)}\n"
    return text


def sections(help_text):
    """A help text as {head line of a block, without its colon: its lines}; "" is what comes first."""
    blocks, head = {"": []}, ""
    for line in help_text.splitlines():
        if re.fullmatch(r"(commands|options):", line):
            head = line[:-1]
            blocks[head] = []
        elif head == "options" and line and not line.startswith(" "):
            head = "after"
            blocks.setdefault(head, []).append(line)
        else:
            blocks[head].append(line)
    return blocks


def paragraphs(lines):
    text = "\n".join(lines).strip("\n")
    return [part for part in re.split(r"\n\s*\n", text) if part.strip()]


def prose(parts):
    text = ""
    for part in parts:
        lines = part.splitlines()
        if OPTION.match(lines[0]):
            text += option_text(options_of(lines))
        elif all(line.startswith("  ") for line in lines):
            text += f".PP\n.nf\n{plain(textwrap.dedent(part))}\n.fi\n"
        else:
            text += f".PP\n{plain(part)}\n"
    return text


def command_section(name, help_text):
    blocks = sections(help_text)
    text = f".SS {plain(name)}\n"
    lines = [re.sub(r"^usage: ", "  ", line) for line in blocks[""]]
    lines[0] = re.sub(r"^gocker [a-zA-Z]+: ", "", lines[0])
    text += prose(paragraphs(lines))
    text += option_text(options_of(blocks.get("options", [])))
    return text + prose(paragraphs(blocks.get("after", [])))


def table(entries):
    return "".join(f".TP\n\\fB{plain(name)}\\fR\n{plain(text)}\n" for name, text in entries.items())


def flag(program, command):
    return [*program, *command.split(), "--help"]


def page(name, section, summary, synopsis, program, exit_codes, files, environment, see):
    blocks = sections(called(*program, "--help"))
    commands = [COMMAND.match(line) for line in blocks.get("commands", blocks[""])]
    commands = [match.groups() for match in commands if match]
    text = f".\\\" Written by docs/man/write.py.\n.TH {name.upper()} {section} \"\" gocker\n"
    text += f".SH NAME\n{name} \\- {plain(summary)}\n"
    text += f".SH SYNOPSIS\n\\fB{name}\\fR {plain(synopsis)}\n.SH COMMANDS\n"
    text += "".join(command_section(command, called(*flag(program, command)))
                    for command, _ in commands)
    if "options" in blocks:
        text += ".SH OPTIONS\n" + option_text(options_of(blocks["options"]))
    text += f".SH EXIT STATUS\n{plain(exit_codes)}\n.SH ENVIRONMENT\n{table(environment)}"
    return text + f".SH FILES\n{table(files)}.SH SEE ALSO\n{see}\n"


def runtime_page(program, _image_tool, _wrapper):
    return page("gocker-runtime", 8, "run OCI bundles as containers",
                "[OPTIONS] COMMAND [OPTIONS] [ARGUMENTS]", [program], EXIT_OF_RUNTIME,
                RUNTIME_FILES, RUNTIME_ENVIRONMENT,
                "gocker(1), gocker\\-image(8), criu(8), cgroups(7), namespaces(7)")


def image_page(_runtime, program, _wrapper):
    return page("gocker-image", 8, "pull images, keep them, make bundles and containers of them",
                "[OPTION]... COMMAND [ARGUMENT]...", [program],
                "0, 1 for a failure, 2 for a wrong command line.", STORE_FILES, STORE_ENVIRONMENT,
                "gocker(1), gocker\\-runtime(8)")


def wrapper_page(runtime, image_tool, wrapper):
    """The wrapper looks for the two programs beside itself."""
    with tempfile.TemporaryDirectory() as folder:
        beside = pathlib.Path(folder)
        for name, program in (("gocker-runtime", runtime), ("gocker-image", image_tool),
                              ("gocker", wrapper)):
            (beside / name).symlink_to(program)
        return page("gocker", 1, "containers without a daemon", "VERB [ARGUMENT]...",
                    [beside / "gocker"], EXIT_OF_WRAPPER, STORE_FILES, STORE_ENVIRONMENT,
                    "gocker\\-runtime(8), gocker\\-image(8)")


PAGES = {"gocker-runtime.8": runtime_page, "gocker-image.8": image_page, "gocker.1": wrapper_page}


def main():
    name, *programs = sys.argv[1:]
    sys.stdout.write(PAGES[name](*(pathlib.Path(program).resolve() for program in programs)))


if __name__ == "__main__":
    main()
