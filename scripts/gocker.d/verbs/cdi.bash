# shellcheck shell=bash
# gocker cdi: devices that their vendors describe for containers
#
#   gocker cdi list [--format table|json] [--cdi-spec-dir DIR]...
#
# Files of the Container Device Interface in /etc/cdi and /var/run/cdi tell what a container needs for
# a device: nodes, libraries, variables, hooks. `gocker run --device VENDOR/CLASS=NAME` gives it one,
# --gpus graphics processors.

case ${1-} in
  list | ls) ;;
  '') die "cdi: which command? gocker help cdi lists them" ;;
  *) die "cdi: unknown command '$1'; gocker help cdi lists them" ;;
esac
become_image cdi list "${@:2}"
