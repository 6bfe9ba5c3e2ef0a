#!/bin/sh
# examples.sh ROOT: docs/examples.md has one row for each topology, and each row is about one that is there; each topology
# begins with a comment that says what to watch.
set -u
cd "$1" || exit 2
wanted=$(mktemp) found=$(mktemp)
trap 'rm -f "$wanted" "$found"' EXIT
result=0
find topologies -name '*.yaml' ! -path 'topologies/scenes/*' | sed 's|^topologies/||' | LC_ALL=C sort >"$wanted"
sed -n 's/^| `\([^`]*\.yaml\)` | [^|][^|]* | [^|][^|]* |$/\1/p' docs/examples.md | LC_ALL=C sort >"$found"
[ "$(wc -l <"$wanted")" -ge 12 ] || { echo "no topologies: is $1 the root?"; result=1; }
diff "$wanted" "$found" || { echo "docs/examples.md: < has no row, > is not there or twice"; result=1; }
while read -r name; do
  sed '/^#/!q' "topologies/$name" | grep -q '^# .*[Ww]atch' || {
    echo "topologies/$name: no comment at its beginning says what to watch"
    result=1
  }
done <"$wanted"
exit $result
