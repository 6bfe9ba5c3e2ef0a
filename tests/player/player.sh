#!/bin/sh
# player.sh PART MAILSIM ROOT WORK: writes pages with the command and looks at them. PART: pure (modules in node), schema (data
# against its schema, python3 with jsonschema), browser (node, playwright-core, Chromium), pictures (PNG files for people).
# What the browser parts need is looked for in MSIM_BROWSER_MODULES, else in build/browser of the checkout. Ends with 77 and a
# line where something is absent.
set -eu
part=$1 mailsim=$2 root=$3 work=$4/$1
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
  exec python3 "$root/tests/player/schema.py" "$root/docs/player.schema.json" ./*.json
  ;;
browser | pictures)
  command -v node >/dev/null 2>&1 || skip "node is not installed"
  [ -d "$modules/playwright-core" ] || skip "playwright-core is not in build/browser"
  CHROMIUM=${CHROMIUM:-$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)}
  [ -n "$CHROMIUM" ] || skip "Chromium is not installed"
  export CHROMIUM
  export MSIM_BROWSER_MODULES="$modules"
  mkdir pages
  cd pages
  grep -l '^scene:' "$root"/topologies/*.yaml "$root"/topologies/*/*.yaml | grep -v /scenes/ | while read -r topology; do
    name=${topology#"$root/topologies/"}
    page "$(echo "${name%.yaml}" | tr / -)" "$topology"
  done
  page hostile "$root/tests/player/hostile.yaml"
  page office-day "$root/topologies/office-day.yaml"
  page lost-250 "$root/topologies/lost-250.yaml"
  cd ..
  exec node "$root/tests/player/$part.mjs" "$work/pages" "$work"
  ;;
*)
  echo "player.sh: no part $part" >&2
  exit 2
  ;;
esac
