# shellcheck shell=bash
# gocker run: make a container of an image and run a program in it
#
#   gocker run [OPTION]... IMAGE [COMMAND [ARGUMENT]...]
#
# Pulls the image where it is not in the local store yet. Without COMMAND the image's own runs. Ends
# with the exit code of the container's program (128 + N where signal N ended it), or with 127 where
# there is no such program, 126 where it cannot be executed, and 125 where the container did not come
# to be for another reason.

become_image container run "$@"
