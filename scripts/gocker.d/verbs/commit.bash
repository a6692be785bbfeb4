# shellcheck shell=bash
# gocker commit: make an image of what a container has changed
#
#   gocker commit [OPTION]... CONTAINER NAME[:TAG]
#
# CONTAINER is an ID, the beginning of one, or a name; it may run, and is paused meanwhile. Prints the
# image's digest. What is mounted in the container, volumes too, is not part of the image.

become_image container commit "$@"
