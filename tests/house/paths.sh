#!/bin/sh
# paths.sh ROOT: no file names a path of somebody's machine, nor says of itself that it is unfinished.
# Reads what git tracks, or every file outside build folders where there is no git. Brackets keep this file out of its net.
set -eu
cd "$1"
list() {
  if git rev-parse --is-inside-work-tree >/dev/null 2>&1 && [ -n "$(git ls-files CMakeLists.txt)" ]; then
    git ls-files -co --exclude-standard -z
  else
    find . -type f ! -path './build*' ! -path './.git/*' -print0
  fi
}
status=0
count=$(list | tr '\0' '\n' | wc -l)
if [ "$count" -lt 20 ]; then
  echo "only $count files: is this the root of the sources?"
  status=1
fi
# grep ends with 1 when nothing is found
if list | xargs -0 grep -nIE '(^|[^A-Za-z0-9_.:/])/([h]ome|[r]oot|[w]ork|[U]sers)/[A-Za-z0-9_]' /dev/null; then
  echo "paths of one machine"
  status=1
fi
here=$(pwd)
case $here in
/*/*)
  if list | xargs -0 grep -nIF "$here/" /dev/null; then
    echo "the path of this very checkout"
    status=1
  fi
  ;;
esac
if list | xargs -0 grep -nIE '(^|[^A-Za-z])([T]ODO|[F]IXME|[X]XX)([^A-Za-z]|$)' /dev/null; then
  echo "unfinished by its own words"
  status=1
fi
echo "$count files"
exit $status
