# shellcheck shell=bash
# gocker unpause: let the processes of paused containers go on
#
#   gocker unpause CONTAINER...
#
# CONTAINER is an ID, the beginning of one, or a name.

become_image container unpause "$@"
