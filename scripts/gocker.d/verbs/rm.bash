# shellcheck shell=bash
# gocker rm: remove containers
#
#   gocker rm [-f] [-v] CONTAINER...
#
# CONTAINER is an ID, the beginning of one, or a name. What the container wrote goes with it. Volumes
# stay: -v removes its anonymous ones (as run --rm does), gocker volume prune those that nobody uses.

become_image container rm "$@"
