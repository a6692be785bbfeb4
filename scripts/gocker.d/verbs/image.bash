# shellcheck shell=bash
# gocker image: the commands that work on images
#
#   gocker image build|history|inspect|load|ls|prune|pull|push|rm|save|tag [ARGUMENT]...
#
# Each is the same as the verb without the word image; ls is images, rm is rmi. prune removes what
# no image needs any more, the cache of builds too.

case ${1-} in
  build | history | load | pull | push | save | tag) ;;
  ls | list) set -- images "${@:2}" ;;
  rm | remove) set -- rmi "${@:2}" ;;
  inspect)
    if (($# < 2)); then die "image inspect: which image? gocker images lists them"; fi
    become_image "$@"
    ;;
  prune) become_image gc "${@:2}" ;;
  '') die "image: which command? gocker help image lists them" ;;
  *) die "image: unknown command '$1'; gocker help image lists them" ;;
esac
verb=$1
shift
# shellcheck source=/dev/null
. "$parts/verbs/$verb.bash"
