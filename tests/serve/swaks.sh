#!/bin/sh
# swaks.sh MAILSIM FOLDER: swaks tries every way to log in, pipelining, and a provider that greylists.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/serve.sh"
serve_need swaks swaks
serve_need curl curl
serve_begin "$@"
serve_start

try() { swaks --timeout 60 --helo laptop --from anna@x.example "$@" >swaks.out 2>&1; }

for mechanism in PLAIN LOGIN CRAM-MD5; do
  code=0
  try --server "127.0.0.1:$submission" --to carla@x.example --auth $mechanism --auth-user anna --auth-password blue-42 \
    --header "Subject: $mechanism" || code=$?
  if [ $code != 0 ]; then
    # swaks leaves out what a Perl module is missing for
    grep -q 'not available' swaks.out && continue
    cat swaks.out >&2
    serve_fail "AUTH $mechanism ended with $code"
  fi
  serve_wait carla 1 $mechanism
  code=0
  try --server "127.0.0.1:$submission" --to carla@x.example --auth $mechanism --auth-user anna --auth-password no ||
    code=$?
  [ $code = 28 ] || serve_fail "a wrong password with $mechanism ends with $code, and should with 28"
done
try --server "127.0.0.1:$mx" --to carla@x.example,anna@x.example --pipeline --header 'Subject: pipelined' ||
  serve_fail "pipelining: $(cat swaks.out)"
serve_wait carla 1 pipelined
serve_wait anna 1 pipelined
code=0
try --server "127.0.0.1:$mx" --to bob@y.example || code=$?
[ $code = 24 ] || serve_fail "relaying for strangers ends with $code, and should with 24"

# greylisted at first, taken later: the provider tries again
try --server "127.0.0.1:$submission" --to bob@y.example --auth PLAIN --auth-user anna --auth-password blue-42 \
  --header 'Subject: to bob' || serve_fail "to bob: $(cat swaks.out)"
serve_wait bob 1 'to%20bob'
serve_stop
grep -q 'greylisted' served.jsonl || serve_fail "it was not greylisted"
serve_units served.jsonl 'laptop>provider:587#1' >served.units
for unit in 'client smtp.command' 'client auth.credentials' 'server auth.result' 'client smtp.envelope' 'client mail.content'; do
  grep -qx "$unit" served.units || serve_fail "there is no $unit"
done
