# shellcheck shell=bash
# gocker pull: fetch an image from a registry into the local store
#
#   gocker pull [OPTION]... IMAGE
#
# IMAGE is [REGISTRY/]NAME[:TAG|@DIGEST]. A name without a registry means Docker Hub, a missing tag
# means latest: alpine is docker.io/library/alpine:latest. A registry on localhost or 127.0.0.1
# is spoken to over plain HTTP.

if ((!$#)); then die "pull: which image? gocker help pull tells more"; fi
become_image pull "$@"
