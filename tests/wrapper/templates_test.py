#!/usr/bin/env python3
"""--format with templates, and what inspect tells: scripts take their facts from there.

    tests/wrapper/templates_test.py GOCKER_RUNTIME GOCKER_IMAGE [NAME...]
"""

import json

import fixture
from fixture import contains, equal, test

FILLED = {
    "{{.Name}} is {{.State.Status}}": "box is created",
    "{{.Config.Tty}} {{.State.Pid}} {{.RestartCount}}": "false 0 0",
    "{{json .Config.Cmd}} {{len .Config.Cmd}} {{join .Config.Cmd \"/\"}}": '["sh","-c","true"] 3 sh/-c/true',
    '{{index .Config.Labels "kind"}} {{index .Config.Labels "none"}}|': "demo |",
    "{{index .Config.Cmd 1}} {{(index .Mounts 0).Destination}}": "-c /etc/a",
    "{{range .Config.Cmd}}<{{.}}>{{end}}": "<sh><-c><true>",
    "{{range $key, $value := .Config.Labels}}{{$key}}={{$value}};{{end}}": "kind=demo;name=demo/busybox;",
    "{{range $n, $_ := .Config.Cmd}}{{$n}}{{$.Name}} {{end}}": "0box 1box 2box ",
    "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{else}}none{{end}}": "none",
    "{{if .State.Running}}up{{else}}down{{end}}": "down",
    '{{if eq .State.Status "created"}}new{{end}}{{if ne .Name "box"}}other{{end}}': "new",
    "{{if not .State.Running}}{{range .Config.Cmd}}{{if .}}x{{end}}{{end}}{{end}}": "xxx",
    "a  {{- .Name -}}  b": "aboxb",
    "no template": "no template",
}

REFUSED = {
    "{{.No.Such}}": (1, "there is no '.No.Such'"),
    "{{range .Mounts}}": (2, "{{range}} without {{end}}"),
    "{{end}}": (2, "{{end}} without a range or if before it"),
    "{{.Name": (2, "{{ without its }}"),
    "{{}}": (2, "{{}} says nothing"),
    "{{frob .Name}}": (2, "'frob' is not known"),
    '{{index .Config.Cmd 7}}': (1, "there is no 7 in"),
    '{{join .Config.Cmd "}}': (2, "a quote without its end"),
    "{{(len .Name}}": (2, "a ( without its )"),
    "{{$x}}": (2, "there is no $x"),
    "{{len word}}": (2, "'word' is neither"),
}


def create(gocker, image):
    gocker("create", "--name", "box", "--label", "kind=demo", "-e", "A=1", "-m", "50m", "-w", "/tmp",
           "-v", "/etc:/etc/a:ro", "-v", "data:/data", image, "sh", "-c", "true")


@test
def inspect_fills_templates(gocker, image):
    create(gocker, image)
    for form, filled in FILLED.items():
        equal(gocker("inspect", "-f", form, "box")[0], filled + "\n", form)
    for form, (code, message) in REFUSED.items():
        contains(gocker.fails("inspect", "-f", form, "box", code=code), message)
    gocker("rm", "box")
    gocker("volume", "rm", "data")


@test
def inspect_tells_what_the_container_was_made_with(gocker, image):
    create(gocker, image)
    told = json.loads(gocker("inspect", "box")[0])[0]
    equal((told["Config"]["Image"], told["Config"]["WorkingDir"], told["Config"]["User"]),
          (image, "/tmp", "0:0"))
    contains(" ".join(told["Config"]["Env"]), "A=1")
    equal(told["HostConfig"]["Memory"], 50 << 20)
    equal([(mount["Type"], mount["Destination"]) for mount in told["Mounts"]],
          [("bind", "/etc/a"), ("volume", "/data")])
    equal((told["Mounts"][0]["Source"], told["Mounts"][0]["RW"]), ("/etc", False))
    gocker("rm", "box")
    gocker("volume", "rm", "data")


@test
def inspect_shows_images_where_no_container_is_called_so(gocker, image):
    equal(gocker("inspect", "-f", '{{index .RepoTags 0}} {{json .Config.Cmd}} {{.Os}}', image)[0],
          f'{image}:latest ["echo","the image\'s own command"] linux\n')
    equal(gocker("image", "inspect", "-f", "{{.platform}}", image)[0].startswith("linux/"), True)
    contains(gocker.fails("inspect", "nothing"), "no container 'nothing'")


@test
def listings_fill_templates(gocker, image):
    create(gocker, image)
    identifier = gocker("ps", "-aq")[0].strip()
    equal(gocker("ps", "-a", "--format", '{{.ID}} {{.Names}} {{.State}} {{.Label "kind"}}')[0],
          f"{identifier} box created demo\n")
    equal(gocker("ps", "-a", "--format", r"table {{.Names}}\t{{.CreatedAt | no}}", code=2)[0], "")
    equal(gocker("ps", "-a", "--format", r"table {{.Names}}\t{{.Image}}")[0].splitlines()[0].split(),
          ["NAMES", "IMAGE"])
    contains(gocker("images", "--format", "{{.Repository}}:{{.Tag}} {{.Size}}")[0], f"{image}:latest ")
    contains(gocker.fails("ps", "--format", "yaml", code=2), "neither table nor json")
    gocker("rm", "box")
    gocker("volume", "rm", "data")


if __name__ == "__main__":
    fixture.main()
