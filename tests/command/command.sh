#!/bin/sh
# command.sh MAILSIM ROOT: exit codes, messages and results of the command.
set -u
mailsim=$1 root=$2
folder=$(mktemp -d) || exit 2
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 2
count=0 failed=0
unset NO_COLOR LC_MESSAGES LANG
LC_ALL=C
export LC_ALL

# expect CODE WHAT COMMAND...: runs it into the files out and err.
expect() {
  code=$1 what=$2
  shift 2
  "$@" >out 2>err
  got=$?
  count=$((count + 1))
  [ $got = "$code" ] && return
  failed=$((failed + 1))
  echo "FAILED: $what: ended with $got, not $code"
  sed 's/^/  out: /' out
  sed 's/^/  err: /' err
}
# The last command printed a line that matches.
has() {
  count=$((count + 1))
  grep -q -e "$2" "$1" && return
  failed=$((failed + 1))
  echo "FAILED: $what: no line of $1 matches: $2"
  sed "s/^/  $1: /" "$1"
}
empty() {
  count=$((count + 1))
  [ ! -s "$1" ] && return
  failed=$((failed + 1))
  echo "FAILED: $what: $1 is not empty"
  sed "s/^/  $1: /" "$1"
}
same() {
  count=$((count + 1))
  cmp -s "$1" "$2" && return
  failed=$((failed + 1))
  echo "FAILED: $what: $1 and $2 differ"
}

# ---- the command as a whole ----
expect 0 help "$mailsim" --help
has out '^usage: mailsim VERB'
empty err
expect 0 version "$mailsim" --version
has out '^mailsim [0-9]*\.[0-9]*\.[0-9]* engine [0-9]*$'
expect 2 'no verb' "$mailsim"
empty out
has err '^usage:'
expect 2 'wrong verb' "$mailsim" rnu
has err 'no verb "rnu"; did you mean "run"?'
expect 2 'strange verb' "$mailsim" zzzzzz
has err 'see mailsim --help'
for verb in test accept; do
  expect 0 "help of $verb behind a file" "$mailsim" $verb nowhere.yaml --help
  has out "^usage: mailsim $verb"
done
for verb in run show check explore list new schema; do
  expect 0 "help of $verb" "$mailsim" $verb --help
  has out "^usage: mailsim $verb"
  expect 2 "$verb with an unknown option" "$mailsim" $verb --hlep
  has err 'no option --hlep; did you mean --help?'
  [ $verb != schema ] || continue
  expect 2 "$verb without operands" "$mailsim" $verb
  has err "^mailsim: $verb: "
  empty out
done
expect 2 'a short option' "$mailsim" run -x "$root/topologies/hello.yaml"
has err 'no option -x'

# ---- run and check: other values, standard input ----
expect 0 'a value' "$mailsim" run "$root/topologies/mail-send.yaml" --order causal --set links.0.delay=15ms --set 'hosts.pc-a.tcp={mss: 500B}'
has out '13/13'
has out '^time 1\.[0-9]* s'
expect 2 'no such key' "$mailsim" run "$root/topologies/mail-send.yaml" --set links.0.dely=15ms
has err '^links\.0\.dely=15ms:1:1: unknown key "dely" (did you mean "delay"?)$'
expect 1 'no such item' "$mailsim" check "$root/topologies/mail-send.yaml" --set links.9.delay=15ms
has err '^links\.9\.delay=15ms: there is no item "9"'
expect 2 'no value' "$mailsim" run "$root/topologies/mail-send.yaml" --set title
has err 'write PATH=VALUE'
expect 0 'other values again' "$mailsim" run "$root/topologies/mail-send.yaml" --order causal --check --set links.0.delay=15ms
has out 'the same in another process'
"$mailsim" run "$root/topologies/hello.yaml" --trace text:a.txt >/dev/null
expect 0 'standard input' sh -c '"$1" run - --trace text:b.txt <"$2"' sh "$mailsim" "$root/topologies/hello.yaml"
tail -n +2 a.txt >a.rest
tail -n +2 b.txt >b.rest
same a.rest b.rest
expect 1 'wrong standard input' sh -c 'echo "hosts: [" | "$1" check -' sh "$mailsim"
has err '^stdin\.yaml:2:1: '
expect 2 'standard input twice' sh -c '"$1" run - --check <"$2"' sh "$mailsim" "$root/topologies/hello.yaml"
has err 'give it a file'

