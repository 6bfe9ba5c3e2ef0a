#!/bin/sh
# uplink.sh MAILSIM FOLDER: a simulated relay delivers to a real server, which refuses its first mail for now.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/serve.sh"
serve_need python3 python3
serve_need curl curl
serve_begin "$@"
cp "$here/uplink.yaml" world.yaml
python3 -B "$here/uplink.py" "$folder/real.port" >real.out 2>&1 &
real=$!
i=0
while [ ! -f real.port ]; do
  i=$((i + 1))
  [ $i -lt 100 ] || serve_fail "the real server does not come up: $(cat real.out)"
  sleep 0.1
done
"$mailsim" serve world.yaml --speed 20 --control 0 --ports ports --uplink "outside:25=127.0.0.1:$(cat real.port)" \
  --trace jsonl:served.jsonl >served.out 2>served.err &
pid=$!
wait $real || {
  cat real.out served.out served.err >&2
  serve_fail "the real server has not got what it should"
}
cat real.out
serve_stop
"$mailsim" show served.jsonl --mail >mail.out
grep -q 'm1' mail.out || serve_fail "the trace does not tell of m1"
