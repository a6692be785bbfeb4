# shellcheck shell=bash
# gocker update: change the limits of containers
#
#   gocker update OPTION... CONTAINER...
#
# A running container has them at once, and both kinds at their next start.
#
# CONTAINER is an ID, the beginning of one, or a name.

become_image container update "$@"
