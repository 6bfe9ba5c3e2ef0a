#!/bin/sh
# export.sh MAILSIM ROOT: what `run --export` writes, as it lies there, and as python's mailbox module and mbsync read it.
# Without those the rest is tested all the same, and a line says so.
set -u
mailsim=$1
folder=$(mktemp -d) || exit 2
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 2
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
# ends WHAT CODE COMMAND...
ends() {
  what=$1 code=$2
  shift 2
  "$@" >out 2>err
  same "$what: how it ends" "$code" $?
}

# A folder's name that wants to go elsewhere, lines that look like the beginning of a message, 8-bit text, all flags.
cat >world.yaml <<'YAML'
mailsim: 1
hosts:
  mx:
    agents:
      - smtp-server: {domains: {b.example: [bob]}}
      - imap-server:
          mailboxes:
            bob:
              - {message: m1, from: a@x.example, subject: One, date: 2025-12-24T18:00:00Z, flags: [seen, flagged, answered]}
              - message: m2
                source: "From: a@x.example\nSubject: Grüße\n\nFrom here\n>From there\n>>Fr\nFro\n"
              - {message: m3, folder: Lists/c, date: 2025-12-25, flags: [draft, deleted], body: In a folder}
              - {message: m4, folder: ../../up.d, body: Away}
YAML
ends 'a run' 0 "$mailsim" run world.yaml --quiet --export maildir:md --export mbox:mb
same 'its output' '' "$(cat out err)"
same 'the files of the Maildirs' "md/mx/bob/.%2E%2E.%2E%2E.up%2Ed/new/1767225600.V1767225605U1.mx
md/mx/bob/.Lists.c/cur/1766620800.V1767225602U1.mx:2,DT
md/mx/bob/cur/1766599200.V1767225600U1.mx:2,FRS
md/mx/bob/new/1767225600.V1767225600U2.mx" "$(find md -type f | LC_ALL=C sort)"
same 'nothing lies elsewhere' 'err mb md out world.yaml' "$(ls | tr '\n' ' ' | sed 's/ $//')"
same 'lines that look like a beginning' '>From here
>>From there
>>Fr
Fro' "$(sed -n '/rom here/,/^Fro$/p' mb/mx/bob.mbox)"
same 'flags in an mbox' 'Status: R
X-Status: AF' "$(sed -n '2,3p' mb/mx/bob.mbox)"
same 'the first line of an mbox' 'From a@x.example Wed Dec 24 18:00:00 2025' "$(sed -n 1p mb/mx/bob.mbox)"
same 'lines end in LF' 0 "$(tr -dc '\r' <mb/mx/bob.mbox | wc -c | tr -d ' ')"

ends 'the same again elsewhere' 0 "$mailsim" run world.yaml --quiet --export maildir:md2
same 'two runs are alike' '' "$(diff -r md md2 2>&1)"
mkdir empty
ends 'an empty folder' 0 "$mailsim" run world.yaml --quiet --export mbox:empty

# ---- what is refused ----
ends 'a folder with something in it' 2 "$mailsim" run world.yaml --quiet --export maildir:md
same 'a folder with something in it' 'mailsim: md: there is something in this folder; --export wants a new or an empty one' "$(cat err)"
ends 'no folder' 2 "$mailsim" run world.yaml --quiet --export maildir:world.yaml
same 'no folder' 'mailsim: world.yaml: Not a directory' "$(cat err)"
ends 'a folder in none' 2 "$mailsim" run world.yaml --quiet --export maildir:no/such
same 'a folder in none' 'mailsim: no/such: No such file or directory' "$(cat err)"
ends 'another format' 2 "$mailsim" run world.yaml --quiet --export mh:x
same 'another format' 'mailsim: --export mh:x: write maildir:FOLDER or mbox:FOLDER' "$(cat err)"
ends 'no format' 2 "$mailsim" run world.yaml --quiet --export x
ends 'no folder at all' 2 "$mailsim" run world.yaml --quiet --export mbox:
ends 'one folder twice' 2 "$mailsim" run world.yaml --quiet --export mbox:x --export maildir:x
mkdir full # the complaint goes through a pipe, since no file can be written
(
  trap '' XFSZ
  ulimit -f 0
  "$mailsim" run world.yaml --quiet --export mbox:full 2>&1
  echo "ended with $?"
) | cat >out
same 'a file that cannot be written' 'mailsim: full/mx/bob.mbox: File too large
ended with 2' "$(cat out)"

# ---- as others read it ----
if command -v python3 >/dev/null 2>&1; then
  cat >read.py <<'PY'
import mailbox
box = mailbox.Maildir("md/mx/bob", create=False)
for message in sorted(box, key=lambda m: m.get_date()):
    print(str(message["Subject"])[:2], message.get_flags(), int(message.get_date()))
print(sorted(box.list_folders()))
print(box.get_folder("Lists.c").items()[0][1].get_payload().strip())
box = mailbox.mbox("mb/mx/bob.mbox", create=False)
print(len(box), [m.get_flags() for m in box], box[0].get_from())
PY
  same 'python' "On FRS 1766599200
Gr  1767225600
['%2E%2E', '%2E%2E.%2E%2E', '%2E%2E.%2E%2E.up%2Ed', 'Lists', 'Lists.c']
In a folder
2 ['RAF', ''] a@x.example Wed Dec 24 18:00:00 2025" "$(python3 read.py 2>&1)"
else
  echo "without python3: its mailbox module was not asked"
fi
if command -v mbsync >/dev/null 2>&1; then
  mkdir copy
  cat >mbsyncrc <<RC
MaildirStore theirs
Inbox $folder/md/mx/bob
SubFolders Maildir++

MaildirStore ours
Inbox $folder/copy/bob
SubFolders Maildir++

Channel all
Far :theirs:
Near :ours:
Patterns *
Create Near
SyncState *
RC
  ends mbsync 0 mbsync -q -c mbsyncrc all
  same 'what mbsync copies' 4 "$(find copy -path '*/cur/*' -o -path '*/new/*' | wc -l | tr -d ' ')"
  [ -s err ] && cat err
else
  echo "without mbsync: it was not asked"
fi

echo "$count checks, $failed failed"
[ $failed = 0 ]
