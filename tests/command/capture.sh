#!/bin/sh
# capture.sh MAILSIM ROOT: what the sink pcapng writes, judged by tshark: every block is read, every checksum is right,
# nothing is malformed, hosts and links have their names. Skipped (77) where there is no tshark.
set -u
mailsim=$1 root=$2
if ! command -v tshark >/dev/null 2>&1; then
  echo "skipped: there is no tshark here"
  exit 77
fi
folder=$(mktemp -d) || exit 2
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 2
unset NO_COLOR
HOME=$folder # no settings of the user's
export HOME
count=0 failed=0

# same WHAT EXPECTED GOT
same() {
  count=$((count + 1))
  [ "$2" = "$3" ] && return
  failed=$((failed + 1))
  printf 'FAILED: %s\n  expected: %s\n  got: %s\n' "$1" "$2" "$3"
}

# The fields of all frames, a line each. What tshark says beside that is kept.
fields() {
  tshark -r capture.pcapng -N n -o tcp.check_checksum:TRUE -o ip.check_checksum:TRUE -o udp.check_checksum:TRUE \
    -T fields "$@" 2>complaints || failed=$((failed + 1))
}

# What must hold for any capture: $1 names it. An ICMP error quotes a packet, so fields may have two values: "1,1".
sound() {
  fields -e frame.number -e ip.checksum.status -e tcp.checksum.status -e udp.checksum.status -e icmp.checksum.status >frames
  same "$1: tshark reads it without a word" '' "$(grep -v '^Running as user' complaints)"
  same "$1: frames with a wrong checksum" '' "$(awk '{ for (i = 2; i <= NF; i++) if ($i !~ /^1(,1)*$/) print $1 }' frames | tr '\n' ' ')"
  # groups: a retransmission is worth a note to Wireshark, and rightly so; damage is of other groups
  same "$1: malformed frames" '' "$(tshark -r capture.pcapng -Y '_ws.malformed || _ws.expert.group == "Malformed" ||
    _ws.expert.group == "Checksum" || _ws.expert.group == "Protocol" || _ws.expert.severity == "Error"' 2>/dev/null)"
}

run() {
  "$mailsim" run "$1" --trace "pcapng:capture.pcapng$2" --trace text:text >out 2>err || {
    failed=$((failed + 1))
    echo "FAILED: the run of $1"
    cat err
  }
}

# ---- an example: a perfect network, so that even Wireshark's warnings must be none ----
run "$root/topologies/mail-send.yaml" ''
sound mail-send
same 'mail-send: warnings and errors' '' "$(tshark -r capture.pcapng -q -z expert,warn 2>/dev/null)"
same 'mail-send: as many frames as lines' "$(grep -c '^[0-9.]* tcp ' text)" "$(wc -l <frames | tr -d ' ')"
fields -e ip.src_host -e ip.dst_host >hosts
same 'mail-send: names of hosts' 'isp-x isp-y pc-a ' "$(tr '\t' '\n' <hosts | LC_ALL=C sort -u | tr '\n' ' ')"
fields -e frame.interface_name >links
same 'mail-send: names of links' 'isp-x-isp-y isp-x-pc-a ' "$(LC_ALL=C sort -u links | tr '\n' ' ')"
fields -e frame.time_epoch -e frame.comment >comments
# the text form has the same sendings in the same order, with the same fates
awk '$2 == "tcp" { for (i = 5; i <= NF && $i !~ /^[+]/; i++); print $3, $4, $i }' text >expected
same 'mail-send: comments' "$(cat expected)" "$(cut -f 2 comments)"
awk '$2 == "tcp" { sub(/^[0-9]*/, "", $1); print $1 }' text >expected
same 'mail-send: nanoseconds' "$(cat expected)" "$(cut -f 1 comments | sed 's/^[0-9]*//')"
same 'mail-send: the first second' 1767225601 "$(head -n 1 comments | cut -d . -f 1)"
same 'mail-send: subjects that Wireshark finds' 'Hello Hello ' \
  "$(tshark -r capture.pcapng -Y imf -T fields -e imf.subject 2>/dev/null | tr '\n' ' ')"

# ---- every example, also those that come later: no error; and where nothing is planned to be lost, nothing is ----
find "$root/topologies" -type f -name '*.yaml' >all
while read -r topology; do
  grep -q '^mailsim:' "$topology" || continue # a scene
  name=${topology#"$root/topologies/"}
  run "$topology" ''
  sound "$name"
  [ -s frames ] || same "$name: frames" some none
  [ "$name" = home/mail-send.yaml ] && # leases, ARP, NAT and names
    same "$name: warnings and errors" '' "$(tshark -r capture.pcapng -q -z expert,warn 2>/dev/null)"
  grep -qE '^[^#]*(loss|burst|corrupt|duplicate|reorder|jitter|queue|faults|down|crash|mtu)' "$topology" && continue
  same "$name: segments that were not seen" '' \
    "$(tshark -r capture.pcapng -Y 'tcp.analysis.lost_segment || tcp.analysis.ack_lost_segment' 2>/dev/null)"
done <all
same 'examples: there are some' yes "$([ "$(wc -l <all)" -gt 1 ] && echo yes)"

# ---- DNS: every message is read to its end, by UDP and by TCP ----
for example in dns/lookup dns/cache mail-send-dns; do
  run "$root/topologies/$example.yaml" ''
  sound "$example"
  same "$example: warnings and errors" '' "$(tshark -r capture.pcapng -q -z expert,warn 2>/dev/null)"
  fields -Y dns -e dns.flags.rcode -e dns.count.queries >messages
  same "$example: as many messages as lines" "$(grep -c ' udp .* dns\.' text)" "$(wc -l <messages | tr -d ' ')"
done
fields -Y 'dns.flags.response == 1' -e dns.mx.mail_exchange >exchangers
same 'mail-send-dns: the exchanger, from two servers' 'mx.y.example mx.y.example ' "$(grep . exchangers | tr '\n' ' ')"

# ---- a bad network: each fate is in a comment ----
cat >bad.yaml <<'END'
mailsim: 1
hosts:
  alice:
    agents:
      - user:
          address: alice@a.example
          submit: mx
          script: [{at: 1s, send: {to: bob@b.example, subject: Hi, size: 300KiB}}]
  router:
  mx:
    agents:
      - smtp-server: {domains: {b.example: [bob]}}
links:
  - {join: [alice, router], delay: 10ms, rate: 10Mbit/s, loss: 3%, duplicate: 2%, corrupt: 2%,
     reorder: {share: 2%, by: 5ms}}
  - {join: [router, mx], name: uplink, delay: 10ms, rate: 5Mbit/s, queue: 10 packets}
END
for options in '' ,hops ,point=rx ,point=rx,hops; do
  run bad.yaml "$options"
  sound "bad$options"
done
run bad.yaml ''
fields -e frame.comment >comments
for fate in 'lost(loss)' corrupt; do
  same "bad: comments with $fate" "$(grep -c -F " $fate" text)" "$(grep -c -F " $fate" comments)"
done
[ "$(grep -c -F 'lost(loss)' comments)" -gt 0 ] || same 'bad: is not bad enough' some none

[ $failed = 0 ] && echo "$count checks" && exit 0
echo "$failed of $count checks failed"
exit 1
