#!/bin/sh
# curl.sh MAILSIM FOLDER: curl speaks SMTP, POP3 and IMAP with the simulated servers.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/serve.sh"
serve_need curl curl
serve_begin "$@"
serve_start --trace text:served.txt --trace html:served.html

send() { curl -sS --max-time 60 "$@" --mail-from anna@x.example; }

letter anna@x.example carla@x.example one >one.eml
for mechanism in PLAIN LOGIN CRAM-MD5 SCRAM-SHA-256; do
  send "smtp://127.0.0.1:$submission/laptop" --mail-rcpt carla@x.example -T one.eml --user anna:blue-42 \
    --login-options "AUTH=$mechanism" 2>err.txt || {
    # a curl that was built without a mechanism says so
    [ "$mechanism" = SCRAM-SHA-256 ] || serve_fail "AUTH $mechanism: $(cat err.txt)"
    send "smtp://127.0.0.1:$submission/laptop" --mail-rcpt carla@x.example -T one.eml --user anna:blue-42
  }
done
serve_wait carla 4 one
if send "smtp://127.0.0.1:$submission/laptop" --mail-rcpt carla@x.example -T one.eml --user anna:wrong 2>err.txt; then
  serve_fail "a wrong password was taken"
fi
grep -q 67 err.txt || serve_fail "curl says something else of a wrong password: $(cat err.txt)"
letter anna@x.example carla@x.example large 2000000 >large.eml
send "smtp://127.0.0.1:$mx/laptop" --mail-rcpt carla@x.example -T large.eml
serve_wait carla 1 large
if send "smtp://127.0.0.1:$mx/laptop" --mail-rcpt nobody@x.example -T one.eml 2>err.txt; then
  serve_fail "mail for nobody was taken"
fi

# POP3: how many, one of them, a wrong password
curl -sS --max-time 60 "pop3://127.0.0.1:$pop/" --user carla:red-17 >list.txt
[ "$(grep -c . list.txt)" = 5 ] || serve_fail "POP3 lists $(cat list.txt)"
curl -sS --max-time 60 "pop3://127.0.0.1:$pop/5" --user carla:red-17 >got.eml
tail -c "$(wc -c <large.eml)" got.eml | cmp - large.eml || serve_fail "the large mail is not what was sent"
if curl -sS "pop3://127.0.0.1:$pop/" --user carla:wrong 2>err.txt; then serve_fail "POP3 takes a wrong password"; fi

# IMAP: list, search, fetch, append
curl -sS --max-time 60 "imap://127.0.0.1:$imap/INBOX;UID=1" --user carla:red-17 >got.eml
tail -c "$(wc -c <one.eml)" got.eml | cmp - one.eml || serve_fail "the mail is not what was sent"
curl -sS --max-time 60 "imap://127.0.0.1:$imap/INBOX?SUBJECT%20large" --user carla:red-17 | grep -q 'SEARCH 5' ||
  serve_fail "SEARCH does not find the large mail"
letter carla@x.example anna@x.example draft >draft.eml
curl -sS --max-time 60 "imap://127.0.0.1:$imap/INBOX" --user carla:red-17 -T draft.eml
serve_wait carla 1 draft
if curl -sS "imap://127.0.0.1:$imap/INBOX" --user carla:wrong 2>err.txt; then serve_fail "IMAP takes a wrong password"; fi
# the webmail: logs in, and posts a mail
page() { curl -sS --max-time 60 -c jar -b jar "$@"; }
page -L "http://127.0.0.1:$web/login" -d user=carla -d password=red-17 -o mailbox.html
page "http://127.0.0.1:$web/compose" -o compose.html
csrf=$(sed -n 's/.*name="csrf" value="\([^"]*\)".*/\1/p' compose.html | head -n 1)
page "http://127.0.0.1:$web/send" -F "csrf=$csrf" -F to=anna@x.example -F subject=posted -F body=text -o sent.html
serve_wait anna 1 posted
serve_stop

# in all forms the logins are hidden, but for what was on the wire
serve_hidden served.txt
serve_hidden served.html
grep -aqE 'Ymx1ZS00Mg|AGFubmEAYmx1ZS00Mg' served.pcapng || serve_fail "the capture is not what was on the wire"
grep -q 'redacted:' served.txt || serve_fail "nothing is hidden"

# the units are those of a simulated program that does the same
cat >simulated.yaml <<'EOF'
mailsim: 1
hosts:
  laptop:
    agents:
      - user:
          address: anna@x.example
          login: {user: anna, password: blue-42}
          submit: provider
          submit-port: 587
          script: [{at: 1s, send: {message: m1, to: carla@x.example, subject: one}}]
  provider:
    agents:
      - smtp-server:
          domains: {x.example: {anna: {password: blue-42}, carla: {password: red-17}}}
          listen: [{port: 587, role: submission, sender-check: login}]
links:
  - {join: [laptop, provider], delay: 5ms}
EOF
"$mailsim" run simulated.yaml --trace jsonl:simulated.jsonl >simulated.out || serve_fail "$(cat simulated.out)"
serve_units simulated.jsonl 'laptop>provider:587#1' >simulated.units
serve_units served.jsonl 'laptop>provider:587#1' >served.units
cmp simulated.units served.units || serve_fail "a real client has other units: $(cat served.units)"
grep -q '^client mail.content' served.units || serve_fail "there is no content"
"$mailsim" show served.jsonl --mail | grep -q '^laptop-1$' || serve_fail "the mails have no labels of the laptop"
grep -q '"event":"webmail.received","values":{"message":"laptop-' served.jsonl || serve_fail "the posted mail has no label"
grep -q '"unit":"webmail.submit","message":"laptop-' served.jsonl || serve_fail "what was posted is no unit"
