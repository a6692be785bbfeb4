# shellcheck shell=bash
# gocker inspect: show all that is known of containers or images, as JSON
#
#   gocker inspect [OPTION]... CONTAINER|IMAGE...
#
# CONTAINER is an ID, the beginning of one, or a name. A name of both is the container's.

become_image container inspect "$@"
