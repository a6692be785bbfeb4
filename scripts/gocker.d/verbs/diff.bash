# shellcheck shell=bash
# gocker diff: list the files that a container has changed
#
#   gocker diff CONTAINER
#   gocker diff IMAGE [IMAGE]
#
# Each line begins with A (added), C (changed) or D (deleted). Of two images: what differs in the
# second one; of one: what its last layer changes in those below.

become_image diff "$@"
