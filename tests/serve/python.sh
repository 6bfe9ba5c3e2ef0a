#!/bin/sh
# python.sh MAILSIM FOLDER: python's smtplib, poplib and imaplib (client.py).
here=$(cd "$(dirname "$0")" && pwd)
. "$here/serve.sh"
serve_need python3 python3
serve_begin "$@"
serve_start
python3 -B "$here/client.py" "$mx" "$submission" "$pop" "$imap" "$control"
serve_stop
