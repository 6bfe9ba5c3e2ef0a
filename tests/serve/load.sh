#!/bin/sh
# load.sh MAILSIM FOLDER [MAILS]: 500 real connections at a time, and so many mails (1000) through them; then clients that
# are killed in the middle of a dialogue. Nothing may be lost, and memory has to stay flat. By hand: 10000 mails.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/serve.sh"
serve_need python3 python3
serve_begin "$1" "$2"
speed=50 # a timeout of five minutes is six seconds here
serve_start --keep 0
python3 -B "$here/load.py" "$mx" "$control" "$pid" "${3-1000}"
serve_stop
