#!/bin/sh
# dropin.sh SOURCE WORK: one file each for an agent, a sink, a congestion controller and an SMTP command is dropped into a copy
# of the sources, and nothing else is edited; the copy is a folder of another project, whose program asks for all by name.
# Without optimization, to be quick. Tools come by the variables CC and CMAKE.
set -eu
source=$1 work=$2
here=$source/tests/package/dropin

rm -rf "$work"
mkdir -p "$work/mailsim"
cp -R "$source/lib" "$source/include" "$source/CMakeLists.txt" "$work/mailsim/"
cp "$here/CMakeLists.txt" "$here/uses_all.c" "$work/"

run() {
  log=$1
  shift
  "$@" >"$work/$log.log" 2>&1 || {
    tail -n 40 "$work/$log.log"
    exit 1
  }
}
run configure "$CMAKE" -S "$work" -B "$work/build" -G "$GENERATOR" -DCMAKE_C_COMPILER="$CC" -DCMAKE_C_FLAGS=-O0
run build "$CMAKE" --build "$work/build" --target uses_all -j 2
if "$work/build/uses_all" >"$work/without.log" 2>&1; then
  echo "the program is content without the files: it proves nothing"
  exit 1
fi

cp "$here/agent_echo.c" "$work/mailsim/lib/agents/"
cp "$here/smtp_cmd_xping.c" "$work/mailsim/lib/agents/"
cp "$here/sink_csv.c" "$work/mailsim/lib/trace/"
cp "$here/cc_half.c" "$work/mailsim/lib/tcp/"
run build_again "$CMAKE" --build "$work/build" --target uses_all -j 2
"$work/build/uses_all"

# part of another project the library makes nothing but itself
for target in mailsim_command run_topology core_test_mem; do
  if "$CMAKE" --build "$work/build" --target help | grep -qw "$target"; then
    echo "$target is made in a project that only uses the library"
    exit 1
  fi
done
