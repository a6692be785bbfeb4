# shellcheck shell=bash
# gocker start: start containers that do not run
#
#   gocker start [OPTION]... CONTAINER...
#
# CONTAINER is an ID, the beginning of one, or a name. What they have written is still there. With
# --attach it ends as gocker run does.

become_image container start "$@"
