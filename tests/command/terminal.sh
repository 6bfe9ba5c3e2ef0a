#!/bin/sh
# terminal.sh MAILSIM ROOT: what the command shows in a terminal: steps in the ladder, and on a pseudo terminal the status of a run, and --watch.
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

expect 2 'a name that would be a command to a terminal' "$mailsim" show "$(printf 'no\2332J\033[2J\302\233')"
has err 'no\\x9b2J\\x1b\[2J\\xc2\\x9b cannot be read'

# ---- without a terminal ----
expect 0 'a run, for a pipe' env TERM=xterm "$mailsim" run "$topology"
has out '^   7     1\.141088 s  PC A shows the mail as sent\.$'
lines err 0

expect 2 'watching without a terminal' sh -c '"$1" show run.jsonl --watch </dev/null' sh "$mailsim"
has err '^mailsim: --watch needs a terminal for its keys and its picture'
lines out 0
expect 2 'watching what comes through a pipe' sh -c '"$1" show - --watch <run.jsonl' sh "$mailsim"
has err 'give it the trace as a file$'
expect 2 'watching the mails' "$mailsim" show run.jsonl --watch --mail

# ---- on a pseudo terminal ----
pty=$root/tests/command/on_pty.py
if ! python3 -c 'import pty' 2>/dev/null; then
  echo 'python3 is not there: what is seen on a terminal only is not tested'
  echo "$count checks, $failed failed"
  [ $failed = 0 ]
  exit
fi
TERM=xterm
export TERM
# on CODE WHAT KEYS COMMAND...: 100 columns, 12 lines.
on() {
  code=$1 what=$2 keys=$3
  shift 3
  expect "$code" "$what" python3 "$pty" 100 12 "$keys" "$@"
}

on 0 'a run, for a person' '' env NO_COLOR=1 "$mailsim" run "$topology"
has out '^Sending a mail through a provider, without login$'
has out '^  ok   7  pc-a   PC A shows the mail as sent\.  *1\.141088 s$'
has out '^scene mail-send: 13/13 steps'
on 1 'steps that are missing' '' "$mailsim" run "$topology" --until 1200ms
has out '^  ^\[32mok^\[0m   7  pc-a '
has out '^  ^\[31m--^\[0m   8  isp-x  ISP X asks .* ^\[31mMISSING^\[0m$'
on 0 'a run, for a person with a pipe' '' sh -c '"$1" run "$2" | cat' sh "$mailsim" "$topology"
has out '^   7     1\.141088 s  PC A shows the mail as sent\.$'
on 0 'a dumb terminal' '' env TERM=dumb "$mailsim" run "$topology"
has out '^   7     1\.141088 s  PC A shows the mail as sent\.$'
on 0 'a trace on the terminal' '' env NO_COLOR=1 "$mailsim" run "$topology" --trace text:-
has out '^   7     1\.141088 s  PC A shows'

cat >news.yaml <<'SCENE'
spec: libmailsim.scene/1
scene: news
title: "News \e[2J for a thousand"
actors:
  office: {hosts: [office]}
  isp-x: {hosts: [isp-x]}
connections:
  c1: {client: office, server: isp-x, service: smtp, ports: [25], pick: first-established}
messages:
  news: {from: news@x.example}
steps:
  - number: 1
    actor: office
    says: "The office sends \e[31mnews."
    kind: action
    named_flags: []
    observe: {all: [{id: a, match: app, host: office, event: user.send}]}
    anchor: a
    after: {causal: [], narrated: null}
  - number: 2
    actor: isp-x
    says: It never goes offline.
    kind: action
    named_flags: []
    observe: {all: [{id: a, match: app, host: isp-x, event: link.down}]}
    anchor: a
    after: {causal: [1], narrated: 1}
SCENE
on 1 'a long run' '' env NO_COLOR=1 "$mailsim" run "$root/topologies/mailing.yaml" --scene news.yaml
has out '^News \\x1b\[2J for a thousand$'
has out 'ok   1  office  The office sends \\x1b\[31mnews\.'
has out 'mailing   sim [0-9]*\.[0-9]* s  [0-9]* segments  0 lost  [0-9]* mails   \[#######-------\]  1/2'
has out '--   2  isp-x '
# the step stands in front of a later status, and each status is erased
tr '\n' '$' <out >flat
count=$((count + 1))
if ! grep -q 'ok   1 .*\[K.*mailing   sim.*\[K.*--   2' flat; then
  failed=$((failed + 1))
  echo 'FAILED: a long run: the step is not told while it runs'
  cat flat
fi
on 0 'quiet for programs' '' sh -c '"$1" run "$2" --json >/dev/null 2>json.err; wc -c <json.err' sh "$mailsim" "$topology"
has out '^0$'

# ---- watching ----
watch() {
  expect "$1" "$2" python3 "$pty" 100 12 "$3" env NO_COLOR=1 "$mailsim" show run.jsonl --ascii --watch --scene "$scene"
}
# The picture that was on the screen last.
last_picture() { awk '/^@$/ { text = ""; next } { text = text $0 "\n" } END { printf "%s", text }' out >last; }
taken='^[?1049h^[?25l^[?7l' given_back='^[?7h^[?25h^[?1049l'
restored() {
  grep -cF -e "$taken" -e "$given_back" out >counted
  echo 2 >wanted
  same counted wanted
}
watch 0 'a step per key' 'n \r\nb\x1b[C\x1bODxGng\x7fq'
grep -o '^[0-9]*/14' out | tr '\n' ' ' >order
printf '1/14 2/14 3/14 4/14 5/14 4/14 5/14 4/14 14/14 1/14 ' >wanted
same order wanted
has out '^   2  PC A asks ISP X for a TCP connection (SYN)\.$'
restored
last_picture
sed '/1049l/d' last >rows
lines rows 5
has rows '^  1     1\.000000  \* user\.send'
watch 0 'the names of hosts stay' Gq
last_picture
sed 1q last >first
has first '^  *pc-a  *isp-x  *isp-y$'
watch 130 'ended by control-C' 'n\x03'
restored
watch 143 'ended by a signal' 'n<SIGTERM>'
restored
watch 129 'ended by a lost line' '<SIGHUP>'
restored
watch 0 'ended by control-D' '\x04'
restored
watch 0 'another size' '<SIGWINCH>q'
grep -o '^1/14' out >counted
lines counted 2
expect 0 'another run' "$mailsim" run "$root/topologies/lan-dhcp-nat/access.yaml" --quiet --trace jsonl:home.jsonl
expect 0 'two steps of one row' python3 "$pty" 100 12 'nnnnnnnnq' env NO_COLOR=1 "$mailsim" show home.jsonl --ascii --watch \
  --scene "$root/topologies/scenes/lan-dhcp-nat.yaml" --case access
last_picture
has last '^9,11 *10\.000402  |'
has last '^   9  '
has last '^  11  '
grep '^  10  ' last >rows
lines rows 0
expect 0 'a row per key' python3 "$pty" 100 12 'nnq' env NO_COLOR=1 "$mailsim" show run.jsonl --ascii --watch
has out '^3/[0-9]* '
has out '^     1\.000000  |-* c1 S -*>|  +10\.048ms$'
expect 2 'watching on a dumb terminal' python3 "$pty" 100 12 '' env TERM=dumb "$mailsim" show run.jsonl --watch
has out 'TERM is dumb; leave it out'

echo "$count checks, $failed failed"
[ $failed = 0 ]
