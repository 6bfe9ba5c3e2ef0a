#!/bin/sh
# rules.sh MAILSIM ROOT: docs/invariants.md has one row for each rule that `mailsim list invariants` tells, and no other.
set -u
wanted=$(mktemp) found=$(mktemp)
trap 'rm -f "$wanted" "$found"' EXIT
"$1" list invariants | sed 's/ .*//' | LC_ALL=C sort >"$wanted"
sed -n 's/^| \([A-Z][0-9][0-9]*\) | .*/\1/p' "$2/docs/invariants.md" | LC_ALL=C sort >"$found"
[ "$(wc -l <"$wanted")" -ge 30 ] || { echo "too few rules: is $1 the command?"; exit 1; }
diff "$wanted" "$found" || { echo "docs/invariants.md: < has no row, > is no rule"; exit 1; }
