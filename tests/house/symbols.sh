#!/bin/sh
# symbols.sh ROOT NM OBJDUMP ARCHIVE SHARED: what the compiled library shows to the linker (ELF).
#   every global symbol begins with msim_, those of the shared library are public (not msim__)
#   no variable that can be written, global or static: (seed, topology) decides, and simulations never meet
#   of the C library only what is listed below; memory and nothing else through core/mem
#   what the public headers declare is there, and what is exported is declared there
set -eu
root=$1 nm=$2 objdump=$3 archive=$4 shared=$5
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
status=0
fail() {
  echo "$1:"
  sed 's/^/  /' "$2"
  status=1
}

# POSIX form: "archive[object]:" above, then "name type value size"
"$nm" -P "$archive" >"$work/all"
objects=$(grep -c ':$' "$work/all" || true)
if [ "$objects" -lt 10 ]; then
  echo "only $objects objects in $archive"
  status=1
fi

awk '/:$/ { object = $1; next } $2 ~ /^[A-TVX-Z]$/ && $1 !~ /^msim_/ { print object, $1, $2 }' "$work/all" >"$work/names"
[ ! -s "$work/names" ] || fail "global symbols that do not begin with msim_" "$work/names"

# .data.rel.ro is constant after loading: tables of pointers. 'O' marks objects; those of threads have no mark, and 'd' are
# the names of sections.
"$objdump" -t "$archive" | awk '
/file format/ { object = $1; next }
$0 ~ /\t/ {
  split($0, half, "\t")
  flags = substr(half[1], index(half[1], " ") + 1, 7)
  section = substr(half[1], index(half[1], " ") + 9)
  count = split(half[2], tail, " ")
  if ((flags ~ /O/ || section ~ /COM/ || (section ~ /^\.t(data|bss)/ && flags !~ /d/)) && section ~ /^(\.data|\.bss|\.tdata|\.tbss|\*COM)/ && section !~ /^\.data\.rel\.ro/)
    print object, tail[count], section
  if (flags ~ /O/) objects++
}
END { if (objects < 10) print "too few objects were read:", objects + 0 }' >"$work/writable"
[ ! -s "$work/writable" ] || fail "variables that can be written" "$work/writable"

# _chk: the same functions with -D_FORTIFY_SOURCE; __isoc: scanf and strto* of newer C libraries; __xdi3: arithmetic.
awk '
BEGIN {
  count = split("memchr memcmp memcpy memmove memset bcmp strchr strcmp strlen strncmp strrchr strspn strcspn strstr " \
                "strtol strtoul strtoll strtoull snprintf vsnprintf bsearch qsort " \
                "fopen fclose fread fwrite ferror feof fflush fseek ftell _GLOBAL_OFFSET_TABLE_ __stack_chk_fail", n, " ")
  for (i = 1; i <= count; i++) allowed[n[i]] = 1
}
/:$/ { object = $1; next }
$2 != "U" { next }
{
  name = $1
  sub(/@.*/, "", name)
  if (name ~ /^__.*_chk$/) { sub(/^__/, "", name); sub(/_chk$/, "", name) }
  sub(/^__isoc[0-9]+_/, "", name)
  if (name ~ /^msim_/ || name in allowed || name ~ /^__[a-z]+[sdt]i[234]?$/) next
  if (name ~ /^yaml_/ && object ~ /yaml_/) next
  if (name ~ /^(EVP_(Digest|md5|sha256)|HMAC|PKCS5_PBKDF2_HMAC)$/ && object ~ /(^|[[(])digest\.c/) next
  if ((name == "realloc" || name == "free") && object ~ /(^|[[(])mem\.c/) next
  print object, $1
}' "$work/all" >"$work/foreign"
[ ! -s "$work/foreign" ] || fail "functions that the library may not call" "$work/foreign"

cat "$root"/include/mailsim/*.h | tr '\n' ' ' | sed 's/;/;\n/g' | sed 's:/\*[^*]*\*\(\**[^*/][^*]*\*\)*\**/::g' |
  sed -n 's/.*MSIM_API  *[^(]*[ *]\(msim_[a-z0-9_]*\) *(.*/\1/p' | LC_ALL=C sort -u >"$work/declared"
awk '$2 == "T" && $1 ~ /^msim_[^_]/ { print $1 }' "$work/all" | LC_ALL=C sort -u >"$work/defined"
LC_ALL=C comm -23 "$work/declared" "$work/defined" >"$work/missing"
[ ! -s "$work/missing" ] || fail "declared in a public header and defined nowhere" "$work/missing"
LC_ALL=C comm -13 "$work/declared" "$work/defined" >"$work/undeclared"
[ ! -s "$work/undeclared" ] || fail "named like a public function but in no public header" "$work/undeclared"

"$nm" -P -D "$shared" | awk '$2 ~ /^[A-TVX-Z]$/ && $1 !~ /^_/ { sub(/@.*/, "", $1); print $1 }' | LC_ALL=C sort -u >"$work/exported"
LC_ALL=C comm -13 "$work/declared" "$work/exported" >"$work/leaked"
[ ! -s "$work/leaked" ] || fail "exported by the shared library and not declared" "$work/leaked"
LC_ALL=C comm -23 "$work/declared" "$work/exported" >"$work/hidden"
[ ! -s "$work/hidden" ] || fail "declared and not exported by the shared library" "$work/hidden"

echo "$objects objects, $(wc -l <"$work/declared") public functions, $(wc -l <"$work/exported") exported"
exit $status
