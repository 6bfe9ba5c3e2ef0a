#!/bin/sh
# wrong.sh MAILSIM FOLDER: what is wrong is said, and a full disk for traces does not end the service.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/serve.sh"
serve_need curl curl
serve_begin "$@"

# refuses CODE SENTENCE ARGUMENTS...
refuses() {
  wanted=$1 sentence=$2
  shift 2
  code=0
  timeout 20 "$mailsim" serve "$@" >served.out 2>served.err || code=$?
  [ $code = "$wanted" ] || serve_fail "serve $* ends with $code, and should with $wanted: $(cat served.err)"
  grep -qF -- "$sentence" served.err || serve_fail "serve $* says: $(cat served.err)"
}
refuses 2 'which topology'
refuses 2 'nothing to do without --map' world.yaml
refuses 2 'write PORT=HOST:PORT@FROM' world.yaml --map 2525
refuses 2 'there is no host nowhere' world.yaml --map 0=provider:25@nowhere
refuses 2 'there is no host nowhere' world.yaml --map 0=nowhere:25@laptop
refuses 2 'write HOST:PORT=ADDRESS:PORT' world.yaml --uplink other=1
refuses 2 'cannot be listened on' world.yaml --uplink provider:25=127.0.0.1:25
refuses 2 'did you mean --map' world.yaml --mep 1
refuses 2 'a number from 0.001 to 1000' world.yaml --speed 0
sed 's/^links:/serve: [{listen: 0, to: "provider:25", from: laptop}, {listen: 1}]\nlinks:/' world.yaml >gates.yaml
refuses 2 'gates.yaml:' gates.yaml
sed 's/^links:/serve: [{listen: 0, to: "provider:25", from: nobody}]\nlinks:/' world.yaml >gates.yaml
refuses 2 'there is no host nobody' gates.yaml

# a port that is taken
serve_start
refuses 2 'cannot be listened on' world.yaml --map "$mx=provider:25@laptop"
serve_stop

# ports of the file, and a warning for other addresses
sed 's/^links:/serve: [{listen: "0.0.0.0:0", to: "provider:25", from: laptop}]\nlinks:/' world.yaml >gates.yaml
mv gates.yaml world.yaml
serve_start
grep -q 'warning: 0.0.0.0 is reached from other machines' served.err || serve_fail "no warning: $(cat served.err)"
serve_stop

# a full disk
[ -c /dev/full ] || exit 0
serve_start --trace text:/dev/full
letter bob@y.example anna@x.example 'on a full disk' 200000 >put.eml
curl -sS --max-time 60 "smtp://127.0.0.1:$mx/laptop" --mail-from bob@y.example --mail-rcpt anna@x.example -T put.eml
serve_wait anna 1
kill -TERM "$pid"
code=0
wait "$pid" || code=$?
pid=''
[ $code = 1 ] || serve_fail "a trace that is not whole ends with $code, and should with 1"
grep -q '/dev/full cannot be written any more' served.err || serve_fail "a full disk is not told: $(cat served.err)"
"$mailsim" show served.jsonl --stats >stats.out || serve_fail "the other trace is broken"
