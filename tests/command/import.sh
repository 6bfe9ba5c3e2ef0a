#!/bin/sh
# import.sh MAILSIM: what `run --import` reads: what --export has written comes back the same, and of what others may have
# written nothing is read that is no plain file.
set -u
mailsim=$1
folder=$(mktemp -d) || exit 2
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 2
count=0 failed=0

# same WHAT EXPECTED GOT
same() {
  count=$((count + 1))
  [ "$2" = "$3" ] && return
  failed=$((failed + 1))
  printf 'FAILED: %s\n  expected: %s\n  got: %s\n' "$1" "$2" "$3"
}
# ends WHAT CODE COMMAND...
ends() {
  what=$1 code=$2
  shift 2
  timeout 20 "$@" >out 2>err
  same "$what: how it ends" "$code" $?
}
# refused WHAT COMPLAINT IMPORT
refused() {
  ends "$1" 2 "$mailsim" run bare.yaml --quiet --import "$3"
  same "$1" "mailsim: $2" "$(cat err)"
}

cat >world.yaml <<'YAML'
mailsim: 1
hosts:
  mx:
    agents:
      - smtp-server: {domains: {b.example: [bob]}}
      - imap-server:
          mailboxes:
            bob:
              - {message: m1, from: a@x.example, date: 2025-12-24T18:00:00Z, flags: [seen, flagged, answered]}
              - message: m2
                source: "From: a@x.example\nSubject: Grüße\nStatus: my own\n\nFrom here\n>From there\n>>Fr\n\nFrom\n\n"
              - {message: m3, folder: Lists/c, date: 2025-12-25, flags: [draft, deleted], body: In a folder}
              - {message: m4, folder: ../../up.d, body: Away}
YAML
cat >bare.yaml <<'YAML'
mailsim: 1
hosts:
  mx: {agents: [smtp-server: {domains: {b.example: [bob]}}, imap-server: {}, pop-server: {}]}
  pc: {}
YAML
# uids' validity is the mailbox's, and folders come in another order
plain() {
  find "$1" -type f | sed 's/\.V[0-9]*U/.U/' | LC_ALL=C sort
  find "$1" -type f | LC_ALL=C sort | tr '\n' '\0' | xargs -0 cat
}
ends 'a run' 0 "$mailsim" run world.yaml --quiet --export maildir:md --export mbox:mb
ends 'a Maildir' 0 "$mailsim" run bare.yaml --quiet --import maildir:bob@mx=md/mx/bob --export maildir:md2
same 'its output' '' "$(cat out err)"
same 'the Maildir comes back' "$(cd md && plain .)" "$(cd md2 && plain .)"
ends 'an mbox' 0 "$mailsim" run bare.yaml --quiet --import mbox:bob@mx=mb/mx/bob.mbox \
  --import mbox:bob@b.example@mx/Lists/c=mb/mx/bob,Lists%2Fc.mbox --export mbox:mb2 --export maildir:md3
same 'its output' '' "$(cat out err)"
same 'the mbox comes back' '' "$(diff mb/mx/bob.mbox mb2/mx/bob.mbox 2>&1)"
same 'a folder of an mbox comes back' '' "$(diff mb/mx/bob,Lists%2Fc.mbox mb2/mx/bob,Lists%2Fc.mbox 2>&1)"
same 'from one format to the other' "$(cd md/mx/bob && plain cur && plain new)" "$(cd md3/mx/bob && plain cur && plain new)"

