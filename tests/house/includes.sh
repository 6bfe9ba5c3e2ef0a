#!/bin/sh
# includes.sh ROOT SEES: the include rule. SEES has a line "layer: layers that it may see" for each layer.
#   lib/LAYER/...      its own headers, those of layers it sees, <mailsim/x.h>, C headers; <yaml.h> in text and
#                      <openssl/x.h> in digest only
#   include/mailsim/   each other and C headers
#   examples/          <mailsim/x.h>, system headers, and files of its own folder and of those around it
# Fails with file:line of each violation. Does not see what the linker sees: tests/CMakeLists.txt links layer by layer.
set -eu
root=$1
sees=$2
cd "$root"

find lib include examples -type f \( -name '*.c' -o -name '*.h' \) | LC_ALL=C sort | tr '\n' '\0' |
  xargs -0 awk -v sees="$sees" '
function bad(text) { printf "%s:%d: %s\n", FILENAME, FNR, text; failed = 1 }
function exists(path,    line, got) {
  if (!(path in known)) { got = (getline line < path); close(path); known[path] = got >= 0 }
  return known[path]
}
BEGIN {
  count = split("inttypes limits stdalign stdarg stdbool stddef stdint stdio stdlib string errno", names, " ")
  for (i = 1; i <= count; i++) c_header[names[i] ".h"] = 1
  while ((getline line < sees) > 0) {
    split(line, parts, ": *")
    if (parts[1] == "") continue
    layers[parts[1]] = 1
    may[parts[1], parts[1]] = 1
    count = split(parts[2], names, " ")
    for (i = 1; i <= count; i++) may[parts[1], names[i]] = 1
  }
}
FNR == 1 {
  files++
  split(FILENAME, path, "/")
  room = path[1]
  layer = room == "lib" ? path[2] : ""
  if (room == "lib" && !(layer in layers)) bad("is in no layer of MSIM_LAYERS")
}
/^[ \t]*#[ \t]*include/ {
  includes++
  spec = $0
  sub(/^[ \t]*#[ \t]*include[ \t]*/, "", spec)
  name = substr(spec, 2)
  sub(/[">].*/, "", name)
  kind = substr(spec, 1, 1)
  if (kind != "<" && kind != "\"") { bad("includes a macro: the rule cannot be checked"); next }
  if (kind == "<" && name ~ /^mailsim\//) {
    if (!exists("include/" name)) bad("<" name "> does not exist")
    next
  }
  if (room == "examples") {
    if (kind == "\"") {
      folder = FILENAME
      sub(/[^\/]*$/, "", folder)
      while (folder != "examples/" && !exists(folder name)) sub(/[^\/]*\/$/, "", folder)
      if (name ~ /\.\./ || !exists(folder name)) bad("\"" name "\" is not in its own folder: examples see <mailsim/...> only")
    }
    next
  }
  if (kind == "<") {
    if (!(name in c_header) && !(room == "lib" && layer == "text" && name == "yaml.h") && !(room == "lib" && layer == "digest" && name ~ /^openssl\//))
      bad("<" name "> is neither <mailsim/...> nor one of the C headers in use")
    next
  }
  if (room == "include") { bad("\"" name "\": public headers include <mailsim/...> and C headers only"); next }
  split(name, part, "/")
  if (name !~ /\// || !(part[1] in layers)) bad("\"" name "\" does not begin with a layer")
  else if (!((layer, part[1]) in may)) bad(layer " may not see " part[1] " (\"" name "\")")
}
END {
  printf "%d files, %d includes\n", files, includes
  if (files < 10 || includes < 10) { print "too few: is this the root of the sources?"; failed = 1 }
  exit failed
}'
