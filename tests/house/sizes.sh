#!/bin/sh
# sizes.sh ROOT: a file of lib/ ends before 700 lines (longer ones fail); functions of more than 70 lines, in lib/ and
# elsewhere, and long files outside lib/ are only reported. A function is what stands between "{" and "}" in column one.
set -eu
cd "$1"
find lib include examples tests -type f \( -name '*.c' -o -name '*.h' \) | LC_ALL=C sort | tr '\n' '\0' |
  xargs -0 awk -v file_max=700 -v function_max=70 '
function close_file() {
  if (file == "") return
  files++
  total += lines
  if (file ~ /^lib\//) { lib_files++; lib_total += lines }
  if (lines > file_max) {
    if (file ~ /^lib\//) { printf "%s: %d lines: fails, a file ends before %d\n", file, lines, file_max; failed = 1 }
    else printf "%s: %d lines\n", file, lines
  }
}
FNR == 1 { close_file(); file = FILENAME; head = ""; open = 0 }
{ lines = FNR }
/^[A-Za-z_]/ { head = $0 }
/^\{/ { open = FNR }
/^\}/ && open > 0 {
  if (FNR - open + 1 > function_max && head !~ /(struct|enum|union) [a-z_]+ *$|=/) {
    printf "%s:%d: %d lines: %s\n", FILENAME, open, FNR - open + 1, head
    long_functions++
  }
  open = 0
}
END {
  close_file()
  printf "%d files, %d lines; lib: %d files, %d lines; functions over %d lines: %d\n", files, total, lib_files, lib_total,
         function_max, long_functions
  if (lib_files < 10) { print "too few files: is this the root of the sources?"; failed = 1 }
  exit failed
}'
