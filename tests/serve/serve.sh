# serve.sh: what the tests of `mailsim serve` share; sourced with MAILSIM, the source folder and an own folder:
#
#   . "$here/serve.sh"; serve_begin "$@"; serve_start [OPTIONS]; ...; serve_stop
#
# Serves world.yaml on free ports, at a speed of twenty. With MAILSIM_LOSSY=1 the laptop's link loses 2 % and takes 50 ms,
# at a speed of ten.
set -eu

serve_fail() {
  echo "serve: $*" >&2
  exit 1
}

# serve_need TOOL PACKAGE: 77 tells ctest that this test was left out.
serve_need() {
  command -v "$1" >/dev/null 2>&1 && return 0
  echo "left out: $1 is not installed (Debian: $2)"
  exit 77
}

serve_begin() {
  mailsim=$1
  folder=$2
  pid=''
  rm -rf "$folder"
  mkdir -p "$folder"
  cd "$folder"
  HOME=$folder
  export HOME
  "$mailsim" serve --help >/dev/null 2>&1 || {
    "$mailsim" serve world 2>&1 | sed 's/^/left out: /'
    exit 77
  }
  trap 'serve_clean' EXIT
  if [ "${MAILSIM_LOSSY-}" = 1 ]; then
    sed 's/{join: \[laptop, provider\].*/{join: [laptop, provider], delay: 50ms, rate: 100Mbit\/s, loss: 2%}/' \
      "$here/world.yaml" >world.yaml
    speed=10
  else
    cp "$here/world.yaml" world.yaml
    speed=20
  fi
}

serve_clean() {
  [ -z "$pid" ] || kill -KILL "$pid" 2>/dev/null || true
}

serve_start() {
  rm -f ports
  "$mailsim" serve world.yaml --speed "$speed" --ports ports --control 0 \
    --map 0=provider:25@laptop --map 0=provider:587@laptop --map 0=provider:110@laptop --map 0=provider:143@laptop \
    --map 0=provider:80@laptop --trace pcapng:served.pcapng --trace jsonl:served.jsonl "$@" >served.out 2>served.err &
  pid=$!
  i=0
  while [ ! -f ports ]; do
    i=$((i + 1))
    kill -0 "$pid" 2>/dev/null && [ $i -lt 300 ] || {
      cat served.out served.err >&2
      serve_fail "it does not become ready"
    }
    sleep 0.1
  done
  mx=$(serve_port provider:25@laptop)
  submission=$(serve_port provider:587@laptop)
  pop=$(serve_port provider:110@laptop)
  imap=$(serve_port provider:143@laptop)
  web=$(serve_port provider:80@laptop)
  control=$(serve_port control)
}

serve_port() {
  awk -v name="$1" '$1 == name { print $2; exit }' ports
}

# serve_stop: SIGTERM ends it well, and the traces are whole.
serve_stop() {
  kill -TERM "$pid"
  code=0
  wait "$pid" || code=$?
  pid=''
  [ $code = 0 ] || {
    cat served.err >&2
    serve_fail "ended with $code"
  }
  if grep -E 'ERROR|runtime error' served.err; then serve_fail "a sanitizer has found something"; fi
  "$mailsim" show served.jsonl --stats >stats.out || serve_fail "its trace cannot be read"
  serve_hidden served.jsonl
  tail -n 1 served.out
  # of a short dialogue a fiftieth may be nothing
  if [ "${MAILSIM_LOSSY-}" = 1 ] && grep -qE 'segments [0-9]{4}' served.out; then
    grep -q 'retransmissions [1-9]' served.out || serve_fail "a lossy link without a retransmission"
    if command -v tshark >/dev/null 2>&1; then
      tshark -r served.pcapng -Y tcp.analysis.retransmission 2>/dev/null | grep -q . ||
        serve_fail "tshark sees no retransmission in the capture"
    fi
  fi
}

# serve_hidden FILE: no password of the worlds here stands in it, neither as it is nor as AUTH LOGIN and PLAIN send it.
serve_hidden() {
  if grep -onE 'blue-42|Ymx1ZS00M|JsdWUtND|ibHVlLTQy|red-17|cmVkLTE3|JlZC0xN|yZWQtMT|green-7|Z3JlZW4tN|dyZWVuLT|ncmVlbi03' "$1"; then
    serve_fail "a password stands in $1"
  fi
}

# serve_units FILE CONN: which units each side of the connection has.
serve_units() {
  grep -F '"kind":"segment","point":"tx","conn":"'"$2"'"' "$1" |
    awk -F '"unit":"' '{ side = $0 ~ /"dir":"client/ ? "client" : "server"; for (i = 2; i <= NF; i++) print side, substr($i, 1, index($i, "\"") - 1) }' |
    LC_ALL=C sort -u
}

# serve_wait USER COUNT [SUBJECT]: until so many mails are there, half a minute at most.
serve_wait() {
  curl -sS "http://127.0.0.1:$control/api/mails?user=$1&count=$2&timeout=30&subject=${3-}" >mails.json
  grep -q '"enough": true' mails.json || {
    cat mails.json >&2
    serve_fail "$2 mails for $1 are not there after half a minute"
  }
}

# letter FROM TO SUBJECT [BYTES]: a mail with CRLF, of about that many bytes.
letter() {
  printf 'From: %s\r\nTo: %s\r\nSubject: %s\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nGrüße!\r\n' "$1" "$2" "$3"
  [ -z "${4-}" ] || awk -v n="$4" 'BEGIN { while (sent < n) { printf "%070d\r\n", sent; sent += 72 } }'
}
