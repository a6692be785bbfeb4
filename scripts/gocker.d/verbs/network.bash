# shellcheck shell=bash
# gocker network: the networks that containers join
#
#   gocker network create [OPTION]... NAME
#   gocker network ls [OPTION]...
#   gocker network inspect NETWORK...
#   gocker network rm NETWORK...
#   gocker network prune
#
# Containers join the network `bridge` where --network says nothing else. In networks that were made
# with `create` they find each other by name. `gocker network create --help` and the like tell the
# options of each.

if ((!$#)); then die "network: create, ls, inspect, rm or prune? gocker help network tells more"; fi
image network "$@"
