#!/bin/sh
# again.sh MAILSIM ROOT: every example topology runs the same again: `mailsim run --check`.
set -u
mailsim=$1 root=$2
folder=$(mktemp -d) || exit 2
trap 'rm -rf "$folder"' EXIT
status=0 count=0
for topology in $(find "$root/topologies" -name '*.yaml' ! -path '*/scenes/*' | LC_ALL=C sort); do
  "$mailsim" run "$topology" --check >"$folder/out" 2>"$folder/err"
  code=$?
  count=$((count + 1))
  if [ $code -gt 1 ] || [ "$(grep -c '^the same ' "$folder/out")" != 3 ]; then
    echo "FAILED: $topology ended with $code"
    cat "$folder/out" "$folder/err"
    status=1
  fi
done
[ $count -gt 0 ] || status=1
echo "$count topologies"
exit $status
