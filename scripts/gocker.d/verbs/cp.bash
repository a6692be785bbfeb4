# shellcheck shell=bash
# gocker cp: copy files between a container and the host
#
#   gocker cp [OPTION]... CONTAINER:SOURCE DESTINATION
#   gocker cp [OPTION]... SOURCE CONTAINER:DESTINATION
#
# CONTAINER is an ID, the beginning of one, or a name; it may run or not (then its volumes are not
# seen). A directory is copied with all that is in it: below DESTINATION where that is a directory,
# else under its name; of SOURCE/. the content alone. DESTINATION as - writes a tar archive to standard
# output, SOURCE as - unpacks one from standard input.

become_image container cp "$@"
