#!/bin/sh
# install.sh PART SOURCE BUILD WORK ...: the library as it is when installed.
#   install CONFIG      installs BUILD into WORK/prefix, by way of another folder: the tree must stand being moved
#   tree VERSION KIND   what is there, soname and links, no path of the build in it, the command runs
#   headers             each public header alone, in C11, C17 and C++17, without a warning
#   cmake VERSION KIND  world.c and world.cc by find_package, each with both libraries; mailsim::mailsim is the right one
#   tests               the project examples/cmocka: its tests pass; and they fail when what they test has changed
#   pkgconfig           the same by pkg-config; the static one from a tree that has no other
# KIND: static or shared, what the build was made with. Tools come by the variables CC, CXX (or none), CMAKE, PKG_CONFIG.
set -eu
part=$1 source=$2 build=$3 work=$4
shift 4
prefix=$work/prefix
here=$source/tests/package
warnings='-Wall -Wextra -Wpedantic -Werror'
status=0
wrong() {
  echo "$*"
  status=1
}
have() { command -v "$1" >/dev/null 2>&1; }
libdir() { dirname "$(find "$prefix" -name libmailsim.a)"; }
# is_linked FILE KIND: the program asks for the shared library, or does not. Without readelf it is not known.
is_linked() {
  have readelf || return 0
  if readelf -d "$1" | grep -q 'NEEDED.*libmailsim'; then found=shared; else found=static; fi
  [ $found = "$2" ] || wrong "$1 is linked with the $found library and not with the $2 one"
}
# run_worlds FOLDER KIND
run_worlds() {
  "$1/world_c_$2"
  is_linked "$1/world_c_$2" "$2"
  if [ "$CXX" != none ]; then
    "$1/world_cxx_$2"
    is_linked "$1/world_cxx_$2" "$2"
  fi
}

part_install() {
  rm -rf "$work"
  mkdir -p "$work"
  "$CMAKE" --install "$build" --prefix "$work/at_first" --config "${1-}" >"$work/install.log" 2>&1 || {
    tail -n 20 "$work/install.log"
    exit 1
  }
  mv "$work/at_first" "$prefix"
}

