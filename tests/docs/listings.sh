#!/bin/sh
# listings.sh MAILSIM ROOT LIBRARY DOCUMENT: every listing of a document does what the text says. CC, CFLAGS and YAML_LIBS
# come by the environment. A listing is what stands between ``` lines, or after an empty line behind four spaces:
#
#   ```yaml           a topology: `mailsim check`, then `mailsim run`
#   ```expect         an expectation: `mailsim test`, and it holds
#   ```c              compiled; linked and run when it has a main
#   ```sh, or indented  run, with mailsim and pkg-config's mailsim at hand; the two set-up scripts are left to CI
#   ```text, ```json  shown output: each line must have been printed by a listing above it in the document, or written to
#                     a .jsonl file; a `…` stands for anything
#   ```console        a transcript with prompts, which is not run
#
# A listing whose first line is `# NAME.yaml` or `/* NAME.c: ...` is saved under that name for those behind it. All of a
# document's listings share one scratch folder, which also has a copy of topologies/.
set -u
mailsim=$1 root=$2 library=$3 document=$4
folder=$(mktemp -d) || exit 2
trap 'rm -rf "$folder"' EXIT
count=0 failed=0
LC_ALL=C
export LC_ALL

fail() { # LINE TEXT [FILE]
  failed=$((failed + 1))
  echo "$document:$1: $2"
  [ $# -lt 3 ] || tail -n 20 "$3" | sed 's/^/  /'
}

# ---- a place in which commands find what they name ----

mkdir "$folder/bin" "$folder/listings" "$folder/scratch"
ln -s "$mailsim" "$folder/bin/mailsim"
printf '#!/bin/sh\nexec %s %s "$@"\n' "$CC" "$CFLAGS" >"$folder/bin/cc"
chmod +x "$folder/bin/cc"
cat >"$folder/bin/mailsim.pc" <<PC
Name: mailsim
Description: the library of this build
Version: 0
Cflags: -I$root/include
Libs: $library $YAML_LIBS
PC
PATH=$folder/bin:$PATH
PKG_CONFIG_PATH=$folder/bin${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}
export PATH PKG_CONFIG_PATH
cp -R "$root/topologies" "$folder/scratch/"
: >"$folder/printed"

# ---- extraction: NUMBER.KIND files, and an index of "NUMBER KIND LINE" ----

awk -v out="$folder/listings" '
function open_listing(k) { kind = k; name = sprintf("%s/%03d.%s", out, ++n, kind); printf "" >name; printf "%03d %s %d\n", n, kind, FNR >(out "/index") }
inside == "fence" && /^ *```/ { inside = ""; close(name); blank = 0; next }
inside == "fence" { print >name; next }
/^ *```/ { info = $0; gsub(/[` ]/, "", info); open_listing(info == "" ? "nothing" : info); inside = "fence"; next }
inside == "indented" && /^    / { print substr($0, 5) >name; next }
inside == "indented" { inside = ""; close(name) }
/^    [^ ]/ && blank { open_listing("sh"); inside = "indented"; print substr($0, 5) >name; next }
{ blank = /^$/ }
END { if (inside == "fence") { print "a listing does not end"; exit 1 } }' "$root/$document" || exit 1
[ -f "$folder/listings/index" ] || : >"$folder/listings/index"

# ---- kinds ----

# The name that the first line gives, or NUMBER.SUFFIX.
name_of() {
  given=$(sed -n "1s|^[#/*]* *\([A-Za-z0-9_.-]*\.$2\)\(:.*\)\{0,1\}\$|\1|p" "$1")
  [ -n "$given" ] && echo "$given" || basename "$1"
}

try_yaml() {
  name=$(name_of "$1" yaml)
  cp "$1" "$name"
  mailsim check "$name" >"$folder/out" 2>&1 || { fail "$2" "this topology cannot be loaded" "$folder/out"; return; }
  mailsim run "$name" >"$folder/out" 2>&1 || fail "$2" "this topology cannot be run" "$folder/out"
}

try_expect() {
  name=$(name_of "$1" expect)
  cp "$1" "$name"
  mailsim test "$name" >"$folder/out" 2>&1 || fail "$2" "this expectation does not hold" "$folder/out"
}

try_c() {
  name=$(name_of "$1" c)
  cp "$1" "$name"
  flags="-std=c11 -Wall -Wextra -Wpedantic -Werror -I$root/include"
  if ! grep -q '^int main(' "$name"; then
    cc $flags -c "$name" -o "$name.o" >"$folder/out" 2>&1 || fail "$2" "this does not compile" "$folder/out"
    return
  fi
  cc $flags "$name" $library $YAML_LIBS -o "${name%.c}" >"$folder/out" 2>&1 || { fail "$2" "this does not compile" "$folder/out"; return; }
  "./${name%.c}" >"$folder/out" 2>&1 || fail "$2" "this program ends with $?" "$folder/out"
  cat "$folder/out" >>"$folder/printed"
}

try_sh() {
  grep -vE '^ *sh (examples/quickstart|tests/run)\.sh' "$1" >"$folder/commands" || return
  sh -eu "$folder/commands" >"$folder/out" 2>&1 || fail "$2" "this ends with $?" "$folder/out"
  cat "$folder/out" >>"$folder/printed"
}

# An ellipsis stands for any bytes of a line; alone for lines left out.
try_text() {
  cat "$folder/printed" ./*.jsonl >"$folder/shown" 2>/dev/null
  awk -v printed="$folder/shown" '
    function fits(line,    i, at) {
      if (index(line, piece[1]) != 1) return 0
      line = substr(line, length(piece[1]) + 1)
      for (i = 2; i <= pieces; i++) {
        if (i == pieces) # the last piece is the end of the line
          return length(line) >= length(piece[i]) && substr(line, length(line) - length(piece[i]) + 1) == piece[i]
        at = index(line, piece[i])
        if (at == 0) return 0
        line = substr(line, at + length(piece[i]))
      }
      return line == ""
    }
    BEGIN { while ((getline line < printed) > 0) lines[++n] = line }
    {
      pieces = split($0, piece, "…")
      found = $0 == "" || $0 == "…"
      for (i = 1; i <= n && !found; i++) found = fits(lines[i])
      if (!found) { print "never printed: " $0; bad = 1 }
    }
    END { exit bad }' "$1" >"$folder/out" || fail "$2" "shows what no listing above prints" "$folder/out"
}

cd "$folder/scratch" || exit 2
while read -r number kind line; do
  listing=$folder/listings/$number.$kind
  count=$((count + 1))
  case $kind in
  yaml) try_yaml "$listing" "$line" ;;
  expect) try_expect "$listing" "$line" ;;
  c) try_c "$listing" "$line" ;;
  sh) try_sh "$listing" "$line" ;;
  text | json) try_text "$listing" "$line" ;;
  console) grep -q '^[$] ' "$listing" || fail "$line" "a console listing without a prompt: is it to be run? Then it is sh" ;;
  *) fail "$line" "a listing of kind \"$kind\": write yaml, expect, c, sh, text, json or console behind the backquotes" ;;
  esac
done <"$folder/listings/index"

echo "$document: $count listings, $failed failed"
[ $failed = 0 ]
