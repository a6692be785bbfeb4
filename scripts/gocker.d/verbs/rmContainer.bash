# shellcheck shell=bash
# gocker rmContainer: remove containers
#
#   gocker rmContainer [-f] CONTAINER...
#
# The same as gocker rm. CONTAINER is an ID, the beginning of one, or a name.

become_image container rm "$@"