part_tree() {
  version=$1 kind=$2
  lib=$(libdir)
  for file in include/mailsim/mailsim.h share/mailsim/topologies/hello.yaml; do
    [ -f "$prefix/$file" ] || wrong "$file is missing"
  done
  for file in pkgconfig/mailsim.pc cmake/mailsim/mailsim-config.cmake cmake/mailsim/mailsim-config-version.cmake \
    cmake/mailsim/mailsim-static.cmake cmake/mailsim/mailsim-shared.cmake; do
    [ -f "$lib/$file" ] || wrong "$lib/$file is missing"
  done
  (cd "$source/include" && find mailsim -name '*.h' | LC_ALL=C sort) >"$work/headers.wanted"
  (cd "$prefix/include" && find . -type f | sed 's:^\./::' | LC_ALL=C sort) >"$work/headers.found"
  diff "$work/headers.wanted" "$work/headers.found" || wrong "the installed headers are not those of the source tree"

  if have readelf && [ -e "$lib/libmailsim.so" ]; then
    major=${version%%.*}
    [ "$(readlink "$lib/libmailsim.so")" = "libmailsim.so.$major" ] || wrong "libmailsim.so does not lead to .so.$major"
    [ "$(readlink "$lib/libmailsim.so.$major")" = "libmailsim.so.$version" ] || wrong ".so.$major does not lead to .so.$version"
    [ ! -h "$lib/libmailsim.so.$version" ] || wrong "libmailsim.so.$version is a link"
    readelf -d "$lib/libmailsim.so" | grep -q "SONAME.*\[libmailsim\.so\.$major\]" || wrong "the soname is not libmailsim.so.$major"
    if readelf -d "$lib/libmailsim.so" | grep -E 'RPATH|RUNPATH'; then wrong "the shared library has a search path"; fi
    foreign=$(readelf -W --dyn-syms "$lib/libmailsim.so" |
      awk '$5 != "LOCAL" && $7 != "UND" && $8 != "" && $1 ~ /^[0-9]+:$/ && ($8 !~ /^msim_/ || $8 ~ /^msim__/) { print $8 }')
    [ -z "$foreign" ] || wrong "the shared library exports $foreign"
  fi

  # debug information names sources on purpose: it is taken out of copies before looking
  mkdir -p "$work/stripped"
  find "$prefix" -type f >"$work/files"
  while IFS= read -r file; do
    look=$file
    case $file in
    *.a | *.so.* | *.dylib | */bin/*)
      look=$work/stripped/$(basename "$file")
      cp "$file" "$look"
      ! have strip || strip -S "$look" 2>/dev/null || true
      ;;
    esac
    ! LC_ALL=C grep -qaF -e "$build" -e "$source/" "$look" || wrong "$file names a folder of the build"
  done <"$work/files"
  [ "$(wc -l <"$work/files")" -gt 20 ] || wrong "only $(wc -l <"$work/files") files are installed"

  if [ -f "$prefix/bin/mailsim" ]; then
    is_linked "$prefix/bin/mailsim" "$kind"
    (cd "$work" && "$prefix/bin/mailsim" --version && "$prefix/bin/mailsim" run "$prefix/share/mailsim/topologies/hello.yaml") ||
      wrong "the installed command does not run"
  fi
}

part_headers() {
  count=0
  for header in "$prefix"/include/mailsim/*.h; do
    name=$(basename "$header")
    # twice: it must be guarded; the function: a file without anything is no valid C
    printf '#include <mailsim/%s>\n#include <mailsim/%s>\nint one(void);\nint one(void)\n{\n  return 1;\n}\n' \
      "$name" "$name" >"$work/alone.c"
    for standard in c11 c17; do
      # shellcheck disable=SC2086
      "$CC" -std=$standard $warnings -I"$prefix/include" -fsyntax-only "$work/alone.c" || wrong "$name in $standard"
    done
    if [ "$CXX" != none ]; then
      # shellcheck disable=SC2086
      "$CXX" -x c++ -std=c++17 $warnings -I"$prefix/include" -fsyntax-only "$work/alone.c" || wrong "$name in c++17"
    fi
    count=$((count + 1))
  done
  [ $count -ge 9 ] || wrong "only $count headers"
  echo "$count headers"
}

# configure FOLDER EXPECTED-KIND ARGUMENTS...
configure() {
  folder=$1 expected=$2
  shift 2
  "$CMAKE" -S "$here/consumer" -B "$folder" -G "$GENERATOR" -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_BUILD_TYPE=Debug \
    -DCMAKE_C_COMPILER="$CC" -DWITH_CXX="$CXX" -DCMAKE_CXX_COMPILER="$CXX" -DEXPECTED="$expected" -DPREFIX="$prefix" \
    "$@" >"$folder.log" 2>&1 || {
    cat "$folder.log"
    exit 1
  }
}

part_cmake() {
  version=$1 kind=$2
  rm -rf "$work"/cmake_*
  configure "$work/cmake_default" "$kind" -DVERSION="$version"
  "$CMAKE" --build "$work/cmake_default" >"$work/cmake_build.log" 2>&1 || {
    cat "$work/cmake_build.log"
    exit 1
  }
  run_worlds "$work/cmake_default" static
  run_worlds "$work/cmake_default" shared
  configure "$work/cmake_shared" shared -DVERSION="$version" -DBUILD_SHARED_LIBS=ON
  configure "$work/cmake_static" static -DVERSION="$version" -DBUILD_SHARED_LIBS=OFF
}

# compile KIND FLAGS...
compile() {
  kind=$1
  shift
  # shellcheck disable=SC2086
  "$CC" -std=c11 $warnings "$here/consumer/world.c" -o "$work/pc/world_c_$kind" "$@"
  if [ "$CXX" != none ]; then
    # shellcheck disable=SC2086
    "$CXX" -std=c++17 $warnings "$here/consumer/world.cc" -o "$work/pc/world_cxx_$kind" "$@"
  fi
}

part_pkgconfig() {
  lib=$(libdir)
  # a package of the static library alone: the linker has no choice
  rm -rf "$work/pc" "$work/static_only"
  mkdir "$work/pc"
  cp -R "$prefix" "$work/static_only"
  find "$work/static_only" \( -name '*.so*' -o -name '*.dylib' \) -exec rm {} +
  static_pc=$work/static_only/${lib#"$prefix/"}/pkgconfig

  PKG_CONFIG_PATH=$lib/pkgconfig
  export PKG_CONFIG_PATH
  "$PKG_CONFIG" --validate mailsim
  flags=$("$PKG_CONFIG" --cflags --libs mailsim)
  case $flags in *yaml*) wrong "libyaml is asked of those who link the shared library: $flags" ;; esac
  # shellcheck disable=SC2086
  compile shared $flags -Wl,-rpath,"$lib"

  PKG_CONFIG_PATH=$static_pc
  flags=$("$PKG_CONFIG" --static --cflags --libs mailsim)
  case $flags in *-lyaml*) ;; *) wrong "libyaml is missing for the static library: $flags" ;; esac
  # shellcheck disable=SC2086
  compile static $flags
  run_worlds "$work/pc" shared
  run_worlds "$work/pc" static
}

# expect_failure NAME TEXT: that test of WORK/cmocka_build fails, and tells this
expect_failure() {
  ! ctest --test-dir "$work/cmocka_build" -R "^$1\$" --output-on-failure >"$work/cmocka_test.log" 2>&1 || wrong "$1 did not fail"
  grep -qF "$2" "$work/cmocka_test.log" || {
    wrong "$1 does not tell: $2"
    cat "$work/cmocka_test.log"
  }
}

part_tests() {
  have ctest || { echo "no ctest"; exit 77; }
  rm -rf "$work/cmocka" "$work/cmocka_build"
  cp -R "$source/examples/cmocka" "$work/cmocka"
  # shellcheck disable=SC2086
  "$CMAKE" -S "$work/cmocka" -B "$work/cmocka_build" -G "$GENERATOR" -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_C_COMPILER="$CC" \
    -DCMAKE_C_FLAGS="$warnings" >"$work/cmocka.log" 2>&1 && "$CMAKE" --build "$work/cmocka_build" >>"$work/cmocka.log" 2>&1 || {
    cat "$work/cmocka.log"
    exit 1
  }
  ctest --test-dir "$work/cmocka_build" --output-on-failure >"$work/cmocka_test.log" 2>&1 || {
    cat "$work/cmocka_test.log"
    exit 1
  }
  grep -q '100% tests passed, 0 tests failed out of 4' "$work/cmocka_test.log" || wrong "not four tests passed"

  # what they look at changes, and they see it
  sed 's/delay: 20ms/delay: 21ms/' "$source/examples/cmocka/relay.yaml" >"$work/cmocka/relay.yaml"
  expect_failure relay/golden 'the run is not what it was; to accept what there is now:'
  sed 's/+20.0656ms "220/lost(queue) "220/' "$source/examples/cmocka/golden/lost-250.trace" >"$work/cmocka/golden/lost-250.trace"
  expect_failure relay/in-c 'first difference: tcp relay>mx:25#1'
  rm "$work/cmocka/golden/relay-7.trace"
  expect_failure relay/golden 'golden/relay-7.trace yet; to accept what there is now:'
  echo 'hosts: {' >"$work/cmocka/relay.yaml"
  expect_failure relay/plain 'relay.yaml:'
}

"part_$part" "$@"
exit $status
