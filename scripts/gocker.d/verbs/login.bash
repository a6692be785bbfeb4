# shellcheck shell=bash
# gocker login: log in at a registry, and keep the login for later
#
#   gocker login [OPTION]... [REGISTRY]
#
# REGISTRY is HOST[:PORT]; Docker Hub without one. The login is tried before it is kept, where docker
# and podman look for it, too; credential helpers are called where docker's file names one.

become_image login "$@"
