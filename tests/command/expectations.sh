#!/bin/sh
# expectations.sh MAILSIM ROOT: `mailsim test`, `record` and `accept`: every example topology holds its expectation; what
# does not hold is told and decides the exit status; goldens are compared by view, and rewritten only when named.
set -u
mailsim=$1 root=$2
folder=$(mktemp -d) || exit 2
trap 'rm -rf "$folder"' EXIT
status=0
fail() {
  echo "FAILED: $1"
  [ $# -lt 2 ] || sed 's/^/  /' "$2"
  status=1
}
# run CODE ARGUMENTS...: the exit status, with standard output in out and the rest in err
run() {
  wanted=$1
  shift
  "$mailsim" "$@" >out 2>err
  code=$?
  [ $code = "$wanted" ] || { cat out err >both; fail "mailsim $* ended with $code, not $wanted" both; }
}
says() { grep -qF -- "$1" out || fail "no \"$1\" in what was printed" out; }

# ---- the examples ----

for topology in $(cd "$root/topologies" && find . -name '*.yaml' ! -path './scenes/*' | sed 's|^\./||'); do
  grep -qlF "topologies/$topology" "$root"/tests/expect/*.expect || fail "no expectation is about topologies/$topology: begin with mailsim record topologies/$topology tests/expect/NAME.expect"
  # of large ones only the fingerprints are kept
  [ -f "$root/tests/golden/${topology%.yaml}.trace" ] || [ -f "$root/tests/expect/$(basename "${topology%.yaml}").golden" ] ||
    fail "topologies/$topology has no golden: enter it in tests/topology/test_golden.c"
done
sed -n '/^## Events/,/^## Options/s/^| \(`[^|]*\)|.*/\1/p' "$root/docs/trace.md" | grep -o '`[a-z0-9_.]*`' | tr -d '`' | sort -u >"$folder/documented"
grep -o '"[a-z0-9_]*\.[a-z0-9_]*"' "$root/lib/check/expect_names.c" | tr -d '"' | sort -u >"$folder/known"
diff "$folder/documented" "$folder/known" >"$folder/out" || fail "events: < in docs/trace.md, > in lib/check/expect_names.c" "$folder/out"
cd "$root/tests/expect" && "$mailsim" test . --quiet --no-again --jobs 2 >"$folder/out" 2>&1 || fail "the examples" "$folder/out"
cd "$folder" || exit 2

# ---- what holds, and what does not ----

run 0 new relay.yaml
run 0 record relay.yaml
says 'wrote relay.expect'
run 2 record relay.yaml
grep -qF 'is there already' err || fail "a draft that overwrites" err
run 0 record relay.yaml -
says 'm1 delivered to ben@b.example 1'
run 0 test relay.expect
says '1 test: 1 ok'
sed 's/S "220 mail-a.*/S "220 mail-z*"/' relay.expect >wrong.expect
run 1 test
says 'FAILED   wrong.expect'
says 'wrong.expect:6:3: this line does not come'
says '^ text'
says '2 tests: 1 ok, 1 failed'
run 1 test --tap
says '1..2'
says 'ok 1 - relay.expect'
says 'not ok 2 - wrong.expect'
says '    wrong.expect:6:3: this line does not come'
run 1 test --quiet --jobs 2 --junit junit.xml
grep -qF '<testsuite name="mailsim" tests="2" failures="1" errors="0"' junit.xml || fail "junit" junit.xml
grep -qF '<failure message="wrong.expect:6:3: this line does not come">' junit.xml || fail "junit" junit.xml
run 0 test --list
[ "$(cat out)" = "relay.expect
wrong.expect" ] || fail "the list" out
rm wrong.expect
printf 'topology relay.yaml\nnver m1 bounced\n' >unusable.expect
run 2 test
says 'UNUSABLE unusable.expect'
says 'unusable.expect:2:1: "nver" begins no statement; did you mean the statement "never"?'
rm unusable.expect
mkdir empty
run 2 test empty
grep -qF 'there is no test in this folder' err || fail "an empty folder" err
run 2 test no-such.expect
printf 'topology relay.yaml\nseed 1..4\nat 0s loss: {link: mail-a-mail-b, share: 30%%}\nsometimes m1 bounced ; mail-a>mail-b:25#1 * lost\nfinally m1 delivered\n' >many.expect
run 1 test many.expect
says '(4 runs)'
says 'many.expect:4:11: this happens in none of 4 runs'
rm many.expect

# ---- a rule that is to be broken ----

sed 's/^hosts:/expect: {violates: I1}\nfaults: [{id: boom, crash: {host: mail-a, disk: wipe}, after: {event: message.accepted, host: mail-a}, for: 30s}]\nhosts:/' relay.yaml >repro.yaml
run 0 test repro.yaml
sed 's/I1/I3/' repro.yaml >other.yaml
run 1 test other.yaml
says 'broken: I1 by m1 on mail-a'
says 'I3 is not broken, and should be'
rm repro.yaml other.yaml

# ---- goldens ----

run 0 accept relay.yaml --view app
says 'new       relay.golden, view app, seed 1'
run 0 test relay.yaml
run 0 accept relay.yaml
says 'unchanged relay.golden'
cp relay.golden before
sed 's/delay: 10ms/delay: 11ms/' relay.yaml >later && mv later relay.yaml
run 0 test relay.yaml # only wire differs
run 1 accept relay.golden --check
says 'view: mail same | app same | seg same | wire DIFFERS'
cmp -s before relay.golden || fail "accept --check writes"
sed 's/Hello, body/Goodbye, body/; s/b.example]/b.example, nobody@b.example]/' relay.yaml >later && mv later relay.yaml
run 1 test relay.yaml
says 'relay.golden: the run is not what it was in the view app'
says 'view: mail DIFFERS'
says 'first difference: line '
says 'if that is right: mailsim accept relay.yaml'
run 0 accept .
says 'changed   relay.golden'
run 0 test relay.yaml
run 0 accept relay.yaml --view wire --fingerprints
[ "$(wc -l <relay.golden)" = 2 ] || fail "a golden of fingerprints alone" relay.golden
run 0 test relay.yaml
sed 's/engine 1 /engine 0 /' relay.golden >old && mv old relay.golden
run 2 test relay.yaml
says 'it was recorded with engine 0'
echo no golden >relay.golden
run 2 test relay.yaml
says 'this is no golden'
run 2 accept relay.yaml
[ "$(cat relay.golden)" = 'no golden' ] || fail "accept overwrites what is no golden"
exit $status
