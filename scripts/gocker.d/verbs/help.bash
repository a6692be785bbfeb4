# shellcheck shell=bash
# gocker help: tell what the verbs do
#
#   gocker help [VERB]
#
# Without a verb: one line for each.

# The comment at the head of a verb's file, without the marks.
head_comment() {
  sed -n '2,/^[^#]\|^$/{s/^# \{0,1\}//p}' "$1"
}

# The options of a verb that gocker-image carries out, as that tells them.
tell_options() {
  local words
  words=$(sed -n 's/^become_image \(.*\) "$@"$/\1/p' "$1")
  if [[ -z $words ]]; then return; fi
  # shellcheck disable=SC2086 # the words of a command
  printf '\n%s\n' "$(image $words --help | sed -n '/^options:$/,$p')"
}

if (($#)); then
  if [[ ! $1 =~ ^[a-zA-Z]+$ || ! -f $parts/verbs/$1.bash ]]; then
    # shellcheck source=scripts/gocker.d/suggest.bash
    . "$parts/suggest.bash"
    die "help: unknown verb '$1'$(suggestion_for "$1")"
  fi
  head_comment "$parts/verbs/$1.bash"
  tell_options "$parts/verbs/$1.bash"
  exit
fi

echo 'gocker VERB [ARGUMENT]...: containers without a daemon'
echo
for file in "$parts"/verbs/*.bash; do
  { read -r _ && read -r line; } <"$file"
  line=${line#\# gocker }
  printf '  %-12s %s\n' "${line%%:*}" "${line#*: }"
done
echo
echo "gocker help VERB tells more. Images and containers are in $GOCKER_ROOT (GOCKER_ROOT)."
