# shellcheck shell=bash
# gocker exec: run one more program in a running container
#
#   gocker exec [OPTION]... CONTAINER COMMAND [ARGUMENT]...
#
# CONTAINER is an ID, the beginning of one, or a name. Ends with the
# exit code of the program.

become_image container exec "$@"
