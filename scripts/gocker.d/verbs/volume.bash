# shellcheck shell=bash
# gocker volume: directories that outlive the containers that use them
#
#   gocker volume create [OPTION]... [NAME]
#   gocker volume ls [OPTION]...
#   gocker volume inspect VOLUME...
#   gocker volume rm VOLUME...
#   gocker volume prune [-a]
#
# `gocker run -v NAME:/path` makes the volume where there is none yet. `gocker volume create --help`
# and the like tell the options of each.

if ((!$#)); then die "volume: create, ls, inspect, rm or prune? gocker help volume tells more"; fi
image volume "$@"