# ---- run: time series ----
expect 0 'time series' "$mailsim" run "$root/topologies/mail-send.yaml" --order causal --quiet --stats series.csv,every=200ms \
  --set links.0.rate=500kbit/s --set 'hosts.pc-a.agents.0.user.script.0.send={message: m1, to: b@y.example, size: 100kB}'
has series.csv '^time_s,kind,name,side,measure,value$'
has series.csv '^1\.200000000,link,isp-x-pc-a,pc-a,queue_bytes,[1-9][0-9]*$'
has series.csv '^[0-9.]*,conn,pc-a>isp-x:25#1,client,goodput_bps,4[0-9][0-9][0-9][0-9][0-9]$'
has series.csv '^[0-9.]*,mail,,,deliveries,1$'
expect 2 'time series with a wrong option' "$mailsim" run "$root/topologies/hello.yaml" --stats x.csv,evry=1s
has err 'did you mean "every"'

# ---- run: a scene ----
scene=$root/topologies/mail-send.yaml
expect 0 'run of a scene' "$mailsim" run "$scene"
has out '^   1     1\.000000 s  A person at PC A decides'
has out '^  13 '
has out '^scene mail-send: 13/13 steps, causal ok, narrated ok$'
has out '^fingerprint mail [0-9a-f]\{16\} app [0-9a-f]\{16\} seg [0-9a-f]\{16\} wire [0-9a-f]\{16\}$'
has out '^seed 1, engine '
empty err
cp out first
expect 0 'the same again' "$mailsim" run "$scene"
same out first
expect 0 quiet "$mailsim" run "$scene" --quiet
empty out
expect 1 'ended before the last steps' "$mailsim" run "$scene" --until 1200ms
has out '^   7     1\.1'
has out '^   8        MISSING'
has out '^   9    NOT REACHED'
has out '^failed: step 8 (isp-x) is missing'
has out '^time 1\.200000 s'
expect 1 'the same, quiet' "$mailsim" run --quiet "$scene" --until=1200ms
has out '^failed: step 8'
expect 1 'another scene' "$mailsim" run "$scene" --scene "$root/topologies/scenes/mail-send-auth.yaml"
has out '^scene mail-send-auth: '
expect 2 'a case that is not there' "$mailsim" run "$scene" --scene "$root/topologies/scenes/dns.yaml" --case cash
has err 'no case "cash"; there are lookup, cache'
expect 2 'a case without a scene' "$mailsim" run "$root/topologies/hello.yaml" --case x
has err 'there is no scene'
expect 0 'one order' "$mailsim" run "$scene" --order causal
has out '^scene mail-send: 13/13 steps, causal ok$'
expect 2 'a wrong order' "$mailsim" run "$scene" --order random
expect 0 json "$mailsim" run "$scene" --json
has out '^{"topology":"mail-send",.*"summary":"scene mail-send: 13/13 steps, causal ok, narrated ok"'
has out '"number":13,.*"state":"observed","n":[0-9]*,"at_ns":[0-9]*}\],"failures":\[\]}'
if command -v python3 >/dev/null 2>&1; then
  cp out run.json
  expect 0 'json is json' python3 -c 'import json, sys; r = json.load(open("run.json")); sys.exit(len(r["scene"]["steps"]) != 13)'
fi

# ---- run: the same again ----
expect 0 'the same in other circumstances' "$mailsim" run "$scene" --check
has out '^the same twice in this process$'
has out '^the same in another process, with'
has out '^the same with and without traces$'
expect 0 'with another seed and end' "$mailsim" run "$root/topologies/mailing.yaml" --check --seed 7 --until 30s --quiet
empty out
expect 1 'a run that does not show its scene stays one' "$mailsim" run "$scene" --check --until 1200ms
has out '^the same twice'
expect 0 'the same, for programs' "$mailsim" run "$scene" --check --json
has err '^the same twice'

