#!/bin/sh
# examples.sh RUN_TOPOLOGY OWN_AGENT ROOT SOCKETS: the small programs do what their comments say.
set -eu
run_topology=$1 own_agent=$2 root=$3 sockets=$4
status=0
fail() {
  echo "FAILED: $1"
  status=1
}

got=$("$own_agent") || fail "own_agent ends with $?"
# One link of 20 ms each way: the question goes out with the third segment's arrival, at 60 ms, and so on.
want='  80.000 ms  anna hears: Who are you?
 100.000 ms  hall hears: anna
 120.000 ms  anna hears: Hello, anna!'
[ "$got" = "$want" ] || fail "own_agent prints: $got"

got=$("$sockets") || fail "sockets ends with $?"
want='  0.000 ms  connect: EINPROGRESS
 40.000 ms  connected
 60.000 ms  accepted
 60.000 ms  the server hears: hello
 80.000 ms  the client hears: hello
            ESTABLISHED, rtt 40.000 ms'
[ "$got" = "$want" ] || fail "sockets prints: $got"

got=$("$run_topology" "$root/topologies/hello.yaml") || fail "run_topology ends with $?"
case $got in
'mailsim-trace/1 topology hello seed 1 engine '*) ;;
*) fail "run_topology prints: $got" ;;
esac
"$run_topology" "$root/topologies/absent.yaml" 2>/dev/null && fail "run_topology takes a file that is not there"
"$run_topology" 2>/dev/null && fail "run_topology runs without a file"
sh -n "$root/examples/quickstart.sh" || fail "quickstart.sh is no shell script"
exit $status
