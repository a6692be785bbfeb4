# shellcheck shell=bash
# gocker copy: copy an image between registries, past the local store
#
#   gocker copy [OPTION]... SOURCE TARGET
#
# SOURCE and TARGET are images' names at registries; one of them may be oci:DIR[:NAME], an image
# layout in a directory, docker-archive:FILE or oci-archive:FILE. Digests stay the same.

become_image copy "$@"
