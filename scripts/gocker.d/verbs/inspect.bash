# shellcheck shell=bash
# gocker inspect: show all that is known of containers, as JSON
#
#   gocker inspect [OPTION]... CONTAINER...
#
# CONTAINER is an ID, the beginning of one, or a name.

become_image container inspect "$@"