# ---- explore ----
expect 0 'every segment lost in turn' "$mailsim" explore "$scene" --each drop
has out '^runs 3[0-9], as they should be 3[0-9]$'
cp out explored
expect 0 'the same, two at a time' "$mailsim" explore "$scene" --each drop --jobs 2
same out explored
expect 0 'every host crashed after each of its lines' "$mailsim" explore "$scene" --each crash --jobs 2 --quiet
empty out
expect 1 'disks that lose what was synced' "$mailsim" explore "$scene" --each crash --disk wipe
has out '^I1 by isp-x: 1[0-9] of 4[0-9] runs$'
has out '^    try: mailsim run .*mail-send.yaml. --fault .{id: explored, crash: {host: "isp-x", disk: wipe}, after: .*}.$'
sed -n 's/^    try: mailsim run .* --fault .\({.*}\).$/\1/p' out | head -n 1 >fault
expect 1 'what is told repeats it' "$mailsim" run "$scene" --no-invariants --fault "$(cat fault)" --until 60s
expect 1 'and is judged alike' "$mailsim" run "$scene" --fault "$(cat fault)"
has out '^broken: I1 by m1'
expect 0 'seeds' "$mailsim" explore "$root/topologies/mailing.yaml" --seeds 1..3
has out '^runs 3, as they should be 3$'
expect 2 'neither faults nor seeds' "$mailsim" explore "$scene"
has err 'give --each drop, --each crash, --each split or --seeds A..B'
expect 2 'seeds that run backwards' "$mailsim" explore "$scene" --seeds 9..1
expect 2 'a disk that is not known' "$mailsim" explore "$scene" --each crash --disk burn
has err 'write keep, lose-unsynced, torn, wipe or stale'
expect 2 'a topology that is not there' "$mailsim" explore absent.yaml --each drop
expect 2 'a fault that is none' "$mailsim" run "$scene" --fault '{id: x, boil: {}}'
has err 'boil'
expect 0 'a fault, and the same again' "$mailsim" run "$root/topologies/hello.yaml" --check --fault '{id: x, drop: {conn: "*", segment: c2}}'
has out '^the same in another process'

# ---- run: captions ----
expect 0 'captions in German' "$mailsim" run "$scene" --language de
cp out german
sed -n 1,14p german | sed 's/^ *[0-9]* *[0-9.]* s  //' >out
cat >expected <<'GERMAN'
Eine Mail über einen Provider senden, ohne Anmeldung
Eine Person an PC A möchte B eine Mail senden.
PC A bittet ISP X um eine TCP-Verbindung (SYN).
ISP X stimmt zu und bittet um die Gegenrichtung (SYN, ACK).
PC A stimmt zu (ACK). Die Verbindung steht.
PC A übergibt die Mail an ISP X (PSH).
ISP X bestätigt (ACK). Ab jetzt ist ISP X für die Mail verantwortlich.
PC A meldet, dass die Mail gesendet ist.
ISP X bittet ISP Y um eine TCP-Verbindung (SYN).
ISP Y stimmt zu und bittet um die Gegenrichtung (SYN, ACK).
ISP X stimmt zu (ACK). Die Verbindung steht.
ISP X übergibt die Mail an ISP Y (PSH).
ISP Y bestätigt (ACK). Ab jetzt ist ISP Y für die Mail verantwortlich.
ISP X weiß, dass die Mail weitergegeben ist.
GERMAN
same out expected
expect 0 'the same language by the environment' env LC_ALL= LANG=de_DE.UTF-8 "$mailsim" run "$scene"
same out german
expect 0 'a region of the language' env LC_ALL=de_AT.UTF-8@euro "$mailsim" run "$scene"
same out german
expect 0 'a region, asked for' "$mailsim" run "$scene" --language de-CH
same out german
expect 0 'an environment of which there are no captions' env LC_ALL=tlh_XX.UTF-8 "$mailsim" run "$scene"
has out 'A person at PC A decides'
expect 0 'programs get English' env LC_ALL=de_DE.UTF-8 "$mailsim" run "$scene" --json
has out '"says":"A person at PC A decides'
expect 0 'unless they ask' "$mailsim" run "$scene" --json --language de
has out '"says":"Eine Person an PC A möchte B eine Mail senden\.'
expect 0 'English asked for' "$mailsim" run "$scene" --language en
same out first
expect 2 'a language of which there are no captions' "$mailsim" run "$scene" --language fr
has err 'no captions of mail-send in this language'
expect 2 'a language that is a path' "$mailsim" run "$scene" --language ../de
has err 'write a language such as en or de'

