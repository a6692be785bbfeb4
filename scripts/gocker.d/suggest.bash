# shellcheck shell=bash
# Which verb was meant by a mistyped one.

# How many letters to add, drop, change or swap with their neighbour to make $2 of $1, in `distance`.
measure_distance() {
  local from=$1 to=$2 i j best
  local -A steps # [i,j]: from the first i letters of $1 to the first j of $2
  for ((i = 0; i <= ${#from}; i++)); do
    for ((j = 0; j <= ${#to}; j++)); do
      if ((i == 0 || j == 0)); then
        steps[$i,$j]=$((i + j))
        continue
      fi
      best=$((steps[$((i - 1)),$((j - 1))] + 1))
      if [[ ${from:i-1:1} == "${to:j-1:1}" ]]; then best=$((best - 1)); fi
      if ((steps[$((i - 1)),$j] + 1 < best)); then best=$((steps[$((i - 1)),$j] + 1)); fi
      if ((steps[$i,$((j - 1))] + 1 < best)); then best=$((steps[$i,$((j - 1))] + 1)); fi
      if ((i > 1 && j > 1)) && [[ ${from:i-2:2} == "${to:j-1:1}${to:j-2:1}" ]] &&
        ((steps[$((i - 2)),$((j - 2))] + 1 < best)); then
        best=$((steps[$((i - 2)),$((j - 2))] + 1))
      fi
      steps[$i,$j]=$best
    done
  done
  distance=${steps[${#from},${#to}]}
}

# "; did you mean 'run'?" or nothing where no verb is near.
suggestion_for() {
  local file candidate best=3 nearest='' distance
  if ((${#1} > 20)); then return; fi
  for file in "$parts"/verbs/*.bash; do
    candidate=${file##*/}
    candidate=${candidate%.bash}
    measure_distance "$1" "$candidate"
    if ((distance < best && distance < ${#candidate})); then
      best=$distance
      nearest=$candidate
    fi
  done
  if [[ -n $nearest ]]; then printf "; did you mean '%s'?" "$nearest"; fi
}
