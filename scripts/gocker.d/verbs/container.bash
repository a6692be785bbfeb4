# shellcheck shell=bash
# gocker container: the commands that work on containers
#
#   gocker container COMMAND [ARGUMENT]...
#
# COMMAND is attach, commit, cp, create, diff, exec, inspect, kill, logs, pause, port, ps, rename,
# restart, rm, run, start, stats, stop, top, unpause, update or wait: the same as the verb without the
# word container. ls is ps, and prune removes all containers that do not run.

case ${1-} in
  attach | commit | cp | create | diff | exec | inspect | kill | logs | pause | port | ps | rename | \
    restart | rm | run | start | stats | stop | top | unpause | update | wait) ;;
  ls | list) set -- ps "${@:2}" ;;
  remove) set -- rm "${@:2}" ;;
  prune) become_image container "$@" ;;
  '') die "container: which command? gocker help container lists them" ;;
  *) die "container: unknown command '$1'; gocker help container lists them" ;;
esac
verb=$1
shift
# shellcheck source=/dev/null
. "$parts/verbs/$verb.bash"
