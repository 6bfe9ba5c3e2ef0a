#!/bin/sh
# screenshots.sh BUILD [OUT]: the webmail's pages as a real browser shows them: at 320 and 1024 pixels, light and dark, as
# PNG files in OUT (default BUILD/webmail). For people to look at; fails when a page makes no picture. Takes some minutes.
# Skipped with a line where there is no Chromium.
set -eu
build=${1:?folder of the build}
out=${2:-$build/webmail}
browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)
if [ -z "$browser" ]; then
  echo "skipped: no chromium here"
  exit 77
fi
mkdir -p "$out"
"$build/tests/topology_test_webmail_pages" "$out" >/dev/null 2>&1
profile=$(mktemp -d)
trap 'rm -rf "$profile"' EXIT
shot() { # page width height theme
  "$browser" --headless=new --no-sandbox --disable-gpu --hide-scrollbars --user-data-dir="$profile" \
    --blink-settings="preferredColorScheme=$4" --window-size="$2,$3" --virtual-time-budget=2000 \
    --screenshot="$out/$1-$2-$5.png" "file://$(cd "$out" && pwd)/$1.html" >"$profile/log" 2>&1 || { cat "$profile/log"; exit 1; }
  [ -s "$out/$1-$2-$5.png" ] || { echo "no picture of $1"; exit 1; }
}
for file in "$out"/*.html; do
  page=$(basename "$file" .html)
  for width in 320 1024; do
    shot "$page" "$width" 900 1 light # the numbers are Blink's: 0 is dark, 1 is light
    shot "$page" "$width" 900 0 dark
  done
done
echo "$(ls "$out"/*.png | wc -l) pictures in $out"