# ---- run: without a scene, seeds, ends ----
hello=$root/topologies/hello.yaml
expect 0 'run without a scene' "$mailsim" run "$hello"
has out '^  alice-1  sent at 1\.000000 s, delivered to mx/bob at 1\.[0-9]* s$'
has out '^mails 1, delivered 1$'
expect 0 'mails as json' "$mailsim" run "$hello" --json
has out '"mails":\[{"message":"alice-1","sent_at_ns":1000000000,"outcome":"delivered"'
expect 0 'a seed' "$mailsim" run "$hello" --seed 18446744073709551615
has out '^seed 18446744073709551615, '
expect 0 'a random seed' "$mailsim" run "$hello" --seed random
has out '^seed [0-9]*, '
for seed in -1 18446744073709551616 x ''; do
  expect 2 "seed '$seed'" "$mailsim" run "$hello" --seed "$seed"
done
expect 0 'until quiet' "$mailsim" run "$hello" --until quiet
for time in 0s 1.5ms 1us 10ns 1min 1h; do
  expect 0 "until $time" "$mailsim" run "$hello" --until $time
done
for time in 10 s 1.s .5s 1.0000000001s 99999999999h 1 -1s; do
  expect 2 "until $time" "$mailsim" run "$hello" --until $time
done
expect 2 'two topologies' "$mailsim" run "$hello" "$scene"
expect 2 'an option without its value' "$mailsim" run "$hello" --seed
has err '\-\-seed needs a value'
expect 2 'a value too many' "$mailsim" run "$hello" --json=1
has err '\-\-json takes no value'

# ---- run: traces ----
expect 0 'trace on standard output' "$mailsim" run "$hello" --trace text:-
has out '^mailsim-trace/1 topology hello seed 1 engine '
has err '^mails 1, delivered 1$'
cp out on-stdout
expect 0 'traces in files' "$mailsim" run "$hello" --trace text:a.txt --trace jsonl:b.jsonl --trace 'text:c.txt,host=mx,kind=app'
same a.txt on-stdout
what='jsonl trace'
has b.jsonl '^{"schema":"mailsim-trace/1","topology":"hello","seed":1,'
what='filtered trace'
has c.txt 'store.add'
if grep -q 'user.send' c.txt; then
  failed=$((failed + 1))
  echo 'FAILED: the filter lets other hosts through'
fi
echo precious >keep.txt
expect 2 'a format that is not there' "$mailsim" run "$hello" --trace txet:keep.txt
has err 'no format "txet"; did you mean "text"?'
what='a misspelt format leaves the file alone'
has keep.txt precious
for text in text text: :x 'text:,x'; do
  expect 2 "trace $text" "$mailsim" run "$hello" --trace "$text"
done
expect 2 'two traces to one place' "$mailsim" run "$hello" --trace text:- --trace jsonl:-
has err 'standard output cannot take two traces'
expect 2 'an unknown option of a sink' "$mailsim" run "$hello" --trace text:x.txt,hots=mx
expect 2 'a folder that is not there' "$mailsim" run "$hello" --trace text:no/such/file
has err 'no/such/file cannot be written'
if [ -w /dev/full ]; then
  expect 2 'a full disk' "$mailsim" run "$hello" --trace text:/dev/full
  "$mailsim" run "$hello" >/dev/full 2>err
  [ $? = 2 ] || { failed=$((failed + 1)); echo 'FAILED: results into a full disk'; }
