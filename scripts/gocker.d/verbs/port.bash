# shellcheck shell=bash
# gocker port: tell which ports of the host lead to a container's
#
#   gocker port CONTAINER [PORT[/tcp|/udp]]
#
# CONTAINER is an ID, the beginning of one, or a name.

become_image container port "$@"
