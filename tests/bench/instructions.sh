#!/bin/sh
# instructions.sh BUILD [--write]: counts the instructions of small fixed pieces of work with valgrind and compares them with
# instructions.txt beside it. BUILD is the folder of the benchmarks (build/tests/tests/bench).
#
# Counts do not depend on the machine's load, but on compiler, flags and C library: they are compared only where the first
# line of instructions.txt names the same ones, otherwise the script says so and ends with 77. A count that grows by more
# than 5 % is a failure; --write puts today's counts into the file.
set -eu
[ $# -ge 1 ] || {
  echo "usage: instructions.sh BUILD [--write]" >&2
  exit 2
}
build=$1
list=$(dirname "$0")/instructions.txt
command -v valgrind >/dev/null 2>&1 || {
  echo "instructions.sh: valgrind is not installed"
  exit 77
}

# What the counts depend on: machine, compiler and build type from the cache of the build, C library.
cache=$build
while [ ! -f "$cache/CMakeCache.txt" ]; do
  [ "$cache" != / ] && [ "$cache" != . ] || {
    echo "instructions.sh: $build is no folder of a build" >&2
    exit 2
  }
  cache=$(dirname "$cache")
done
cached() { sed -n "s/^$1:[A-Z]*=//p" "$cache/CMakeCache.txt" | head -n 1; }
compiler=$("$(cached CMAKE_C_COMPILER)" --version | head -n 1)
library=$(getconf GNU_LIBC_VERSION 2>/dev/null || echo 'unknown C library')
processor=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo 2>/dev/null | head -n 1)
kind="$(uname -m); $compiler; $(cached CMAKE_BUILD_TYPE) $(cached CMAKE_C_FLAGS); $library; $processor"

# count PROGRAM ARGUMENTS...: instructions of the whole process
count() {
  program=$1
  shift
  # the address space is laid out the same each time, the environment, which lies on the stack, too, and the
  # benchmarks print no times
  setarch -R true 2>/dev/null && fixed='setarch -R' || fixed=''
  # shellcheck disable=SC2086
  env -i PATH="$PATH" LC_ALL=C BENCH_NO_CLOCK=1 $fixed valgrind --tool=cachegrind --cache-sim=no --cachegrind-out-file=/dev/null \
    "$build/$program" "$@" 2>&1 >/dev/null | sed -n 's/.*I *refs: *//p' | tr -d ,
}

# Each piece is what the larger run needs beyond the smaller one, by unit of work: the start-up falls out.
# piece NAME UNITS "LARGER" "SMALLER"
piece() {
  # shellcheck disable=SC2086
  larger=$(count $3)
  # shellcheck disable=SC2086
  smaller=$(count $4)
  [ -n "$larger" ] && [ -n "$smaller" ] || {
    echo "instructions.sh: valgrind gave no count for $1" >&2
    exit 1
  }
  printf '%s\t%s\n' "$1" $(((larger - smaller) / $2))
}

pieces() {
  piece 'mail_star: a segment' 880 'bench_mail_star 20 3 4096' 'bench_mail_star 20 1 4096'
  piece 'mail_star 1000 hosts: a segment' 22000 'bench_mail_star 1000 2 4096' 'bench_mail_star 1000 1 4096'
  piece 'bulk: a segment' 4120 'bench_bulk 4 10 500000' 'bench_bulk 4 10 100000'
  piece 'idle: a host' 1000 'bench_idle 2000' 'bench_idle 1000'
  piece 'hold 1000: an event' 20000 'bench_hold 1000 30000' 'bench_hold 1000 10000'
  piece 'trace text: a segment' 880 'bench_mail_star 20 3 4096 text' 'bench_mail_star 20 1 4096 text'
  piece 'trace jsonl: a segment' 880 'bench_mail_star 20 3 4096 jsonl' 'bench_mail_star 20 1 4096 jsonl'
  piece 'mails: a mail of 1 KiB' 100 'bench_mails 100 4 2 1024' 'bench_mails 100 4 1 1024'
}

if [ "${2-}" = --write ]; then
  {
    printf '%s\n' "$kind"
    pieces
  } >"$list.new"
  mv "$list.new" "$list"
  cat "$list"
  exit 0
fi
if [ "$(head -n 1 "$list")" != "$kind" ]; then
  echo "not compared: instructions.txt was written with"
  echo "  $(head -n 1 "$list")"
  echo "and this is"
  echo "  $kind"
  exit 77
fi
status=0
now=$(mktemp)
trap 'rm -f "$now"' EXIT
pieces >"$now"
awk -F '\t' '
  FNR == 1 { file++ }
  file == 1 && FNR > 1 { then[$1] = $2 }
  file == 2 {
    change = then[$1] > 0 ? ($2 - then[$1]) * 100 / then[$1] : 100
    printf "%-34s %8d  was %8d  %+.1f %%%s\n", $1, $2, then[$1], change, (change > 5 ? "  TOO MANY" : "")
    seen[$1] = 1
    if (change > 5) bad++
    if (change < -5) better++
  }
  END {
    for (name in then) if (!(name in seen)) { print "no longer counted: " name; bad++ }
    if (better) print "faster by more than 5 %: renew the file, so that it cannot be lost again unseen"
    exit (bad > 0)
  }' "$list" "$now" || status=1
if [ $status != 0 ]; then
  echo "More instructions than before, by more than 5 %. Where that is worth its price, renew the file and say why in the commit:"
  echo "  sh tests/bench/instructions.sh $build --write"
fi
exit $status
