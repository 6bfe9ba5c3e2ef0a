#!/bin/sh
# control.sh MAILSIM FOLDER: the control interface, by curl: what a test suite in any language does with it.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/serve.sh"
serve_need curl curl
serve_begin "$@"
serve_start

api="http://127.0.0.1:$control/api"
# ask METHOD PATH STATUS [BODY]: the answer lies in answer.txt
ask() {
  status=$(curl -sS --max-time 60 -o answer.txt -w '%{http_code}' -X "$1" ${4+-d "$4"} "$api/$2")
  [ "$status" = "$3" ] || {
    cat answer.txt >&2
    serve_fail "$1 $2 gives $status, and should give $3"
  }
}
says() { grep -qF "$1" answer.txt || serve_fail "no $1 in $(cat answer.txt)"; }
send() {
  letter bob@y.example "$1" "$2" >put.eml
  curl -sS --max-time 60 "smtp://127.0.0.1:$mx/laptop" --mail-from bob@y.example --mail-rcpt "$1" -T put.eml 2>err.txt
}

ask GET status 200
says '"topology": "world"'
ask GET mails 200
says '"count": 0'
ask GET 'mails?count=1&timeout=1' 200
says '"enough": false'

# mail: a list, one of it, raw, in parts, taken out
send anna@x.example first
ask GET 'mails?user=anna&count=1&timeout=30' 200
says '"subject": "first"'
ask GET mails/provider/anna/1 200
says '"text": "Grüße!\n"'
says '"type": "text/plain"'
ask GET mails/provider/anna/1/raw 200
says 'Subject: first'
ask GET mails/provider/anna/1/parts/0 200
says 'Grüße!'
ask GET mails/provider/anna/1/parts/7 404
ask GET mails/provider/anna/99 404
ask DELETE mails/provider/anna/1 200
ask GET mails/provider/anna/1 404

# users come and go
if send erin@x.example no; then serve_fail "mail for somebody unknown was taken"; fi
ask PUT users/provider/erin@x.example 204 '{"password": "violet-3"}'
send erin@x.example yes
curl -sS "imap://127.0.0.1:$imap/" --user erin:violet-3 | grep -q INBOX || serve_fail "erin cannot log in"
ask DELETE users/provider/erin@x.example 204
if curl -sS "imap://127.0.0.1:$imap/" --user erin:violet-3 2>err.txt; then serve_fail "erin can still log in"; fi
if send erin@x.example no; then serve_fail "mail for somebody who has gone was taken"; fi
ask DELETE users/provider/erin@x.example 404
ask PUT users/provider/erin@x.example 400 '{"pasword": "x"}'
ask PUT users/nowhere/erin@x.example 404 '{}'

# faults: a cut, and its end
ask POST faults 204 '{"id": "cut", "down": {"link": "laptop-provider"}}'
ask POST faults 400 '{"id": "cut", "down": {"link": "laptop-provider"}}'
says 'already a fault'
ask POST faults 400 '{"id": "typo", "dwon": {"link": "laptop-provider"}}'
says 'did you mean'
curl -sS --max-time 2 "imap://127.0.0.1:$imap/" --user anna:blue-42 2>err.txt && serve_fail "nothing is cut"
ask DELETE faults/cut 204
ask DELETE faults/cut 404
send anna@x.example 'after the cut' || serve_fail "$(cat err.txt)"

# a rule of SMTP, for a while
ask POST faults 204 '{"id": "later", "smtp": {"host": "provider", "at": "RCPT", "reply": "451 4.7.1 Later, please"}}'
if send anna@x.example later; then serve_fail "the rule does not hold"; fi
ask DELETE faults/later 204
send anna@x.example later || serve_fail "the rule still holds: $(cat err.txt)"

# both loopback addresses lead to the same door
if [ -e /proc/net/if_inet6 ] && grep -q ' lo$' /proc/net/if_inet6; then
  curl -sS -g "imap://[::1]:$imap/" --user anna:blue-42 | grep -q INBOX || serve_fail "::1 is not listened on"
fi

# time passes when it is told to
ask POST time 200 '{"by": "10h"}'
ask POST time 400 '{"by": "soon"}'
ask GET status 200
[ "$(sed -n 's/.*"now_ns": \([0-9]*\).*/\1/p' answer.txt)" -gt 36000000000000 ] || serve_fail "ten hours have not passed"

# the trace so far, in all its forms
for form in jsonl text ladder pcapng html; do
  ask GET trace/$form 200
  [ -s answer.txt ] || serve_fail "the trace as $form is empty"
  cp answer.txt so-far.$form
done
"$mailsim" show so-far.jsonl --mail | grep -q laptop-1 || serve_fail "the trace so far does not tell of the first mail"
ask GET trace/nonsense 404
grep -q mailsim-data so-far.html || serve_fail "the page of the trace so far has no data"

# a page of elsewhere has no say
status=$(curl -sS -o answer.txt -w '%{http_code}' -H 'Host: evil.example' "$api/status")
[ "$status" = 403 ] || serve_fail "a foreign host is answered with $status"
status=$(curl -sS -o answer.txt -w '%{http_code}' -H 'Origin: http://evil.example' -X POST "$api/reset")
[ "$status" = 403 ] || serve_fail "a foreign page is answered with $status"
for path in ../../etc/passwd %2e%2e/%2e%2e/etc/passwd mails/..%2f..%2fetc/passwd/1; do
  status=$(curl -sS --path-as-is -o answer.txt -w '%{http_code}' "$api/$path")
  [ "$status" = 404 ] || serve_fail "$path is answered with $status"
done
awk 'BEGIN { for (i = 0; i < 40000; i++) printf "%050d", i }' >big.txt
status=$(curl -sS -o answer.txt -w '%{http_code}' -H 'Expect:' --data-binary @big.txt "$api/faults")
[ "$status" = 413 ] || serve_fail "two megabytes are answered with $status"
ask GET nothing 404
ask PUT status 405

# reset: nothing is left of it
ask POST faults 204 '{"id": "again", "down": {"link": "laptop-provider"}}'
ask POST reset 204
send carla@x.example 'after the reset' || serve_fail "the fault is still there: $(cat err.txt)"
ask GET 'mails?count=1&timeout=30' 200
says '"count": 1'
serve_stop
