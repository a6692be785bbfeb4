# shellcheck shell=bash
# Completion for gocker, gocker-image and gocker-runtime. Commands and options are asked of the
# program itself (--help), so that they are those of the version that is there.

# The words of COMP_WORDS between the program and the cursor that are no options: into __gocker_plain.
# Options that take a value are skipped with it; the option whose value is at the cursor, if any, goes
# into __gocker_wants. $1: the program.
__gocker_look_back() {
  __gocker_plain=()
  __gocker_wants=
  local i word level=("$1") with_value
  with_value=$(__gocker_options_with_value "$1")
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    case $word in
      =) continue ;;
      -*)
        if [[ " $with_value " == *" $word "* ]]; then
          # Readline splits --x=v into three words.
          if [[ ${COMP_WORDS[i + 1]-} == = ]]; then ((i++)); fi
          if ((i + 1 >= COMP_CWORD)); then __gocker_wants=$word; fi
          ((i++))
        fi
        ;;
      *)
        __gocker_plain+=("$word")
        if ((${#__gocker_plain[@]} <= 2)); then
          level+=("$word")
          with_value+=" $(__gocker_options_with_value "${level[@]}")"
        fi
        ;;
    esac
  done
}

__gocker_help() {
  "$@" --help 2>/dev/null </dev/null
}

# "  -b, --bundle DIR    the bundle" gives "-b --bundle".
__gocker_options() {
  __gocker_help "$@" | sed -nE 's/^ +((-[a-zA-Z0-9]), )?(--[a-z0-9-]+).*/\2 \3/p' | tr '\n' ' '
}

__gocker_options_with_value() {
  __gocker_help "$@" |
    sed -nE 's/^ +((-[a-zA-Z0-9]), )?(--[a-z0-9-]+) [^ ].*/\2 \3/p' | tr '\n' ' '
}

# The commands in a program's help: "  create      make ...", "  container create  make ...".
__gocker_commands() {
  __gocker_help "$1" |
    sed -nE '/^options:/q; s/^  ([a-zA-Z]+( [a-z]+)?)  +.*/\1/p'
}

# The second words of a command of two: of "network" in gocker-image's list and in gocker's own help.
__gocker_second_words() {
  {
    __gocker_commands "$1" | sed -nE "s/^$2 //p"
    __gocker_help "$1" "$2" | sed -nE "s/^  ${1##*/} $2 ([a-z]+).*/\1/p"
  } | sort -u
}

__gocker_containers() {
  case ${1##*/} in
    gocker-runtime)
      local root=() i
      for ((i = 1; i < COMP_CWORD; i++)); do
        if [[ ${COMP_WORDS[i]} == --root ]]; then
          if [[ ${COMP_WORDS[i + 1]} == = ]]; then ((i++)); fi
          root=(--root "${COMP_WORDS[i + 1]}")
        fi
      done
      "$1" "${root[@]}" list --quiet 2>/dev/null
      ;;
    gocker) "$1" ps --all --format json 2>/dev/null | sed -nE 's/.*"(Names|name)": *"([^"]+)".*/\2/p' ;;
  esac
}

__gocker_images() {
  "$1" images 2>/dev/null | sed -nE '1!s/^([^ ]+) .*/\1/p'
}

# What may follow a command, one a line.
__gocker_objects() {
  local program=$1 command=$2
  case ${program##*/}:$command in
    gocker-runtime:create | gocker-runtime:run | gocker-runtime:restore) ;;  # a new name
    gocker-runtime:mounts)
      if ((${#__gocker_plain[@]} == 1)); then
        printf '%s\n' add remove
      else
        __gocker_containers "$program"
      fi
      ;;
    gocker-runtime:spec | gocker-runtime:check | gocker-runtime:list | gocker-runtime:features) ;;
    gocker-runtime:*) __gocker_containers "$program" ;;
    gocker:run | gocker:create | gocker:pull | gocker:push | gocker:copy | gocker:save | gocker:rmi | gocker:rmImage | gocker:tag | gocker:history)
      __gocker_images "$program"
      ;;
    gocker:build | gocker:images | gocker:load | gocker:tags | gocker:login | gocker:logout | gocker:ps | gocker:prune | gocker:system | gocker:version) ;;
    gocker:inspect | gocker:diff | gocker-image:diff)
      __gocker_containers "$program"
      __gocker_images "$program"
      ;;
    gocker:help) __gocker_commands "$program" ;;
    gocker:cdi | gocker:network | gocker:volume | gocker:container | gocker:image) ;;
    gocker:*) __gocker_containers "$program" ;;
    gocker-image:inspect | gocker-image:history | gocker-image:tag | gocker-image:push | gocker-image:save | gocker-image:rm | gocker-image:bundle)
      __gocker_images "$program"
      ;;
  esac
}

__gocker_complete() {
  local program=$1 current=$2 words=
  local __gocker_plain __gocker_wants
  __gocker_look_back "$program"
  COMPREPLY=()
  # A value: a file, as far as can be known.
  if [[ $current == = ]]; then current=; fi
  if [[ -n $__gocker_wants ]]; then
    compopt -o default
    return
  fi
  if [[ $current == -* ]]; then
    words=$(__gocker_options "$program" "${__gocker_plain[@]:0:2}")
    if [[ -z ${words// /} ]]; then
      words=$(__gocker_options "$program" "${__gocker_plain[@]:0:1}")
    fi
  elif ((${#__gocker_plain[@]} == 0)); then
    words=$(__gocker_commands "$program" | cut -d' ' -f1 | sort -u)
  else
    if ((${#__gocker_plain[@]} == 1)); then
      case ${program##*/}:${__gocker_plain[0]} in
        gocker:container | gocker:image) words=$(__gocker_commands "$program") ;;
        *) words=$(__gocker_second_words "$program" "${__gocker_plain[0]}") ;;
      esac
    fi
    words+=" $(__gocker_objects "$program" "${__gocker_plain[0]}")"
    if [[ -z ${words//[[:space:]]/} ]]; then compopt -o default; fi
  fi
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}

complete -F __gocker_complete gocker gocker-image gocker-runtime
