#!/bin/sh
# gallery.sh MAILSIM ROOT [OUT]: a page that plays it for every example in topologies/, and an index by docs/examples.md. OUT: a folder,
# default ROOT/docs/gallery, which git ignores. `cmake --build BUILD --target gallery` calls it. Not run by tests: docs/player.md.
set -eu
mailsim=$1 root=$2 out=${3:-$2/docs/gallery}
mkdir -p "$out"
# of a cell of the table: what means something to HTML, then `code`
html() { printf '%s' "$1" | sed -e 's/&/\&amp;/g' -e 's/</\&lt;/g' -e 's/>/\&gt;/g' -e 's|`\([^`]*\)`|<code>\1</code>|g'; }
count=0
for topology in $(cd "$root/topologies" && find . -name '*.yaml' ! -path './scenes/*' | sed 's|^\./||' | LC_ALL=C sort); do
  name=$(echo "${topology%.yaml}" | tr / -)
  # 1: a run that is to show something wrong
  "$mailsim" run "$root/topologies/$topology" --quiet --no-invariants --trace "html:$out/$name.html" >/dev/null 2>"$out/log" || [ $? = 1 ] || {
    echo "left out: $topology: $(head -n 1 "$out/log")"
    rm -f "$out/$name.html"
    continue
  }
  count=$((count + 1))
done
rm -f "$out/log"
{
  cat <<'HEAD'
<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>mailsim: runs to look at</title>
<style>
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 0 auto; padding: 1rem; }
li { margin: .7rem 0; }
small { display: block; opacity: .8; }
</style>
<h1>Runs to look at</h1>
<p>Each of the examples of libmailsim, as a page that plays it. Nothing is loaded from anywhere.</p>
<ul>
HEAD
  sed -n 's/^| `\([^`]*\)\.yaml` | \([^|]*\) | \([^|]*\) |$/\1|\2|\3/p' "$root/docs/examples.md" | while IFS='|' read -r topology shows watch; do
    name=$(echo "$topology" | tr / -)
    [ -f "$out/$name.html" ] || continue
    printf '<li><a href="%s.html">%s</a>: %s<small>%s</small></li>\n' "$name" "$topology" "$(html "$shows")" "$(html "$watch")"
  done
  echo '</ul>'
  echo '</html>'
} >"$out/index.html"
echo "$count pages in $out"
