#!/bin/sh
# run.sh [-n RUNS] [-b BUILD] [-p PEERS] [WORK...]: runs the benchmarks several times each and prints medians, ranges, ratios.
#
#   BUILD  folder of bench_mail_star and the others; build/default/tests/bench of this checkout by default
#   PEERS  folder of programs that do the same work in other simulators, which are not part of this repository:
#          ns3/mail_star N M S, ns3/bulk H F B, ns3/idle N, ns3/hold N E sched=pq|map (each prints name=value on a line),
#          ns2/bulk.tcl H F B. Those that are missing are left out.
#   WORK   star100 star1000 star10000 bulk idle hold trace mails storm million; all but million when none is named
#
# Ours and theirs take turns, a process per run, so that a noisy minute hits all of them. Figures are user time.
set -eu
runs=5
build=$(dirname "$0")/../../build/default/tests/bench
peers=''
usage() {
  echo "usage: run.sh [-n RUNS] [-b BUILD] [-p PEERS] [star100 star1000 star10000 bulk idle hold trace mails storm million]" >&2
  exit 2
}
while getopts n:b:p: option; do
  case $option in
  n) runs=$OPTARG ;;
  b) build=$OPTARG ;;
  p) peers=$OPTARG ;;
  *) usage ;;
  esac
done
shift $((OPTIND - 1))
[ $# -gt 0 ] || set -- star100 star1000 star10000 bulk idle hold trace mails storm
[ -x "$build/bench_mail_star" ] || {
  echo "run.sh: no benchmarks in $build (cmake --preset default && cmake --build --preset default)" >&2
  exit 2
}
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# ---- one run ----

# value ROW WHO NUMBER
value() { printf '%s\t%s\t%s\n' "$1" "$2" "$3" >>"$log"; }

# field NAME LINE: what stands behind NAME=
field() { printf '%s\n' "$2" | tr ' ' '\n' | sed -n "s/^$1=//p" | head -n 1; }

# take ROW WHO NAME FACTOR COMMAND...: one run, its figure times FACTOR
take() {
  row=$1 who=$2 name=$3 factor=$4
  shift 4
  line=$("$@" 2>/dev/null | tr '\n' ' ') || {
    echo "run.sh: failed: $*" >&2
    return 0
  }
  case $line in
  *ok=0*) echo "run.sh: not done right: $*" >&2 ;;
  *) value "$row" "$who" "$(field "$name" "$line" | awk -v f="$factor" '{printf "%.1f", $1 * f}')" ;;
  esac
}
ours() {
  row=$1 name=$2 program=$3
  shift 3
  take "$row" ours "$name" 1 "$build/bench_$program" "$@"
}
theirs() {
  row=$1 who=$2 name=$3 factor=$4 program=$5
  shift 5
  [ -n "$peers" ] && [ -x "$peers/ns3/$program" ] || return 0
  take "$row" "$who" "$name" "$factor" "$peers/ns3/$program" "$@"
}

# user_s COMMAND...: user seconds of a child
user_s() { sh -c '"$@" >/dev/null 2>&1; times' sh "$@" | awk 'NR == 2 { sub("s", "", $1); split($1, t, "m"); print t[1] * 60 + t[2] }'; }

# ns2 prints no times; starting it costs more than a small run, so that is taken off
ns2_bulk() {
  [ -n "$peers" ] && [ -f "$peers/ns2/bulk.tcl" ] && command -v ns >/dev/null 2>&1 || return 0
  segments=$(ns "$peers/ns2/bulk.tcl" 4 10 100000000 | tr ' ' '\n' |
    awk -F= '/^(data_segments|acks_from_receivers)=/ { n += $2 } END { print n }')
  small=$(user_s ns "$peers/ns2/bulk.tcl" 4 10 1460)
  large=$(user_s ns "$peers/ns2/bulk.tcl" 4 10 100000000)
  value "bulk 4 10, ns per segment" ns2 "$(awk -v a="$small" -v b="$large" -v n="$segments" 'BEGIN { printf "%.1f", (b - a) * 1e9 / n }')"
}

# trace FORMAT: what a line costs beside the run without it; lines are counted in a run of their own
trace() {
  counted=$("$build/bench_mail_star" 1000 10 4096 "$1" lines)
  lines=$(field trace_lines "$counted")
  segments=$(field segments "$counted")
  without=$(field run_user "$("$build/bench_mail_star" 1000 10 4096)")
  with=$(field run_user "$("$build/bench_mail_star" 1000 10 4096 "$1")")
  value "trace $1, ns added per line" ours "$(awk -v a="$without" -v b="$with" -v n="$lines" 'BEGIN { printf "%.1f", (b - a) * 1e9 / n }')"
  value "trace $1, ns added per segment" ours "$(awk -v a="$without" -v b="$with" -v n="$segments" 'BEGIN { printf "%.1f", (b - a) * 1e9 / n }')"
}
ns3_ascii() {
  [ -n "$peers" ] && [ -x "$peers/ns3/mail_star" ] || return 0
  without=$(field ns_user_per_seg "$("$peers/ns3/mail_star" 100 10 4096)")
  with=$(field ns_user_per_seg "$("$peers/ns3/mail_star" 100 10 4096 trace=ascii | head -n 1)")
  value "trace text, ns added per segment" ns3-ascii "$(awk -v a="$without" -v b="$with" 'BEGIN { printf "%.1f", b - a }')"
}

