# shellcheck shell=bash
# gocker containers: list all containers, the stopped ones too
#
#   gocker containers [OPTION]...
#
# The same as gocker ps -a.

become_image container ps --all "$@"
