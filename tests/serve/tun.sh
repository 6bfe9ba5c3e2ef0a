#!/bin/sh
# tun.sh MAILSIM FOLDER: Linux's own TCP talks to simulated hosts through a TUN device, in a network namespace of its own.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/serve.sh"
serve_need curl curl
serve_need ip iproute2
if [ "${MAILSIM_TUN_INSIDE-}" != 1 ]; then
  if [ ! -e /dev/net/tun ] || ! unshare --user --map-root-user --net true 2>/dev/null; then
    echo "left out: this machine does not permit a network namespace and a TUN device"
    exit 77
  fi
  MAILSIM_TUN_INSIDE=1 exec unshare --user --map-root-user --net sh "$0" "$@"
fi
ip link set lo up
serve_begin "$@"
cat >world.yaml <<'EOF'
mailsim: 1
hosts:
  outside: {addresses: [10.99.0.1, "2001:db8:99::1"]}
  mx:
    addresses: [10.99.1.25, "2001:db8:99:1::25"]
    agents:
      - smtp-server: {domains: {y.example: {b: {password: green-7}}}, listen: [{port: 25, role: mx, auth: none}]}
      - imap-server
links:
  - {join: [outside, mx], delay: 10ms, rate: 50Mbit/s, loss: 1%}
EOF
"$mailsim" serve world.yaml --tun msim0=outside --control 0 --ports ports --trace pcapng:served.pcapng \
  --trace jsonl:served.jsonl >served.out 2>served.err &
pid=$!
i=0
while [ ! -f ports ]; do
  i=$((i + 1))
  kill -0 $pid 2>/dev/null || {
    # the namespace is there, and the device is not permitted
    sed 's/^/left out: /' served.err
    exit 77
  }
  [ $i -lt 100 ] || serve_fail "it does not become ready"
  sleep 0.1
done
ip addr add 10.99.0.2/24 dev msim0
ip -6 addr add 2001:db8:99::2/64 dev msim0 nodad
ip link set msim0 up
ip route add 10.99.1.0/24 dev msim0
ip -6 route add 2001:db8:99:1::/64 dev msim0
control=$(serve_port control)
letter a@x.example b@y.example 'by a kernel' 500000 >large.eml
curl -sS --max-time 60 smtp://10.99.1.25:25/laptop --mail-from a@x.example --mail-rcpt b@y.example -T large.eml
letter a@x.example b@y.example 'by IPv6' >small.eml
curl -sS --max-time 60 'smtp://[2001:db8:99:1::25]:25/laptop' --mail-from a@x.example --mail-rcpt b@y.example -T small.eml
serve_wait b 2
curl -sS --max-time 60 'imap://10.99.1.25:143/INBOX;UID=1' --user b:green-7 >got.eml
tail -c "$(wc -c <large.eml)" got.eml | cmp - large.eml || serve_fail "the mail is not what was sent"
serve_stop
