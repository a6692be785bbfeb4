# shellcheck shell=bash
# gocker logout: forget the login at a registry
#
#   gocker logout [OPTION]... [REGISTRY]
#
# REGISTRY is HOST[:PORT]; Docker Hub without one.

become_image logout "$@"
