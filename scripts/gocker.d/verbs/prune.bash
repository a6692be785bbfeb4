# shellcheck shell=bash
# gocker prune: remove what no image and no container needs
#
#   gocker prune [-a|--all]
#
# Goes: layers that lost their name when a tag moved on, and what was left by downloads that were cut
# off. With --all the images, too, that no container uses.

become_image gc "$@"
