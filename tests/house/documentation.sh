#!/bin/sh
# documentation.sh ROOT: MSIM_API stands in public headers only, and each declaration there has a comment: in the line,
# in those above it without an empty line between. Each file of the library opens with a comment.
# Does not judge whether the comment helps.
set -eu
cd "$1"
status=0

find include/mailsim -name '*.h' | LC_ALL=C sort | tr '\n' '\0' | xargs -0 awk '
function report() { printf "%s:%d: has no comment: %s\n", pending_file, pending_line, pending; failed = 1 }
FNR == 1 { if (pending != "") report(); pending = ""; comment = 0; inside = 0 }
# a comment may explain the declarations that follow it without an empty line
/\/\*/ { comment = 1; pending = "" }
/^[ \t]*$/ { if (pending != "") report(); pending = ""; comment = 0 }
/^MSIM_API/ {
  count++
  if (!comment) { pending = $0; pending_line = FNR; pending_file = FILENAME }
}
END {
  if (pending != "") report()
  printf "%d public functions\n", count
  if (count < 20) { print "too few: is this the root of the sources?"; failed = 1 }
  exit failed
}' || status=1

if grep -rn --include='*.[ch]' MSIM_API lib; then
  echo "MSIM_API outside include/mailsim: a public function is declared in a public header"
  status=1
fi

for file in $(find lib include -type f -name '*.[ch]' | LC_ALL=C sort); do
  case $(head -n 1 "$file") in
  /\**) ;;
  *)
    echo "$file:1: does not open with a comment that says what the file is for"
    status=1
    ;;
  esac
done
exit $status
