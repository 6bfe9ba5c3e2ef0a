#!/bin/sh
# diff.sh MAILSIM ROOT: what `mailsim diff` says of traces and topologies that differ, and how it ends.
set -u
mailsim=$1 root=$2
folder=$(mktemp -d) || exit 2
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 2
count=0 failed=0
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
has() {
  count=$((count + 1))
  grep -q -e "$2" "$1" && return
  failed=$((failed + 1))
  echo "FAILED: $what: no line of $1 matches: $2"
  sed "s/^/  $1: /" "$1"
}
hasnt() {
  count=$((count + 1))
  grep -q -e "$2" "$1" || return
  failed=$((failed + 1))
  echo "FAILED: $what: a line of $1 matches: $2"
}

mkdir scenes
cp "$root/topologies/scenes/mail-send.yaml" scenes/
cp "$root/topologies/mail-send.yaml" before.yaml
sed 's/isp-x\], delay: 10ms/isp-x], delay: 15ms/' before.yaml >later.yaml
sed 's/body: Hello B!/body: Good morning B!/' before.yaml >body.yaml
cat >loss.yaml <<'END'
faults:
  - {id: lost250, drop: {conn: "pc-a>isp-x:25#1", unit: smtp.reply, text: "250 2.0.0*"}}
END
cat before.yaml loss.yaml >lossy.yaml
line=$(grep -n 'isp-x\], delay: 15ms' later.yaml | cut -d: -f1)
"$mailsim" run before.yaml --quiet --trace jsonl:before.jsonl --trace text:before.trace >/dev/null || exit 2
"$mailsim" run later.yaml --quiet --trace jsonl:later.jsonl --trace text:later.trace >/dev/null || exit 2

# ---- a one-line change of a delay changes `wire` and nothing else, and the line is named ----
expect 1 'a delay' "$mailsim" diff before.jsonl later.yaml
has out '^DIFFERS  view: mail same | app same | seg same | wire DIFFERS$'
has out '^first difference: line [0-9]*, t=1.000000000, flow pc-a>isp-x:25#1, segment c1$'
has out '^  - 1.000000000 tcp pc-a>isp-x:25#1 c1 S .* +10.048ms$'
has out '^  + 1.000000000 tcp pc-a>isp-x:25#1 c1 S .* +15.048ms$'
has out '^  *^^^^^^^^^ fate$'
has out "^why      link isp-x-pc-a: delay 10ms, now 15ms (later.yaml:$line)\$"
has out '^state    pc-a SYN-SENT'
has out '^after    18 at another time, +0.085s at its end; 4 of 4 others differ$'
has out "^try      mailsim run later.yaml --trace 'ladder:-,all,conn=pc-a>isp-x:25#1'\$"
hasnt out '^note'
expect 1 'two topologies' "$mailsim" diff before.yaml later.yaml
has out "^why      link isp-x-pc-a: delay 10ms, now 15ms (later.yaml:$line)\$"
has out 'diff -u before.yaml later.yaml$'
expect 1 'two traces' "$mailsim" diff before.jsonl later.jsonl
has out "(later.yaml:$line)\$"
has out "mailsim show later.jsonl --conn 'pc-a>isp-x:25#1'\$"
expect 0 'a view above' "$mailsim" diff before.jsonl later.yaml --view seg
has out '^SAME  view: mail same | app same | seg same$'
expect 1 'traces of the form text' "$mailsim" diff before.trace later.trace
has out 'seg same | wire DIFFERS$'
has out '^note     before.trace is in the form text'

# ---- the same ----
expect 0 'the same' "$mailsim" diff before.jsonl before.yaml
has out '^SAME  view: mail same | app same | seg same | wire same$'
expect 0 'the same as text' "$mailsim" diff before.trace before.yaml
(cd scenes && "$mailsim" run ../before.yaml --quiet --trace jsonl:../again.jsonl >/dev/null)
count=$((count + 1))
cmp -s before.jsonl again.jsonl || { failed=$((failed + 1)) && echo 'FAILED: a trace tells from where it was made'; }

# ---- a segment that is lost ----
line=$(grep -n 'id: lost250' lossy.yaml | cut -d: -f1)
expect 1 'a loss' "$mailsim" diff before.jsonl lossy.yaml
has out '^DIFFERS  view: mail same | app same | seg DIFFERS | wire DIFFERS$'
has out 'segment s7$'
has out '^  + .* lost(drop@isp-x-pc-a lost250) "250 2.0.0'
has out "^why      fault lost250 is new: id: lost250, drop: .* (lossy.yaml:$line)\$"
has out '^state    pc-a ESTABLISHED .*; isp-x ESTABLISHED '
has out '^after    [0-9]* extra (.* rtx .*), .*realigned at '
expect 1 'a fault of the command line' "$mailsim" diff before.yaml before.yaml --fault \
  '{id: f1, loss: {link: isp-x-isp-y, share: 100%}, for: 2s}'
has out 'lost(loss@isp-x-isp-y f1)$'
has out '^why      fault f1 is new'
has out "^try      mailsim run before.yaml --fault '{id: f1, "

# ---- another mail, another seed ----
expect 1 'a body' "$mailsim" diff before.jsonl body.yaml
has out '^DIFFERS  view: mail same | app DIFFERS'
has out '^first difference: .* host pc-a, user.send$'
has out '^why      the settings of host pc-a differ (body.yaml:[0-9]*)$'
expect 1 'a seed' "$mailsim" diff before.jsonl before.yaml --seed 2
has out '^why      seed 1, now 2$'

# ---- a golden ----
expect 0 accept "$mailsim" accept before.yaml
cp before.golden later.golden
expect 0 'a golden' "$mailsim" diff before.golden before.yaml
has out 'wire same$'
expect 1 'a golden that differs' "$mailsim" diff later.golden later.yaml
has out '^DIFFERS  view: mail same | app same | seg same | wire DIFFERS$'
has out 'mailsim accept later.yaml (when'

# ---- for programs ----
expect 1 json "$mailsim" diff before.jsonl lossy.yaml --json
has out '^{"differs":true,"views":{"mail":false,"app":false,"seg":true,"wire":true,"rest":true},"lines":\[[0-9]*,[0-9]*\],"first":{'
has out '"why":\[{"text":"fault lost250 is new.*","place":"lossy.yaml:[0-9]*"}\]'
if command -v python3 >/dev/null; then
  cp out told.json
  expect 0 'json that can be read' python3 -c 'import json; d = json.load(open("told.json")); assert d["first"]["seg"]["id"] == "s7"'
fi

# ---- what cannot be compared ----
expect 2 'nothing' "$mailsim" diff
has err 'which two'
expect 2 'one' "$mailsim" diff before.jsonl
expect 2 'no file' "$mailsim" diff nowhere.jsonl before.yaml
has err 'nowhere.jsonl cannot be read'
head -c 5000 before.jsonl >cut.jsonl
expect 2 'a trace that is cut off' "$mailsim" diff cut.jsonl before.yaml
has err '^cut.jsonl:[0-9]*: the trace is cut off'
sed '1s/engine 1/engine 7/' before.trace >old.trace
expect 2 'another engine' "$mailsim" diff old.trace before.yaml
has err 'engine 7'
expect 2 'a view that is none' "$mailsim" diff before.jsonl before.yaml --view wir
has err 'did you mean wire'
expect 2 'faults for a trace' "$mailsim" diff before.jsonl before.jsonl --fault x

echo "$count checks, $failed failed"
[ $failed = 0 ]