work() {
  case $1 in
  star100 | star1000)
    n=${1#star}
    ours "mail_star $n 10 4096, ns per segment" ns_user_per_seg mail_star "$n" 10 4096
    theirs "mail_star $n 10 4096, ns per segment" ns3 ns_user_per_seg 1 mail_star "$n" 10 4096
    ;;
  star10000) # the peer does not end with ten connections each
    ours "mail_star 10000 10 4096, ns per segment" ns_user_per_seg mail_star 10000 10 4096
    ours "mail_star 10000 1 4096, ns per segment" ns_user_per_seg mail_star 10000 1 4096
    [ "$round" -gt 1 ] || theirs "mail_star 10000 1 4096, ns per segment" ns3 ns_user_per_seg 1 mail_star 10000 1 4096
    ;;
  bulk)
    ours "bulk 4 10, ns per segment" ns_user_per_seg bulk 4 10 100000000
    theirs "bulk 4 10, ns per segment" ns3 ns_user_per_seg 1 bulk 4 10 10000000
    ns2_bulk
    ;;
  idle)
    ours "idle 10000, bytes held per host" held_bytes_per_host idle 10000
    ours "idle 10000, bytes resident per host" rss_bytes_per_host idle 10000
    theirs "idle 10000, bytes resident per host" ns3 kb_per_host 1024 idle 10000
    ours "idle 1000000, bytes held per host" held_bytes_per_host idle 1000000
    ;;
  hold)
    for n in 1000 100000; do
      ours "hold $n, ns per event" ns_user_per_event hold "$n" 1000000
      theirs "hold $n, ns per event" ns3-pq ns_user_per_event 1 hold "$n" 1000000 sched=pq
      theirs "hold $n, ns per event" ns3-map ns_user_per_event 1 hold "$n" 1000000
    done
    ;;
  trace)
    trace text
    trace jsonl
    ns3_ascii
    ;;
  mails)
    ours "mails 1000 10 3 mixed, per second of user time" mails_per_s mails 1000 10 3
    ours "mails 10000 10 1 of 1 KiB, per second of user time" mails_per_s mails 10000 10 1 1024
    ours "mails 10000 10 1 of 1 KiB, bytes held per mail" held_bytes_per_mail mails 10000 10 1 1024
    ;;
  storm) ours "a storm of 10,000 mails, all judged, per second of user time" mails_per_s mail_storm 10000 ;;
  million) ours "a million hosts, a mail of 1 KiB each, s of wall time" all_wall mails 1000000 1000 1 1024 ;;
  *) usage ;;
  esac
}

# ---- all of them ----

printf 'load average before: %s\n' "$(cut -d ' ' -f 1-3 /proc/loadavg 2>/dev/null || uptime)"
round=1
while [ "$round" -le "$runs" ]; do
  for name in "$@"; do work "$name"; done
  round=$((round + 1))
done
printf 'load average after: %s; %s runs each, user time, median (lowest-highest)\n\n' \
  "$(cut -d ' ' -f 1-3 /proc/loadavg 2>/dev/null || uptime)" "$runs"

# sorted by row and who, ours first, then by value: the median is in the middle
awk -F '\t' '!($1 in place) { place[$1] = ++n } { printf "%d\t%s\n", place[$1] * 2 + ($2 != "ours"), $0 }' "$log" |
  sort -t "$(printf '\t')" -k 1,1n -k 3,3 -k 4,4g | awk -F '\t' '
  function flush() {
    if (count == 0) return
    median = (v[int((count + 1) / 2)] + v[int((count + 2) / 2)]) / 2
    if (who == "ours") mine = median
    line[++lines] = row "\t" who "\t" median "\t" v[1] "\t" v[count]
    if (who == "ours") own[row] = median
    count = 0
  }
  $2 != row || $3 != who { flush(); row = $2; who = $3 }
  { v[++count] = $4 }
  END {
    flush()
    print "| work | who | median | range | times ours |"
    print "|---|---|--:|--:|--:|"
    for (i = 1; i <= lines; i++) {
      split(line[i], f, "\t")
      ratio = f[2] == "ours" || own[f[1]] <= 0 ? "" : sprintf("%.1f", f[3] / own[f[1]])
      printf "| %s | %s | %.10g | %.10g-%.10g | %s |\n", f[1], f[2], f[3], f[4], f[5], ratio
    }
  }'
