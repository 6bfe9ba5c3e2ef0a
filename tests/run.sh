#!/bin/sh
# run.sh [--all]: sets up what is needed, builds, runs every test. From any folder: sh tests/run.sh
#
#   (nothing)  one build with the compiler at hand and the whole suite; what needs a tool that is absent is left out, and said
#   --all      installs every tool, leaves nothing out, and adds: clang with the shared library, sanitizers with the bytes
#              of every packet checked, a library without libcrypto, a sweep over seeds, a storm of mails, valgrind,
#              fuzz targets, the count of instructions
#
# Builds into build/ of the checkout. Installs packages with apt-get on Debian and Ubuntu only, and only those missing.
set -eu
cd "$(dirname "$0")/.."

all=no
case ${1-} in
'') ;;
--all) all=yes ;;
*)
  echo "usage: sh tests/run.sh [--all]" >&2
  exit 2
  ;;
esac

jobs=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
begin_s=$(date +%s)
part_s=$begin_s
times=''
failed=''
main_log=build/tests/ctest.log

say() { printf '%s\n' "$*"; }
give_up() {
  printf 'run.sh: %s\n' "$*" >&2
  exit 2
}
have() { command -v "$1" >/dev/null 2>&1; }
have_library() { have pkg-config && pkg-config --exists "$1"; }

part_ends() {
  now_s=$(date +%s)
  times="$times$(printf '%6d s  %s' $((now_s - part_s)) "$1")
"
  part_s=$now_s
}

# ---- tools ----

clang_has_fuzzer() {
  mkdir -p build
  echo 'int LLVMFuzzerTestOneInput(const void *data, unsigned long size) { return data == 0 && size != 0; }' |
    clang -fsanitize=fuzzer,address -x c -o build/has-fuzzer - >/dev/null 2>&1
}

missing_packages() {
  have cc || have gcc || have clang || printf ' gcc libc6-dev'
  have make || printf ' make'
  have cmake || printf ' cmake'
  have pkg-config || printf ' pkg-config'
  have_library yaml-0.1 || printf ' libyaml-dev'
  have_library cmocka || printf ' libcmocka-dev'
  if [ $all = yes ]; then
    have_library libcrypto || printf ' libssl-dev'
    have objdump || printf ' binutils'
    have gcc || printf ' gcc libc6-dev'
    have c++ || have g++ || have clang++ || printf ' g++'
    have clang || printf ' clang'
    ! have clang || clang_has_fuzzer || printf ' libclang-rt-dev'
    have valgrind || printf ' valgrind'
    have tshark || printf ' tshark'
    have_library libuv || printf ' libuv1-dev'
    have_library libmicrohttpd || printf ' libmicrohttpd-dev'
    have_library jansson || printf ' libjansson-dev'
    # clients for tests/serve
    for client in curl swaks msmtp fetchmail mutt; do
      have $client || printf ' %s' $client
    done
    have mbsync || printf ' isync'
    have ip || printf ' iproute2'
    have python3 || printf ' python3'
    { have python3 && python3 -c 'import yaml' 2>/dev/null; } || printf ' python3-yaml'
    { have python3 && python3 -c 'import jsonschema' 2>/dev/null; } || printf ' python3-jsonschema'
    have node || printf ' nodejs'
    have npm || printf ' npm'
    have chromium || have chromium-browser || have google-chrome || printf ' chromium'
  fi
}

install_packages() {
  if ! have apt-get; then
    have brew && give_up "these are missing:$1. With Homebrew: brew install cmake pkg-config libyaml cmocka"
    give_up "these are missing (names as in Debian):$1. Please install them; only apt-get is known to this script"
  fi
  as_root=''
  if [ "$(id -u)" != 0 ]; then
    have sudo || give_up "these are missing:$1. Please install them as root: apt-get install$1"
    as_root=sudo
  fi
  say "installing$1"
  mkdir -p build
  # shellcheck disable=SC2086
  {
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get -q update &&
      $as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends install $1
  } >build/install.log 2>&1 || {
    tail -n 15 build/install.log >&2
    give_up "apt-get could not install$1 (the whole text is in build/install.log)"
  }
}

missing=$(missing_packages)
[ -z "$missing" ] || install_packages "$missing"
missing=$(missing_packages)
[ -z "$missing" ] || install_packages "$missing" # what is only known to be missing once clang is there
missing=$(missing_packages)
[ -z "$missing" ] || give_up "still missing after the installation:$missing"

# What drives the browser, and judges whether everybody can use the page: into build/, pinned, nothing else is fetched.
if [ $all = yes ] && ! { [ -f build/browser/node_modules/playwright-core/package.json ] && [ -f build/browser/node_modules/axe-core/package.json ]; }; then
  say "installing playwright-core and axe-core into build/browser"
  mkdir -p build/browser
  npm install --prefix build/browser --no-save --no-package-lock --no-audit --no-fund --ignore-scripts \
    playwright-core@1.52.0 axe-core@4.10.3 >build/browser/npm.log 2>&1 || {
    tail -n 15 build/browser/npm.log >&2
    give_up "npm could not install playwright-core and axe-core (the whole text is in build/browser/npm.log)"
  }
