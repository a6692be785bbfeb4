# shellcheck shell=bash
# gocker exec: run one more program in a running container
#
#   gocker exec [OPTION]... CONTAINER COMMAND [ARGUMENT]...
#
# CONTAINER is an ID, the beginning of one, or a name. Ends with the exit code of the program, or with
# 127 where there is no such program, 126 where it cannot be executed, and 125 for another failure.

become_image container exec "$@"
