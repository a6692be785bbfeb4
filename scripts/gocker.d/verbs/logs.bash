# shellcheck shell=bash
# gocker logs: show what a container has written
#
#   gocker logs [OPTION]... CONTAINER
#
# CONTAINER is an ID, the beginning of one, or a name. What a
# foreground gocker run --rm has written is not kept.

become_image container logs "$@"
