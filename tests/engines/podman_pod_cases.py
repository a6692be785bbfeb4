"""Pods, and Kubernetes' descriptions of them."""

import json

import limits
from engine import IMAGE, case, contains, equal, wait_until

POD = f"""\
apiVersion: v1
kind: Pod
metadata:
  name: played
spec:
  restartPolicy: Never
  volumes:
  - name: shared
    emptyDir: {{}}
  initContainers:
  - name: before
    image: {IMAGE}
    command: [sh, -c, "echo made >/shared/file"]
    volumeMounts: [{{name: shared, mountPath: /shared}}]
  containers:
  - name: main
    image: {IMAGE}
    command: [sh, -c, "cat /shared/file; echo $WORD; sleep 1000"]
    env: [{{name: WORD, value: xyzzy}}]
    volumeMounts: [{{name: shared, mountPath: /shared}}]
    resources: {{limits: {{memory: 64Mi, cpu: 500m}}}}
    securityContext: {{runAsUser: 1000, readOnlyRootFilesystem: true, capabilities: {{drop: [all]}}}}
"""


@case("pods: containers share network, IPC and host name")
def pod(podman):
    podman("pod", "create", "--name", "pea")
    podman("run", "-d", "--pod", "pea", "--name", "server", IMAGE, "sh", "-c",
           "while :; do echo served | nc -l -p 8000; done")
    ask = ("run", "--rm", "--pod", "pea", IMAGE, "nc", "127.0.0.1", "8000")
    equal(wait_until(lambda: podman.try_run(*ask).stdout, "an answer"), "served\n", "answer")
    for kind in ("net", "ipc", "uts"):
        link = f"/proc/self/ns/{kind}"
        equal(podman("run", "--rm", "--pod", "pea", IMAGE, "readlink", link),
              podman("exec", "server", "readlink", link), kind)
    equal(podman("run", "--rm", "--pod", "pea", IMAGE, "hostname"), "pea", "host name")
    podman.remove_pod("pea")
    equal(podman("ps", "-aq"), "", "containers")


@case("pods: stop, start, pause, restart")
def pod_life(podman):
    podman("pod", "create", "--name", "pea")
    podman("run", "-d", "--pod", "pea", "--name", "one", IMAGE, "sleep", "1000")
    podman("pod", "pause", "pea")
    equal(podman.status("one"), "paused", "status")
    podman("pod", "unpause", "pea")
    podman("pod", "stop", "-t", "0", "pea")
    equal(podman.status("one"), "exited", "status")
    podman("pod", "start", "pea")
    equal(podman.status("one"), "running", "status")
    podman.remove_pod("pea")


@case("pods: with shared process namespace, and limits of their own")
def pod_options(podman):
    podman("pod", "create", "--name", "pea", "--share", "pid,net,ipc,uts", "--cpus", "0.5")
    podman("run", "-d", "--pod", "pea", "--name", "one", IMAGE, "sleep", "1234")
    contains(podman("run", "--rm", "--pod", "pea", IMAGE, "ps"), "sleep 1234")
    contains(str(limits.group_file(podman.pid("one"), "pids", "cgroup.procs")),
             podman("pod", "inspect", "pea", "--format", "{{.ID}}"))
    podman.remove_pod("pea")


@case("pods: a user namespace for all")
def pod_userns(podman):
    podman("pod", "create", "--name", "pea", "--userns", "auto:size=4096")
    script = "id -u; awk '{print $3}' /proc/self/uid_map"
    equal(podman("run", "--rm", "--pod", "pea", IMAGE, "sh", "-c", script), "0\n4096", "user and map")
    podman.remove_pod("pea")


@case("kube play: init container, volume, limits, security context; and down again")
def kube_play(podman):
    file = podman.folder / "pod.yaml"
    file.write_text(POD)
    podman("kube", "play", "--network", "podman", file)
    wait_until(lambda: podman("logs", "played-main") == "made\nxyzzy", "what the container says")
    pid = podman.pid("played-main")
    equal((limits.memory(pid), limits.cpus(pid)), (64 * 1024 * 1024, 0.5), "memory and processors' time")
    equal(podman("exec", "played-main", "id", "-u"), "1000", "user")
    podman("exec", "played-main", "touch", "/x", code=1)
    podman("kube", "down", file)
    equal(podman("ps", "-aq"), "", "containers")
    podman("volume", "prune", "-f")


@case("kube generate: what it writes can be played")
def kube_generate(podman):
    podman("run", "-d", "--name", "original", "-e", "A=b", IMAGE, "sh", "-c", "echo $A; sleep 1000")
    text = podman("kube", "generate", "original")
    podman.remove("original")
    podman("kube", "play", "-", text=text)
    wait_until(lambda: podman("logs", "original-pod-original") == "b", "what the container says")
    podman.remove_pod("original-pod")


@case("pods: inspect and ps count the containers")
def pod_views(podman):
    podman("pod", "create", "--name", "pea")
    podman("run", "-d", "--pod", "pea", IMAGE, "sleep", "1000")
    seen = json.loads(podman("pod", "ps", "--format", "json"))[0]
    equal((seen["Name"], seen["Status"], len(seen["Containers"])), ("pea", "Running", 2), "pod")
    podman.remove_pod("pea")
