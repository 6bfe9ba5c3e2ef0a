#!/bin/sh
# terminal.sh MAILSIM ROOT: what the command shows in a terminal: steps in the ladder.
set -u
mailsim=$1 root=$2
folder=$(mktemp -d) || exit 2
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 2
count=0 failed=0
unset NO_COLOR LC_MESSAGES LANG COLUMNS
LC_ALL=C
export LC_ALL

# expect CODE WHAT COMMAND...: runs it into the files out and err.
expect() {
  code=$1 what=$2
  shift 2
  "$@" >out 2>err
  got=$?
  count=$((count + 1))
  [ $got = "$code" ] && return
  failed=$((failed + 1))
  echo "FAILED: $what: ended with $got, not $code"
  sed 's/^/  out: /' out
  sed 's/^/  err: /' err
}
# The last command printed a line that matches.
has() {
  count=$((count + 1))
  grep -q -e "$2" "$1" && return
  failed=$((failed + 1))
  echo "FAILED: $what: no line of $1 matches: $2"
  sed "s/^/  $1: /" "$1"
}
lines() {
  count=$((count + 1))
  [ "$(wc -l <"$1")" -eq "$2" ] && return
  failed=$((failed + 1))
  echo "FAILED: $what: $1 has not $2 lines"
  sed "s/^/  $1: /" "$1"
}
same() {
  count=$((count + 1))
  cmp -s "$1" "$2" && return
  failed=$((failed + 1))
  echo "FAILED: $what: $1 and $2 differ"
}

topology=$root/topologies/mail-send.yaml scene=$root/topologies/scenes/mail-send.yaml
expect 0 'a run' "$mailsim" run "$topology" --quiet --trace jsonl:run.jsonl --trace ladder:run.ladder,ascii,width=80

# ---- show: steps ----
expect 0 'steps in the ladder' "$mailsim" show run.jsonl --scene "$scene" --ascii --width 80
lines out 23
has out '^  1     1\.000000  \* user\.send '
has out '^  *:  *9 more  *:  *:$'
has out '^ 13     1\.611147  '
same out run.ladder
expect 0 'no folds' "$mailsim" show run.jsonl --scene "$scene" --ascii --width 80 --all
has out '^ 13     1\.611147  '
grep more out >folds
lines folds 0
expect 0 'some steps' "$mailsim" show run.jsonl --scene "$scene" --ascii --step 7..9
lines out 5
has out '^  7     1\.141088  \* message\.sent '
has out '^  9     1\.351033  '
expect 0 'one step' "$mailsim" show run.jsonl --scene "$scene" --ascii --step 13
lines out 2
expect 0 'captions of steps that are missing' sh -c '"$1" run "$2" --until 1200ms --quiet --trace jsonl:short.jsonl; LC_ALL=de_DE.UTF-8 "$1" show short.jsonl --scene "$3"' \
  sh "$mailsim" "$topology" "$scene"
has out '^  8  not observed: ISP X bittet '
for wrong in '--step 7' '--all' '--scene X --mail' '--scene X --stats' '--mail --all' '--case a'; do
  # shellcheck disable=SC2086
  expect 2 "show $wrong" "$mailsim" show run.jsonl $wrong
  lines out 0
done
for wrong in '' .. 9..7 a 1...3 7..x 0..99999999999; do
  expect 2 "show --step $wrong" "$mailsim" show run.jsonl --scene "$scene" --step "$wrong"
  has err 'write a step such as 7, or some of them: 7\.\.9, 7\.\., \.\.9$'
done
expect 2 'steps that are not there' "$mailsim" show run.jsonl --scene "$scene" --step 20..
has err 'the scene mail-send has the steps 1 to 13$'
expect 2 'steps of a run without a scene' "$mailsim" run "$root/topologies/hello.yaml" --trace ladder:-,steps=7
has err 'needs a scene'
expect 2 'strange steps' "$mailsim" run "$topology" --trace ladder:-,steps=9..7
has err 'takes steps such as 7'

echo "$count checks, $failed failed"
[ $failed = 0 ]
