# shellcheck shell=bash
# gocker tags: list the tags that a repository has at its registry
#
#   gocker tags [OPTION]... [REGISTRY/]NAME

become_image tags "$@"