fi

version=$(cmake --version | sed -n '1s/[^0-9]*\([0-9]*\)\.\([0-9]*\).*/\1 \2/p')
# shellcheck disable=SC2086
set -- $version
[ "$1" -gt 3 ] || [ "$2" -ge 20 ] || give_up "CMake 3.20 or newer is needed, this is $1.$2"
part_ends 'tools'

if [ $all = no ]; then
  for tool in nm objdump tshark python3 node chromium; do
    have "$tool" || say "left out: what needs $tool, which is not installed (--all installs it)"
  done
fi

# ---- parts ----

# configure_and_build FOLDER CMAKE-ARGUMENTS...: builds $target, or everything
target=''
configure_and_build() {
  folder=$1
  shift
  mkdir -p "$folder"
  rm -f "$folder/ctest.log"
  # a build folder that was copied together with the checkout is of no use
  if [ -f "$folder/CMakeCache.txt" ] && ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$(pwd -P)" "$folder/CMakeCache.txt"; then
    rm -rf "$folder"
    mkdir -p "$folder"
  fi
  cmake -S . -B "$folder" -G 'Unix Makefiles' -DMSIM_WERROR=ON "$@" >"$folder/configure.log" 2>&1 || {
    cat "$folder/configure.log"
    return 1
  }
  # shellcheck disable=SC2086
  cmake --build "$folder" -j "$jobs" ${target:+--target $target} >"$folder/build.log" 2>&1 || {
    grep -E -A 5 'error|undefined reference|No rule' "$folder/build.log" | head -n 60
    say "(the whole text is in $folder/build.log)"
    return 1
  }
}

# ctest_in FOLDER ARGUMENTS...: its output goes to the screen and to FOLDER/ctest.log. No pipe: its status would be tee's.
ctest_in() {
  folder=$1
  shift
  result=0
  (cd "$folder" && ctest --output-on-failure -j "$jobs" "$@") >"$folder/ctest.log" 2>&1 || result=$?
  if [ "$folder/ctest.log" = "$main_log" ]; then
    sed '/tests passed,/,$d' "$main_log" # its summary comes at the end
  else
    cat "$folder/ctest.log"
  fi
  return $result
}

# Only a machine can permit a network namespace and a TUN device: tests/kernel may be left out, and that is said.
skipped_none() {
  if grep -E '\*\*\*(Skipped|Not Run)' "$1" | grep kernel/; then
    say "left out: Linux's own TCP against ours, for this machine does not permit a network namespace and a TUN device"
  fi
  if grep -E '\*\*\*(Skipped|Not Run)' "$1" | grep -v kernel/; then
    say "--all leaves nothing out, and these were skipped"
    return 1
  fi
}

run_part() {
  name=$1
  shift
  say ""
  say "== $name"
  if ! "$@"; then
    failed="$failed
  $name"
  fi
  part_ends "$name"
}

part_suite() {
  configure_and_build build/tests || return 1
  ctest_in build/tests || return 1
  [ $all = no ] || skipped_none build/tests/ctest.log
}

# What says the same by any compiler: pages in a browser, and projects that build the library anew.
asked_once='^(player/(pure|browser)|serve/browser|package/(dropin|tests|cmake))$'

# One build asks two questions, since building costs more time than testing: the other compiler, and the shared library.
part_clang() {
  configure_and_build build/clang -DCMAKE_C_COMPILER=clang -DBUILD_SHARED_LIBS=ON || return 1
  ctest_in build/clang -E "$asked_once" && skipped_none build/clang/ctest.log
}

# Every packet on every link goes through its bytes and back.
part_sanitize() {
  configure_and_build build/sanitize -DMSIM_SANITIZE=ON -DMSIM_CHECK_WIRE=ON || return 1
  ctest_in build/sanitize -E "$asked_once"
}

