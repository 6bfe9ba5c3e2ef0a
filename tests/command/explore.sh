#!/bin/sh
# explore.sh MAILSIM ROOT: what a sweep finds becomes a small topology that fails alike: hasty.yaml has nine hosts, five
# mails, six faults, and one relay that promises too early.
set -u
mailsim=$1 root=$2
folder=$(mktemp -d) || exit 2
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 2
unset NO_COLOR LC_MESSAGES LANG
LC_ALL=C
export LC_ALL
count=0 failed=0
cp "$root/tests/command/hasty.yaml" .

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
# has FILE PATTERN: a line of it matches; hasnot: none does.
has() {
  count=$((count + 1))
  grep -q -e "$2" "$1" && return
  failed=$((failed + 1))
  echo "FAILED: $what: no line of $1 matches: $2"
  sed "s|^|  $1: |" "$1"
}
hasnot() {
  count=$((count + 1))
  grep -q -e "$2" "$1" || return
  failed=$((failed + 1))
  echo "FAILED: $what: a line of $1 matches: $2"
  sed "s|^|  $1: |" "$1"
}
same() {
  count=$((count + 1))
  cmp -s "$1" "$2" && return
  failed=$((failed + 1))
  echo "FAILED: $what: $1 and $2 differ"
  diff "$1" "$2" | head -n 20
}
# at_most WHAT LIMIT NUMBER
at_most() {
  count=$((count + 1))
  [ -n "$3" ] && [ "$3" -ge 1 ] && [ "$3" -le "$2" ] && return
  failed=$((failed + 1))
  echo "FAILED: $1: $3, and not 1 to $2"
}

# ---- the hasty relay: one fault, at most three hosts ----
expect 0 'by itself nothing is wrong' "$mailsim" run hasty.yaml --quiet
expect 1 'every host crashed' "$mailsim" explore hasty.yaml --each crash --limit 200 --out kept
has out '^I1 by hub: [0-9]* of 200 runs$'
has out '^    kept: kept/repro-I1-[0-9a-f]\{4\}.yaml, [123] hosts, 1 faults, [0-9]* runs$'
has out '^runs 200 of [0-9]* places, spread evenly (--limit), as they should be 1[0-9]*'
set -- kept/repro-I1-*.yaml
at_most 'one sort of failure is one file' 1 $#
repro=$1
at_most 'hosts' 3 "$(awk '/^[a-z]/ { in_hosts = $1 == "hosts:" } in_hosts && /^  [^ ]/' "$repro" | wc -l)"
at_most 'faults' 1 "$(grep -c '^  - {id: ' "$repro")"
has "$repro" '^# Found by mailsim explore hasty.yaml --each crash: hub after '
has "$repro" '^# Made smaller in [0-9]* runs: hosts 9 -> [123], faults 7 -> 1, '
has "$repro" 'bug: ack-before-sync'
expect 1 'the file fails alike' "$mailsim" run "$repro"
has out '^broken: I1 by .* on hub at .*: the host had charge of it, crashed, and knows nothing of it any more$'
expect 0 'and is a test' "$mailsim" test kept
has "$repro" '^expect: {violates: I1}$'
expect 0 'and without the mistake it does not' sh -c "sed 's/, bug: ack-before-sync//' '$repro' >fixed.yaml && '$mailsim' run fixed.yaml --quiet"
cp out before
expect 1 'the same again' "$mailsim" explore hasty.yaml --each crash --limit 200 --out again --jobs 2
same "$repro" "again/${repro#kept/}"

# ---- seeds, each with faults that it draws ----
cat >storm.yaml <<'END'
mailsim: 1
include: [more/relay.yaml]
hosts:
  alice: {agents: [{user: {address: alice@a.example, submit: relay, script: [{at: 1s, send: {message: m1, to: bob@b.example}}]}}]}
links:
  - {join: [alice, relay], delay: 10ms}
faults:
  - {id: f1, crash: {host: relay}, after: {event: message.accepted, host: relay}, for: 10s}
  - {id: f2, loss: {link: alice-relay, share: 2%}}
  - {id: f3, loss: {link: mx-relay, share: 2%}}
END
mkdir more
cat >more/relay.yaml <<'END'
hosts:
  relay:
    disk: {sync-latency: 2ms}
    agents: [{smtp-server: {relay-from: ["@a.example"], bug: ack-before-sync}}, smtp-client]
  mx: {agents: [{smtp-server: {domains: {b.example: [bob]}}}]}
links:
  - {join: [relay, mx], delay: 10ms}
END
expect 1 'a swarm' "$mailsim" explore storm.yaml --seeds 1..20 --swarm --out swarm
has out '^I1 by relay: \([2-9]\|1[0-8]\) of 20 runs$'
has out '^    try: mailsim explore .storm.yaml. --swarm --shrink --seeds \([0-9]*\)\.\.\1$'
set -- swarm/repro-I1-*.yaml
has "$1" '^# Found by mailsim explore storm.yaml --swarm --seeds: seed [0-9]*.$'
has "$1" '^  - {id: f1, '
hasnot "$1" 'id: f[23]\|^include'
expect 1 'and fails alike' "$mailsim" run "$1" --quiet
expect 1 'printed instead of kept' "$mailsim" explore storm.yaml --seeds 1..20 --swarm --shrink --shrink-runs 5
has out '^# Made smaller in 5 runs, and not to the end: '
has out '^mailsim: 1$'
expect 1 'as large as it was' "$mailsim" explore storm.yaml --seeds 1..20 --swarm --shrink --shrink-runs 0
hasnot out '^# Made smaller\|^include'
has out '^  mx: {agents: \[{smtp-server: {domains: {b.example: \[bob\]}}}\]}$'
expect 2 'a swarm without seeds' "$mailsim" explore storm.yaml --each crash --swarm
has err '--swarm draws by seeds'

# ---- every byte of every connection ----
expect 0 'cut at each byte' "$mailsim" explore "$root/topologies/mail-send.yaml" --each split --limit 60 --jobs 2
has out '^runs 60 of 1[0-9][0-9][0-9] places, spread evenly (--limit), as they should be 60$'
expect 0 'bounded unasked' "$mailsim" explore "$root/topologies/hello.yaml" --each split
has out '^runs [0-9]*, as they should be [0-9]*$'

# ---- a mail that is gone without a rule that is broken: held against the run without the fault ----
cat >cut.yaml <<'END'
mailsim: 1
hosts:
  alice: {agents: [{user: {address: alice@a.example, submit: mx, script: [{at: 1s, send: {message: m1, to: bob@b.example}}, {at: 9s, send: {message: m2, to: bob@b.example}}]}}]}
  mx: {agents: [{smtp-server: {domains: {b.example: [bob]}}}]}
links:
  - {join: [alice, mx], delay: 10ms}
END
expect 0 'cut by until' "$mailsim" explore cut.yaml --each crash --restart 1s --limit 10
expect 2 'an unusable folder' "$mailsim" explore cut.yaml --each crash --out cut.yaml/x
expect 2 'no runs at all' "$mailsim" explore cut.yaml --each crash --limit 0
has err 'write a number from 1 on'
expect 2 'a budget that is no time' "$mailsim" explore cut.yaml --each crash --budget soon
expect 0 'a budget of real time' "$mailsim" explore cut.yaml --each drop --budget 5min --quiet

[ $failed = 0 ] && echo "$count checks" && exit 0
echo "$failed of $count checks failed"
exit 1
