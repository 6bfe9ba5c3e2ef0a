#!/bin/sh
# player.sh PART MAILSIM ROOT WORK: writes pages with the command and looks at them. PART: command (pages by run and show), pure (modules in node), schema (data
# against its schema, python3 with jsonschema), browser (node, playwright-core, Chromium), pictures (PNG files for people), looks (makes those in looks/ anew), readme (writes the
# picture of the README, docs/player.png).
# What the browser parts need is looked for in MSIM_BROWSER_MODULES, else in build/browser of the checkout. Ends with 77 and a
# line where something is absent.
set -eu
part=$1 mailsim=$(realpath "$2") root=$(realpath "$3") work=$(realpath "$4")/$1
skip() {
  echo "skipped: $1 (sh tests/run.sh --all installs it)"
  exit 77
}
rm -rf "$work"
mkdir -p "$work"
cd "$work"

# page NAME TOPOLOGY [OPTIONS]: a run as NAME.html, with its trace beside it as the sink html gives it without the page
page() {
  name=$1 topology=$2
  shift 2
  "$mailsim" run "$topology" --quiet --no-invariants --trace "html:$name.html" "$@" >"$name.log" 2>&1 || {
    [ $? = 1 ] || { cat "$name.log"; exit 1; }
  }
}

modules=${MSIM_BROWSER_MODULES:-$root/build/browser/node_modules}
case $part in
command)
  "$mailsim" run "$root/topologies/mail-send.yaml" --quiet --trace html:run.json,data --trace jsonl:run.jsonl,full-text
  echo '{"lang": "fr", "ui": {"play": "Lecture"}, "scene": {"mail-send.1": "Une personne </script>"}, "term": {"pc-a": "PC A"}}' >fr.json
  "$mailsim" show run.jsonl --html show.html --scene "$root/topologies/scenes/mail-send.yaml" --strings fr.json
  grep -q '"translations":\[{"lang":"fr","ui":{"play":"Lecture"},"scene":{"mail-send.1":"Une personne .u003c/script.u003e"},"term":{"pc-a":"PC A"}}\]' show.html
  "$mailsim" show --refresh show.html --html again.html
  cmp show.html again.html
  cp show.html old.html # a page in its own place
  "$mailsim" show --refresh old.html --html old.html
  cmp show.html old.html
  # what the run and its trace tell is the same, but for initial sequence numbers, which a trace does not have
  "$mailsim" show run.jsonl --convert html:show.json,data
  sed -e 's/"isn":\[[0-9,]*\]//g' -e 's/,"scene":.*//' -e 's/,"steps":.*//' run.json >run.part
  sed -e 's/"isn":\[[0-9,]*\]//g' -e 's/,"scene":.*//' -e 's/,"steps":.*//' show.json >show.part
  cmp run.part show.part
  cat >place.yaml <<'END'
mailsim: 1
hosts:
  a: {at: [10%, 90.5%]}
  b: {at: [0, 100%]}
links: [{join: [a, b], delay: 1ms}]
END
  "$mailsim" run place.yaml --quiet --trace html:place.json,data --trace jsonl:place.jsonl
  "$mailsim" show place.jsonl --convert jsonl:again.jsonl --convert html:again.json,data
  cmp place.jsonl again.jsonl
  cmp place.json again.json
  grep -q '"hosts":\[{"name":"a","addresses":\["[0-9.]*"\],"at":\[100000,905000\]},{"name":"b","addresses":\["[0-9.]*"\],"at":\[0,1000000\]}\]' place.json
  refuse() {
    words=$1
    shift
    if "$mailsim" show "$@" >refused.log 2>&1; then
      echo "not refused: show $*"
      exit 1
    fi
    grep -qF "$words" refused.log || { cat refused.log; exit 1; }
  }
  echo '{"lang": 3}' >bad.json
  refuse 'lang is missing' run.jsonl --html x.html --strings bad.json
  refuse 'this is no page of the player' --refresh run.jsonl --html x.html
  refuse 'goes with --html FILE alone' run.jsonl --refresh show.html --html x.html
  refuse 'belongs to --html' run.jsonl --strings fr.json
  # two runs: a page, its data and a trace are the same to it; a page in its own place
  "$mailsim" show run.jsonl --scene "$root/topologies/scenes/mail-send.yaml" --html show.html
  "$mailsim" run "$root/topologies/mail-receive-imap.yaml" --quiet --trace html:imap.html --trace jsonl:imap.jsonl,full-text
  "$mailsim" show --html two.html show.html imap.html
  "$mailsim" show --html both.html run.jsonl imap.jsonl --scene "$root/topologies/scenes/mail-send.yaml" --scene "$root/topologies/scenes/mail-receive-imap.yaml"
  sed -e 's/"isn":\[[0-9,]*\]//g' -e 's/,"strings":.*//' two.html >two.part
  sed -e 's/"isn":\[[0-9,]*\]//g' -e 's/,"strings":.*//' both.html >both.part
  cmp two.part both.part
  "$mailsim" show --html - show.html imap.html >stdout.html
  cmp two.html stdout.html
  "$mailsim" show --html show.html - imap.html --scene "$root/topologies/scenes/mail-send.yaml" <run.jsonl
  cmp two.html show.html
  "$mailsim" show --refresh two.html --html two.html
  cmp two.html stdout.html
  "$mailsim" show --html show.html run.json imap.html
  grep -q '"runs":\[{"topology":"mail-send".*},{"topology":"mail-receive-imap".*,"strings":{.*}}\],"strings":{' show.html
  refuse 'two.html: this page has more than one run' --html x.html two.html imap.html
  refuse 'two.html: this page has more than one run' --html x.html imap.html two.html
  refuse 'missing.html cannot be read' --html x.html imap.html missing.html
  refuse 'at most two traces' --html x.html imap.html imap.html imap.html
  refuse 'mailsim diff run.jsonl imap.html compares them' run.jsonl imap.html
  refuse 'a second one belongs to a second trace' run.jsonl --html x.html --scene a --scene b
  refuse 'one for each trace' run.jsonl --html x.html --scene a --scene b --scene c
  sed 's/"strings":{/"strings":[/' imap.html >damaged.html
  refuse 'damaged.html: the data of the page is damaged: it has no strings' --html x.html imap.html damaged.html
  [ ! -e x.html ]
  "$mailsim" show --refresh run.json --html show.html
  sed 's/mailsim.play.1"/mailsim.play\/7"/' show.html >tomorrow.html
  refuse 'not of the form mailsim.play/1' --refresh tomorrow.html --html x.html
  exit 0
  ;;