# Without libcrypto: no digests, and so fewer ways to log in. Captures were judged before: tshark takes the NULs of the
# AUTH PLAIN that is then on the wire for a malformed frame.
part_plain() {
  target='mailsim run_topology own_agent sockets'
  for source in tests/digest/test_*.c tests/proto/test_*.c tests/agents/test_*.c tests/topology/test_*.c; do
    folder=${source%/*}
    target="$target ${folder#tests/}_$(basename "$source" .c)"
  done
  result=0
  configure_and_build build/plain -DMSIM_CRYPTO=OFF || result=1
  target=''
  [ $result = 0 ] || return 1
  ctest_in build/plain -R '^(digest|proto|agents|topology|command)/' -E '^command/capture$'
}

# Twenty thousand seeds of TCP over bad links, each with knobs of its own, a share per processor.
part_sweep() {
  program=build/tests/tests/sweep/sweep_tcp
  rm -f build/tests/sweep-*.log
  result=0
  share=$(((20000 + jobs - 1) / jobs))
  pids=''
  i=0
  while [ $i -lt "$jobs" ]; do
    last=$((i * share + share))
    [ $last -le 20000 ] || last=20000
    "$program" $((i * share + 1))..$last >"build/tests/sweep-$i.log" 2>&1 &
    pids="$pids $!"
    i=$((i + 1))
  done
  for pid in $pids; do
    wait "$pid" || result=1
  done
  cat build/tests/sweep-*.log
  return $result
}

# Ten thousand mails where the suite takes a thousand.
part_storm() {
  for seed in 1 2 3; do
    build/tests/tests/bench/bench_mail_storm 10000 "$seed" || return 1
  done
  build/tests/tests/bench/bench_nat 10000 100 # leases, and a mail each through one NAT
}

# A whole run of the smallest topology under valgrind, or a test of the loop where there is no command yet.
part_valgrind() {
  command=$(find build/tests/examples -type f -name mailsim -perm -u+x 2>/dev/null | head -n 1)
  topology=$(ls -Sr topologies/*.yaml 2>/dev/null | head -n 1)
  if [ -n "$command" ] && [ -n "$topology" ]; then
    set -- "$command" run "$topology"
  else
    set -- build/tests/tests/core_test_sim
  fi
  say "$*"
  valgrind -q --error-exitcode=9 --leak-check=full --show-leak-kinds=all "$@" >build/tests/valgrind.log 2>&1 || {
    tail -n 40 build/tests/valgrind.log
    return 1
  }
  say "no errors, nothing lost"
}

# 77: counted by another compiler, C library or processor than tests/bench/instructions.txt, which says nothing then
part_instructions() {
  result=0
  sh tests/bench/instructions.sh build/tests/tests/bench || result=$?
  [ $result = 0 ] || [ $result = 77 ]
}

fuzz_one() {
  fuzzer=$1
  mkdir -p "build/fuzz/inputs/$fuzzer" "build/fuzz/found/$fuzzer"
  "build/fuzz/tests/fuzz/$fuzzer" -seed=1 -max_total_time=3 -runs=200000 -max_len=4096 -timeout=20 -rss_limit_mb=2048 \
    "-artifact_prefix=build/fuzz/found/$fuzzer/" "build/fuzz/inputs/$fuzzer" "tests/fuzz/corpus/${fuzzer#fuzz_}" \
    >"build/fuzz/$fuzzer.log" 2>&1 || touch "build/fuzz/$fuzzer.failed"
}

# A few seconds of new inputs for each, made from those in tests/fuzz/corpus; as many at once as there are processors.
part_fuzz() {
  target=fuzz_targets
  result=0
  configure_and_build build/fuzz -DCMAKE_C_COMPILER=clang -DMSIM_FUZZ=ON || result=1
  target=''
  [ $result = 0 ] || return 1
  rm -rf build/fuzz/inputs build/fuzz/found build/fuzz/*.failed
  pids=''
  share=0
  while [ $share -lt "$jobs" ]; do
    (
      i=0
      for source in tests/fuzz/fuzz_*.c; do
        [ $((i % jobs)) != $share ] || fuzz_one "$(basename "$source" .c)"
        i=$((i + 1))
      done
    ) &
    pids="$pids $!"
    share=$((share + 1))
  done
  for pid in $pids; do
    wait "$pid" || result=1
  done
  for source in tests/fuzz/fuzz_*.c; do
    fuzzer=$(basename "$source" .c)
    if [ -f "build/fuzz/$fuzzer.failed" ] || ! grep -q '^Done [0-9]* runs' "build/fuzz/$fuzzer.log"; then
      grep -E 'does not hold|ERROR|SUMMARY|Test unit written|    #[0-9]+ .* in [a-z]' "build/fuzz/$fuzzer.log" | head -n 20
      say "$fuzzer: failed; the whole text is in build/fuzz/$fuzzer.log"
      result=1
    else
      say "$fuzzer: $(grep -o '^Done [0-9]* runs' "build/fuzz/$fuzzer.log")"
    fi
  done
  return $result
}

run_part 'suite' part_suite
if [ $all = yes ]; then
  run_part 'suite built by clang, with the shared library' part_clang
  run_part 'suite with sanitizers and the bytes of every packet checked' part_sanitize
  run_part 'suite without libcrypto' part_plain
  run_part 'sweep over seeds' part_sweep
  run_part 'storm of mails' part_storm
  run_part 'valgrind' part_valgrind
  run_part 'fuzz targets' part_fuzz
  run_part 'instructions' part_instructions
fi

say ""
printf '%s' "$times"
printf '%6d s  in all\n' $(($(date +%s) - begin_s))
if [ -n "$failed" ]; then
  say "failed:$failed"
fi
# the summary of the suite comes last
if [ -f "$main_log" ]; then
  sed -n '/tests passed,/,$p' "$main_log"
fi
[ -z "$failed" ]
