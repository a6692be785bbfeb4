# shellcheck shell=bash
# gocker stop: end running containers
#
#   gocker stop [OPTION]... CONTAINER...
#
# CONTAINER is an ID, the beginning of one, or a name. It is sent its stop
# signal and, where it still runs after a while, is killed. It stays, to be started again.

become_image container stop "$@"
