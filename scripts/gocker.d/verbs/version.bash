# shellcheck shell=bash
# gocker version: tell the versions of the two programs
#
#   gocker version

image --version && runtime --version