fi

# ---- show ----
cat >lossy.yaml <<'LOSSY'
mailsim: 1
title: "Verlust und Ümläute"
hosts:
  pc:
    agents:
      - user:
          address: a@a.example
          submit: mx
          script:
            - {at: 1s, send: {to: b@b.example, size: 200kB}}
            - {at: 2s, send: {to: nobody@b.example, size: 1kB}}
  'rechner-ü': {agents: [{user: {address: z@a.example, submit: r, script: [{at: 1s, send: {to: b@b.example}}]}}]}
  r: {}
  mx: {agents: [{smtp-server: {domains: {b.example: [b]}}}]}
links:
  - join: [pc, r]
    delay: 10ms
    rate: 1Mbit/s
    queue: 8KiB
    loss: 3%
    duplicate: 2%
    corrupt: 1%
    reorder: {share: 5%, by: 15ms}
  - {join: [r, mx], delay: 5ms, rate: 10Mbit/s}
  - {join: ['rechner-ü', r], delay: 5ms}
LOSSY
for file in "$root"/topologies/*.yaml lossy.yaml; do
  name=$(basename "$file" .yaml)
  for options in '' ,hops ,full-text; do
    what="traces of $name$options"
    "$mailsim" run "$file" --seed 18446744073709551615 --quiet --trace "text:run.txt$options" \
      --trace "jsonl:run.jsonl$options" --trace "ladder:run.ladder,steps=none" >out 2>err
    expect 0 "$what, read back" "$mailsim" show run.jsonl --convert "text:again.txt$options" \
      --convert "jsonl:again.jsonl$options"
    empty out
    empty err
    same run.txt again.txt
    same run.jsonl again.jsonl
    expect 0 "$what, as a ladder" "$mailsim" show run.jsonl --width 100
    same out run.ladder
  done
done
expect 0 'a ladder with numbers of the header' "$mailsim" show run.jsonl --ascii --full --width 160
has out '|-* c1 S seq 0 win [0-9]* -*>|'
has out '<=* s[0-9]* P\. [0-9]* seq [0-9]* ack [0-9]* win [0-9]* '
expect 0 'show of standard input' sh -c '"$1" run "$2" --quiet --trace jsonl:- 2>/dev/null | "$1" show - --ascii' sh "$mailsim" "$scene"
has out '^             pc-a  *isp-x$'
has out '^     1\.000000  |-* c1 S -*>|  +10\.[0-9]*ms$'
has out 's2 P\. 33 220 isp-x ESMTP'
expect 0 'show with a width' env COLUMNS=72 "$mailsim" show run.jsonl
expect 0 'show of a connection that is not there' "$mailsim" show run.jsonl --conn nobody
empty out
has err 'nothing in run.jsonl fits conn=nobody'
expect 0 'show of one connection' "$mailsim" show run.jsonl --ascii --conn 'pc>mx:25#2'
has out ' c1 S '
if grep -q 'user.send' out || grep -q 'rechner' out; then
  failed=$((failed + 1))
  echo 'FAILED: --conn lets others through'
fi
expect 0 'show of the mails' "$mailsim" show run.jsonl --mail
has out '^pc-1$'
has out '^      1\.000000  pc  user\.send  from a@a\.example  to b@b\.example  size 200000$'
has out 'mx  store\.add  mailbox b  durable yes'
has out 'pc  message\.failed .*  reason refused'
expect 0 'show in numbers' "$mailsim" show run.jsonl --stats
has out '^connections 3$'
has out '^  pc>mx:25#1  .*loss [0-9]'
has out '^  pc-r  loss [0-9]'
has out '^total records [0-9]*, packets [0-9]*, '
expect 0 'numbers as json' "$mailsim" show run.jsonl --stats --json
has out '^{"connections":\[{"name":"pc>mx:25#1","start_ns":1000000000,"duration_ns":[0-9]*,'
if command -v python3 >/dev/null 2>&1; then
  cp out stats.json
  expect 0 'json is json' python3 -c 'import json; s = json.load(open("stats.json")); assert s["total"]["lost"] == sum(s["total"]["reasons"].values()) > 0; assert s["total"]["packets"] == sum(h["sent"]["packets"] for h in s["hosts"])'
fi
expect 2 'show of the text form' "$mailsim" show run.txt
has err '^run\.txt:1: .*jsonl is needed$'
expect 2 'show of a topology' "$mailsim" show "$scene"
has err ':1: '
expect 2 'show of nothing' "$mailsim" show no.jsonl
has err 'no\.jsonl cannot be read'
expect 2 'show of a folder' "$mailsim" show .
head -c 20000 run.jsonl >cut.jsonl
expect 2 'show of a trace that is cut' "$mailsim" show cut.jsonl --ascii
has err '^cut\.jsonl:[0-9]*: the trace is cut off in the middle of this line$'
has out ' c1 S '
for wrong in '--ladder --mail' '--full --mail' '--json --ladder' '--mail --conn x' '--width 10' '--width x' '--convert txet:x' '--convert text' \
  '--ladder --convert text:-' '--conn a,b' 'second.jsonl'; do
  # shellcheck disable=SC2086
  expect 2 "show $wrong" "$mailsim" show run.jsonl $wrong
  empty out
done
expect 2 'a ladder of a wrong width' "$mailsim" run "$hello" --quiet --trace ladder:x,width=7

# ---- broken input ----
expect 2 'a file that is not there' "$mailsim" run no.yaml
has err 'no\.yaml'
empty out
expect 2 'check of a file that is not there' "$mailsim" check no.yaml
cat >bad.yaml <<'BAD'
mailsim: 1
hosts:
  a: {}
  b: {}
links:
  - {join: [a, c], delay: 10}
BAD
expect 2 'run of a broken file' "$mailsim" run bad.yaml
has err '^bad\.yaml:6:[0-9]*: '
expect 1 'check of a broken file' "$mailsim" check bad.yaml
has err '^bad\.yaml:6:[0-9]*: '
empty out
expect 1 'check goes on behind a broken file' "$mailsim" check bad.yaml "$hello"
has out 'hello.yaml: fine$'
expect 2 'the worst counts' "$mailsim" check bad.yaml no.yaml "$hello"
printf 'mailsim: 1\nscene: s.yaml\nhosts: {a: {}}\n' >with-scene.yaml
expect 2 'a scene that is not there' "$mailsim" run with-scene.yaml
cp "$root/topologies/scenes/mail-send.yaml" s.yaml
expect 0 'a scene that is fine' "$mailsim" check with-scene.yaml
sed 's/anchor: send/anchor: sent/' "$root/topologies/scenes/mail-send.yaml" >s.yaml
expect 1 'a scene that is broken' "$mailsim" check with-scene.yaml
has err '^s\.yaml:[0-9]*:[0-9]*: the anchor sent is no atom of this step$'
expect 2 'run with a scene that is broken' "$mailsim" run with-scene.yaml
printf 'mailsim: 1\ntitle: "\033[31mred\\e[31m"\nhosts: {a: {}}\n' >rude.yaml
"$mailsim" run rude.yaml >out 2>err
what='escape sequences do not reach the terminal'
if grep -q "$(printf '\033')" out err; then
  failed=$((failed + 1))
  echo "FAILED: $what"
fi
head -c 3000 /dev/urandom >noise.yaml
"$mailsim" check noise.yaml >out 2>err
[ $? -le 2 ] || { failed=$((failed + 1)); echo 'FAILED: noise'; }

# ---- check, list, new ----
expect 0 'check of what is shipped' "$mailsim" check "$root"/topologies/*.yaml
has out 'mail-send.yaml: fine$'
# those of one scene lie in a folder of their own; each run is judged by its case
for file in "$root"/topologies/*/*.yaml; do
  case $file in */scenes/*) continue ;; esac
  expect 0 "run of $(basename "$file")" "$mailsim" run "$file" --quiet
done
cat >start.yaml <<'END'
mailsim: 1
hosts:
  mx: {agents: [{smtp-server: {domains: {b.example: [bob]}}}]}
  pc: {agents: [{user: {address: bob@b.example, script: [{at: 1s, check: true}]}}]}
links: [{join: [pc, mx], delay: 1ms}]
END
expect 1 'check of a script that cannot be played' "$mailsim" check start.yaml
has err '^start.yaml: pc: agent user: step 1: check needs an account with receive'
expect 0 'check, quiet' "$mailsim" check --quiet "$root"/topologies/*.yaml
empty out
expect 0 'list agents' "$mailsim" list agents
has out '^smtp-server  '
has out '^  domains: '
expect 0 'list sinks' "$mailsim" list sinks
has out '^jsonl  '
expect 0 'list congestion' "$mailsim" list congestion
has out '^reno  '
(cd "$root" && "$mailsim" list topologies) >out 2>err
what='list topologies'
has out '^topologies/mail-send\.yaml$'
has out '^  The smallest mail$'
has out '^topologies/home/mail-send\.yaml$'
grep -q scenes out && { failed=$((failed + 1)); echo 'FAILED: list topologies tells scenes'; }
expect 0 'list invariants' "$mailsim" list invariants
has out '^T5  only what arrived is acknowledged$'
expect 0 'output into a file' "$mailsim" list sinks -o listed
empty out
has listed '^jsonl  '
expect 2 'output into a folder that is not there' "$mailsim" list sinks --output=nowhere/listed
has err 'nowhere/listed cannot be written'
expect 0 'short options' "$mailsim" test -q -j2 "$root/topologies/hello.yaml"
expect 2 'list of nothing' "$mailsim" list agnets
has err 'did you mean "agents"?'
expect 0 schema "$mailsim" schema
has out '^{"$schema":"https://json-schema.org/draft/2020-12/schema",'
has out '"smtp-server":{'
expect 2 'schema of something' "$mailsim" schema hello.yaml
has err 'it takes no operands'
expect 0 new "$mailsim" new own.yaml
has out '^wrote own\.yaml'
cp own.yaml before.yaml
expect 2 'new does not overwrite' "$mailsim" new own.yaml
has err 'own\.yaml is there already'
same own.yaml before.yaml
expect 0 'new on standard output' "$mailsim" new -
same out own.yaml
expect 0 'check of what new wrote' "$mailsim" check own.yaml
expect 0 'run of what new wrote' "$mailsim" run own.yaml
has out '^  m1  sent at 1\.000000 s, delivered to mail-b/ben at '
expect 2 'new where nothing can be written' "$mailsim" new no/such/own.yaml
mv own.yaml ./--odd.yaml
expect 0 'a name that looks like an option' "$mailsim" check -- --odd.yaml

# ---- SIGINT ----
cat >long.yaml <<'LONG'
mailsim: 1
hosts:
  pc:
    agents:
      - user: {address: a@a.example, submit: mx, script: [{at: 1s, send: {to: b@b.example, size: 200MB}}]}
  mx: {agents: [{smtp-server: {domains: {b.example: [b]}, size-max: 300MB}}]}
links: [{join: [pc, mx], delay: 10ms, rate: 1Gbit/s, loss: 2%}]
LONG
"$mailsim" run long.yaml --trace text:long.txt >out 2>err &
pid=$!
tries=0
while [ ! -s long.txt ] && [ $tries -lt 100 ]; do
  sleep 0.1
  tries=$((tries + 1))
done
kill -INT $pid
wait $pid
got=$?
what='interrupted run'
count=$((count + 1))
case $got in
130)
  has err '^mailsim: interrupted at '
  has out '^fingerprint mail '
  count=$((count + 1))
  [ "$(tail -c 1 long.txt | od -An -c | tr -d ' ')" = '\n' ] || { failed=$((failed + 1)); echo "FAILED: $what: half a line"; }
  ;;
0) ;; # too fast a machine: it was over before
*)
  failed=$((failed + 1))
  echo "FAILED: $what: ended with $got"
  ;;
esac

echo "$count checks, $failed failed"
[ $failed = 0 ]
