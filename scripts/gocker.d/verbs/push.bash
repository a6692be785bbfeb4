# shellcheck shell=bash
# gocker push: send an image of the local store to a registry
#
#   gocker push [OPTION]... IMAGE [NAME[:TAG]]
#
# Without a second name the image goes where its own says: gocker tag gives it one. Prints the digest
# that it has at the registry.

if ((!$#)); then die "push: which image? gocker help push tells more"; fi
become_image push "$@"
