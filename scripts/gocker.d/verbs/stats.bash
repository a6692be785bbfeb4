# shellcheck shell=bash
# gocker stats: show what running containers use
#
#   gocker stats [OPTION]... [CONTAINER...]
#
# Once a second until Ctrl-C, with --no-stream once. Without CONTAINER: all that run. MEM USAGE is without
# the files' contents that the kernel would drop first; CPU % counts each processor as 100.
#
# CONTAINER is an ID, the beginning of one, or a name.

become_image container stats "$@"
