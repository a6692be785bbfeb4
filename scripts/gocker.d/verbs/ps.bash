# shellcheck shell=bash
# gocker ps: list containers
#
#   gocker ps [OPTION]...

become_image container ps "$@"
