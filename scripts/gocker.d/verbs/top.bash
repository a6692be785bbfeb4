# shellcheck shell=bash
# gocker top: list the processes of a running container
#
#   gocker top CONTAINER [OPTION-OF-PS]...
#
# CONTAINER is an ID, the beginning of one, or a name.

become_image container top "$@"
