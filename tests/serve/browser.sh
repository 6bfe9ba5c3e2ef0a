#!/bin/sh
# browser.sh MAILSIM FOLDER ROOT: Chromium at the simulated webmail and at the page of all mail (browser.mjs). What it needs is looked
# for in MSIM_BROWSER_MODULES, else in build/browser of the checkout.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/serve.sh"
MSIM_BROWSER_MODULES=${MSIM_BROWSER_MODULES:-$3/build/browser/node_modules}
CHROMIUM=${CHROMIUM:-$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)}
export MSIM_BROWSER_MODULES CHROMIUM
serve_need node nodejs
serve_need curl curl
[ -d "$MSIM_BROWSER_MODULES/playwright-core" ] || {
  echo "left out: playwright-core is not in build/browser (sh tests/run.sh --all installs it)"
  exit 77
}
[ -n "$CHROMIUM" ] || {
  echo "left out: Chromium is not installed"
  exit 77
}
serve_begin "$@"
serve_start
letter bob@y.example anna@x.example first >put.eml
curl -sS --max-time 60 "smtp://127.0.0.1:$mx/laptop" --mail-from bob@y.example --mail-rcpt anna@x.example -T put.eml
serve_wait anna 1
node "$here/browser.mjs" "$web" "$control"
serve_stop
