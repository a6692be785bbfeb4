# shellcheck shell=bash
# gocker wait: wait for the ends of containers and print their exit codes
#
#   gocker wait CONTAINER...
#
# CONTAINER is an ID, the beginning of one, or a name. The exit
# code of one that lost its conmon is unknown.

become_image container wait "$@"