pure)
  command -v node >/dev/null 2>&1 || skip "node is not installed"
  mkdir modules
  cp "$root"/lib/trace/player/*.js modules/
  echo '{"type":"module"}' >modules/package.json
  cp "$root/tests/player/pure.mjs" modules/
  for t in mail-send mail-receive-pop lan lost-250 imap-offline; do
    "$mailsim" run "$root/topologies/$t.yaml" --quiet --no-invariants --trace "html:$t.json,data" >/dev/null 2>&1 || [ $? = 1 ]
  done
  exec node modules/pure.mjs "$root" ./*.json
  ;;
schema)
  command -v python3 >/dev/null 2>&1 || skip "python3 is not installed"
  python3 -c 'import jsonschema' 2>/dev/null || skip "python3-jsonschema is not installed"
  for t in hello mail-send mail-receive-imap lan lost-250 dns/lookup dhcp-nat-dns/no-nat relay-crash webmail-send; do
    "$mailsim" run "$root/topologies/$t.yaml" --quiet --no-invariants --trace "html:$(basename $t).json,data" >/dev/null 2>&1 || [ $? = 1 ]
  done
  "$mailsim" run "$root/topologies/lan.yaml" --quiet --no-invariants --trace html:lan.html
  "$mailsim" show --html two.html lan.html mail-send.json
  sed -n '/"schema":"mailsim.play/p' two.html >two.json
  exec python3 "$root/tests/player/schema.py" "$root/docs/player.schema.json" ./*.json
  ;;
browser | pictures | looks | readme)
  command -v node >/dev/null 2>&1 || skip "node is not installed"
  [ -d "$modules/playwright-core" ] || skip "playwright-core is not in build/browser"
  CHROMIUM=${CHROMIUM:-$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)}
  [ -n "$CHROMIUM" ] || skip "Chromium is not installed"
  export CHROMIUM
  export MSIM_BROWSER_MODULES="$modules"
  mkdir pages
  cd pages
  if [ "$part" = readme ]; then
    page mail-send "$root/topologies/mail-send.yaml"
    exec node "$root/tests/player/readme.mjs" "$work/pages/mail-send.html" "$root/docs/player.png"
  fi
  grep -l '^scene:' "$root"/topologies/*.yaml "$root"/topologies/*/*.yaml | grep -v /scenes/ | while read -r topology; do
    name=${topology#"$root/topologies/"}
    page "$(echo "${name%.yaml}" | tr / -)" "$topology"
  done
  page hostile "$root/tests/player/hostile.yaml"
  page office-day "$root/topologies/office-day.yaml"
  page lost-250 "$root/topologies/lost-250.yaml"
  "$mailsim" show --html two.html mail-receive-pop.html mail-receive-imap.html
  cd ..
  [ "$part" != looks ] || exec node "$root/tests/player/looks.mjs" "$work/pages" "$root/tests/player/looks"
  exec node "$root/tests/player/$part.mjs" "$work/pages" "$work"
  ;;
*)
  echo "player.sh: no part $part" >&2
  exit 2
  ;;
esac
