# shellcheck shell=bash
# gocker system: what takes the disk, and clearing up
#
#   gocker system df [--format table|json]
#   gocker system prune [--all] [--volumes]
#
# df tells how much images, containers, volumes and the cache of builds take. prune removes all
# containers that do not run, networks that no container joins, and what no image needs any more; with
# --all the images that no container uses, with --volumes the anonymous volumes that none uses. Nobody
# is asked: -f is taken and changes nothing.

case ${1-} in
  df) become_image df "${@:2}" ;;
  prune) shift ;;
  '') die "system: which command? gocker help system lists them" ;;
  *) die "system: unknown command '$1'; gocker help system lists them" ;;
esac
all=()
volumes=no
for argument; do
  case $argument in
    -a | --all) all=(--all) ;;
    --volumes) volumes=yes ;;
    -f | --force) ;;
    *) die "system prune: unknown option \"$argument\"; gocker help system lists them" ;;
  esac
done
image container prune && image network prune || exit
if [[ $volumes == yes ]]; then image volume prune || exit; fi
become_image gc "${all[@]}"
