# shellcheck shell=bash
# gocker rmImage: remove images from the local store
#
#   gocker rmImage IMAGE...
#
# The same as gocker rmi.

become_image rm "$@"
