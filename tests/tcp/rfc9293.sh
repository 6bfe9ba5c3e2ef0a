#!/bin/sh
# rfc9293.sh ROOT [check]: prints docs/rfc9293.md, made of tests/tcp/requirements.txt and of the ids of requirements in the
# comments directly above test functions, in any tests/*/test_*.c. A comment counts when the next line begins the function.
# check: prints nothing, but fails when docs/rfc9293.md is another, when an id is missing, unknown or there twice, and when
# what is called done has no test. To write it anew: sh tests/tcp/rfc9293.sh . > docs/rfc9293.md
set -eu
cd "$1"
made=$(find tests -name 'test_*.c' -type f | LC_ALL=C sort | tr '\n' '\0' | xargs -0 awk -v check="${2:-}" '
function trim(s) { sub(/^ +/, "", s); sub(/ +$/, "", s); return s }
function fails(text) { print "rfc9293: " text > "/dev/stderr"; failed = 1 }
function take_requirement(line,   part, n) {
  n = split(line, part, "|")
  if (n != 4) { fails("requirements.txt: four parts between | are expected: " line); return }
  id = trim(part[1])
  if (id !~ /^(MUST|SHLD|MAY|REC)-[0-9]+$/) fails("requirements.txt: " id " is no id")
  if (id in section) fails("requirements.txt: " id " stands there twice")
  ids[++count] = id
  section[id] = trim(part[2]); what[id] = trim(part[3]); state[id] = trim(part[4])
  if (state[id] != "done" && state[id] !~ /^not done: .+/) fails(id ": done, or not done: and why, is expected")
  kind = id; sub(/-.*/, "", kind); kinds[kind]++
}
# The ids in a comment, each once.
function take_test(comment, name,   id, seen) {
  split("", seen)
  while (match(comment, /(MUST|SHLD|MAY|REC)-[0-9]+/)) {
    id = substr(comment, RSTART, RLENGTH)
    comment = substr(comment, RSTART + RLENGTH)
    if (id in seen) continue
    seen[id] = 1
    if (!(id in section)) fails(FILENAME ": " name ": there is no " id)
    tests[id] = tests[id] (tests[id] == "" ? "" : ", ") "`" file ":" name "`"
    test_count[id]++
  }
}
BEGIN {
  while ((getline line < "tests/tcp/requirements.txt") > 0)
    if (line !~ /^#/ && line != "") take_requirement(line)
  if (count != 119 || kinds["MUST"] != 69 || kinds["SHLD"] != 31 || kinds["MAY"] != 18 || kinds["REC"] != 1)
    fails("requirements.txt: 69 MUST, 31 SHLD, 18 MAY and 1 REC are expected")
  for (i = 1; i <= 69; i++) {
    if (!(("MUST-" i) in section)) fails("MUST-" i " is missing")
    if (i <= 31 && !(("SHLD-" i) in section)) fails("SHLD-" i " is missing")
    if (i <= 18 && !(("MAY-" i) in section)) fails("MAY-" i " is missing")
  }
}
FNR == 1 { file = FILENAME; sub(/^.*\//, "", file); sub(/\.c$/, "", file); comment = ""; inside = 0 }
/^\/\*/ { comment = ""; inside = 1 }
inside { comment = comment " " $0; if ($0 ~ /\*\//) { inside = 0; next } else next }
/^static void [a-z0-9_]+\(void \*\*state\)/ {
  name = $3; sub(/\(.*/, "", name)
  if (comment != "") take_test(comment, name)
}
{ comment = "" }
END {
  print "# RFC 9293, requirement by requirement"
  print ""
  print "The 119 requirements of appendix B, and the tests that show them. A test names the ids in the comment above it; this page"
  print "is made of these comments and of `tests/tcp/requirements.txt` by `sh tests/tcp/rfc9293.sh . > docs/rfc9293.md`, and the test"
  print "`docs/rfc9293` fails when it is not up to date, or when what is called done has no test."
  print ""
  for (i = 1; i <= count; i++) {
    id = ids[i]
    kind = id; sub(/-.*/, "", kind)
    done[kind] += state[id] == "done"
    if (state[id] == "done" && test_count[id] == 0) fails(id " is called done, but no test names it")
    if (state[id] != "done" && test_count[id] > 0) fails(id " is called not done, but " tests[id] " names it")
  }
  printf "Done: %d of 69 MUST and MUST NOT, %d of 31 SHOULD and SHOULD NOT, %d of 18 MAY, %d of 1 RECOMMENDED.\n\n",
    done["MUST"], done["SHLD"], done["MAY"], done["REC"]
  print "| id | section | what | tests, or why not |"
  print "| --- | --- | --- | --- |"
  for (i = 1; i <= count; i++) {
    id = ids[i]
    printf "| %s | %s | %s | %s |\n", id, section[id], what[id], state[id] == "done" ? tests[id] : state[id]
  }
  exit failed && check != "" ? 1 : 0
}
') || exit 1
if [ "${2:-}" != check ]; then
  printf '%s\n' "$made"
  exit 0
fi
printf '%s\n' "$made" | cmp -s - docs/rfc9293.md || {
  echo "rfc9293: docs/rfc9293.md is not up to date: sh tests/tcp/rfc9293.sh . > docs/rfc9293.md" >&2
  exit 1
}
