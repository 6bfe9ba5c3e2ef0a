#!/bin/sh
# readers.sh MAILSIM FOLDER msmtp|fetchmail|mbsync|mutt: programs that people fetch and send their mail with.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/serve.sh"
program=$3
case $program in
mbsync) serve_need mbsync isync ;;
*) serve_need "$program" "$program" ;;
esac
serve_need curl curl
serve_begin "$@"
serve_start

# put COUNT: so many mails for carla
put() {
  i=0
  while [ $i -lt "$1" ]; do
    i=$((i + 1))
    letter bob@y.example carla@x.example "mail $i" >put.eml
    curl -sS --max-time 60 "smtp://127.0.0.1:$mx/laptop" --mail-from bob@y.example --mail-rcpt carla@x.example -T put.eml
  done
  serve_wait carla "$1"
}

try_msmtp() {
  for auth in plain login cram-md5 scram-sha-256; do
    umask 077
    cat >msmtprc <<EOF
account x
host 127.0.0.1
port $submission
from anna@x.example
auth $auth
user anna
password blue-42
tls off
domain laptop
EOF
    letter anna@x.example carla@x.example "$auth" | tr -d '\r' | msmtp -C msmtprc -a x carla@x.example ||
      serve_fail "msmtp with $auth"
    serve_wait carla 1 "$auth"
  done
  sed -i 's/blue-42/wrong/' msmtprc
  code=0
  letter anna@x.example carla@x.example no | tr -d '\r' | msmtp -C msmtprc -a x carla@x.example 2>err.txt || code=$?
  [ $code = 77 ] || serve_fail "a wrong password ends with $code, and should with 77: $(cat err.txt)"
}

try_fetchmail() {
  put 3
  umask 077
  for protocol in pop3 imap; do
    [ $protocol = pop3 ] && port=$pop keep=keep || port=$imap keep=nokeep
    : >got.txt
    cat >fetchmailrc <<EOF
poll 127.0.0.1 port $port protocol $protocol auth password:
  user carla password red-17 $keep fetchall sslproto '' mda "cat >>$folder/got.txt"
EOF
    fetchmail --fetchmailrc fetchmailrc --nosyslog --nodetach --pidfile "$folder/$protocol.pid" >fetch.out 2>&1 || {
      cat fetch.out >&2
      serve_fail "fetchmail by $protocol"
    }
    [ "$(grep -c '^Subject: mail' got.txt)" = 3 ] || serve_fail "fetchmail by $protocol: $(cat fetch.out)"
  done
  # fetched by IMAP without keep: nothing is left
  curl -sS "http://127.0.0.1:$control/api/mails?user=carla" | grep -q '"count": 0' || serve_fail "mail is left behind"
  sed -i 's/red-17/wrong/' fetchmailrc
  code=0
  fetchmail --fetchmailrc fetchmailrc --nosyslog --nodetach --pidfile "$folder/wrong.pid" >fetch.out 2>&1 || code=$?
  [ $code = 3 ] || serve_fail "a wrong password ends with $code, and should with 3: $(cat fetch.out)"
}

try_mbsync() {
  put 3
  umask 077
  mkdir -p box/new box/cur box/tmp
  cat >mbsyncrc <<EOF
IMAPAccount x
Host 127.0.0.1
Port $imap
User carla
Pass red-17
SSLType None
AuthMechs LOGIN

IMAPStore far
Account x

MaildirStore near
Path $folder/
Inbox $folder/box

Channel all
Far :far:
Near :near:
Sync All
Create Both
Expunge Both
SyncState $folder/state
EOF
  mbsync -c mbsyncrc all >sync.out 2>&1 || serve_fail "mbsync: $(cat sync.out)"
  [ "$(find box -type f | grep -c /new/)" = 3 ] || serve_fail "mbsync has fetched $(find box -type f)"
  # what is put here goes there, what is deleted there goes here, flags go both ways
  letter carla@x.example carla@x.example 'from the near side' | tr -d '\r' >box/cur/1.near:2,FS
  curl -sS -X DELETE "http://127.0.0.1:$control/api/mails/provider/carla/1" >/dev/null
  mbsync -c mbsyncrc all >sync.out 2>&1 || serve_fail "mbsync the second time: $(cat sync.out)"
  serve_wait carla 1 'from%20the%20near%20side'
  grep -q '"flagged"' mails.json || serve_fail "the flag has not come: $(cat mails.json)"
  [ "$(find box -type f | grep -cE '/(new|cur)/')" = 3 ] || serve_fail "what was deleted is still here"
}

try_mutt() {
  put 2
  cat >muttrc <<EOF
set ssl_starttls=no ssl_force_tls=no
set from=carla@x.example use_from=yes envelope_from=yes
set smtp_url=smtp://carla@127.0.0.1:$submission/ smtp_pass=red-17 smtp_authenticators=cram-md5
set imap_user=carla imap_pass=red-17
set folder=imap://127.0.0.1:$imap/ spoolfile=+INBOX record= copy=no
set wait_key=no quit=yes delete=yes confirmcreate=no confirmappend=no header_cache= sort=date move=no
EOF
  echo 'Grüße von mutt' | mutt -F muttrc -s 'by mutt' anna@x.example >mutt.out 2>&1 || serve_fail "mutt: $(cat mutt.out)"
  serve_wait anna 1 'by%20mutt'
  # with a terminal of script's: opens the inbox, copies the first mail, deletes it, and goes
  cat >keys <<'EOF'
push "<first-entry><copy-message>=Kept<enter>y<delete-message><sync-mailbox><quit>"
EOF
  TERM=xterm COLUMNS=80 LINES=24 timeout 60 script -qec "mutt -F muttrc -e 'source keys'" /dev/null >mutt.out 2>&1 </dev/null ||
    serve_fail "mutt in the inbox: $(cat mutt.out)"
  curl -sS "http://127.0.0.1:$control/api/mails?user=carla&folder=Kept" | grep -q '"count": 1' ||
    serve_fail "mutt has copied nothing"
  curl -sS "http://127.0.0.1:$control/api/mails?user=carla&folder=INBOX" | grep -q '"count": 1' ||
    serve_fail "mutt has deleted nothing"
}

try_"$program"
serve_stop