# ---- as others write it ----
mkdir -p theirs/cur theirs/new theirs/tmp theirs/.Sent.2025/cur
printf 'Subject: b\nDate: Thu, 25 Dec 2025 10:00:00 +0100\n\nx\n' >'theirs/cur/b:2,PSa'
printf 'Subject: a\r\n\r\nx' >theirs/new/1766599200.M1P2.host
printf 'Subject: s\n\nx\n' >'theirs/.Sent.2025/cur/1766599201.x:2,S'
echo not read >theirs/tmp/1
touch -d 2001-01-01 theirs/cur/*
ends 'a Maildir of another program' 0 "$mailsim" run bare.yaml --quiet --import maildir:bob@mx=theirs --export maildir:md4
same 'dates, flags and folders' './.Sent.2025/cur/1766599201.U1.mx:2,S
./cur/1766653200.U1.mx:2,S
./new/1766599200.U2.mx' "$(cd md4/mx/bob && find . -type f | sed 's/\.V[0-9]*U/.U/' | LC_ALL=C sort)"
same 'a message without an end' 'Subject: a||x|' "$(cat md4/mx/bob/new/* | tr '\n' '|')"
printf 'From anna@x.example Thu Feb 29 12:00:00 2024 +0100\nSubject: a\nStatus: RO\nX-Status: T\n\nHi\nFrom x\n\nFrom -\nSubject: b\n\n' >their.mbox
ends 'an mbox of another program' 0 "$mailsim" run bare.yaml --quiet --import mbox:bob@mx=their.mbox --export mbox:mb4
same 'its messages' 'From anna@x.example Thu Feb 29 12:00:00 2024
Status: RO
X-Status: T
Subject: a

Hi
>From x

From - Thu Jan  1 00:00:00 2026
Status: 
Subject: b' "$(cat mb4/mx/bob.mbox)"

# ---- what is refused ----
how='write maildir:USER@HOST=FOLDER or mbox:USER@HOST=FILE'
for text in x mh:bob@mx=x maildir:bob=x maildir:bob@mx maildir:bob@mx= maildir:@mx=x mbox:bob@=x mbox:bob@mx/=x; do
  refused "the option $text" "--import $text: $how" "$text"
done
refused 'no such host' '--import mbox:bob@my=x: there is no host my' mbox:bob@my=x
refused 'no such file' '--import: no/such: No such file or directory' mbox:bob@mx=no/such
refused 'no server' '--import: their.mbox: message 1: the host pc has no pop-server and no imap-server to keep it' mbox:bob@pc=their.mbox
refused 'no Maildir' '--import: md: this is no Maildir: it has no folder cur' maildir:bob@mx=md
refused 'no mbox' '--import: world.yaml: this is no mbox: its first line does not begin with "From "' mbox:bob@mx=world.yaml
mkfifo pipe
refused 'a pipe' '--import: pipe: this is no plain file' mbox:bob@mx=pipe
mkdir -p bad/cur bad/new
ln -s /etc/passwd bad/cur/1
refused 'a link' '--import: bad/cur/1: links are not followed here' maildir:bob@mx=bad
rm bad/cur/1 && mkfifo bad/cur/1
refused 'a pipe in a Maildir' '--import: bad/cur/1: this is no plain file' maildir:bob@mx=bad
rm bad/cur/1 && : >bad/cur/1
refused 'an empty message' '--import: bad/cur/1: it is empty' maildir:bob@mx=bad
printf 'a\0b' >bad/cur/1
refused 'a byte 0' '--import: bad/cur/1: there is a byte of value 0 in it' maildir:bob@mx=bad
dd if=/dev/zero of=bad/cur/1 bs=1 count=1 seek=16777216 2>dev.null
refused 'a large message' '--import: bad/cur/1: the message is larger than 16 MiB' maildir:bob@mx=bad
rm bad/cur/1 && rmdir bad/new && ln -s /etc bad/new
refused 'a link for a folder' '--import: bad/new: links are not followed here' maildir:bob@mx=bad
refused 'a folder that cannot be' '--import: their.mbox: message 1: there can be no such user, folder or sender' mbox:bob@mx/a//b=their.mbox
ends 'with --check' 2 "$mailsim" run bare.yaml --check --import maildir:bob@mx=theirs
same 'with --check' 'mailsim: --check reads no mail from files: leave --import out, or put the mail into the topology by `messages`' "$(cat err)"

echo "$count checks, $failed failed"
[ "$failed" -eq 0 ]
