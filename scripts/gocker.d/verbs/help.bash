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

if (($#)); then
  if [[ ! $1 =~ ^[a-z]+$ || ! -f $parts/verbs/$1.bash ]]; then
    # shellcheck source=scripts/gocker.d/suggest.bash
    . "$parts/suggest.bash"
    die "help: unknown verb '$1'$(suggestion_for "$1")"
  fi
  head_comment "$parts/verbs/$1.bash"
  exit
fi

echo 'gocker VERB [ARGUMENT]...: containers without a daemon'
echo
for file in "$parts"/verbs/*.bash; do
  { read -r _ && read -r line; } <"$file"
  line=${line#\# gocker }
  printf '  %-9s %s\n' "${line%%:*}" "${line#*: }"
done
echo
echo "gocker help VERB tells more. Images and containers are in $GOCKER_ROOT (GOCKER_ROOT)."
