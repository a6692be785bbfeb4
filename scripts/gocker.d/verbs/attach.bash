# shellcheck shell=bash
# gocker attach: show the output of a running container and type into it
#
#   gocker attach [OPTION]... CONTAINER
#
# CONTAINER is an ID, the beginning of one, or a name. Ctrl-P
# Ctrl-Q leaves it running.

become_image container attach "$@"
