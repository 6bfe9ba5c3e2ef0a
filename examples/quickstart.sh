#!/bin/sh
# quickstart.sh: from a fresh checkout to a mail that travels. From any folder: sh examples/quickstart.sh
#
# Installs what is missing on Debian and Ubuntu (a C compiler, make, cmake, pkg-config, libyaml), builds into
# build/quickstart and runs topologies/mail-send.yaml. Elsewhere it says what has to be installed.
set -eu
cd "$(dirname "$0")/.."
folder=build/quickstart

say() { printf '%s\n' "$*"; }
give_up() {
  printf 'quickstart.sh: %s\n' "$*" >&2
  exit 2
}
have() { command -v "$1" >/dev/null 2>&1; }
have_yaml() { have pkg-config && pkg-config --exists yaml-0.1; }
have_compiler() { have cc || have gcc || have clang; }
have_headers() {
  for compiler in cc gcc clang; do
    have $compiler && printf '#include <stdio.h>\n' | $compiler -E - >/dev/null 2>&1 && return 0
  done
  return 1
}

missing_packages() {
  have_compiler && have_headers || printf ' gcc libc6-dev'
  have make || printf ' make'
  have cmake || printf ' cmake'
  have pkg-config || printf ' pkg-config'
  have_yaml || printf ' libyaml-dev'
}

install_packages() {
  as_root=
  if [ "$(id -u)" != 0 ]; then
    have sudo || give_up "missing:$packages; become root or install sudo, then: apt-get install$packages"
    as_root=sudo
  fi
  say "Installing$packages"
  export DEBIAN_FRONTEND=noninteractive
  # shellcheck disable=SC2086 # a list of words
  $as_root apt-get install -y --no-install-recommends $packages >/dev/null 2>&1 && return
  # the lists of packages may be old or absent
  $as_root apt-get update -qq || give_up "apt-get update failed; is there a network?"
  # shellcheck disable=SC2086
  $as_root apt-get install -y --no-install-recommends $packages >/dev/null ||
    give_up "apt-get install$packages failed"
}

packages=$(missing_packages)
if [ -n "$packages" ]; then
  if have apt-get; then
    install_packages
  elif [ "$(uname -s)" = Darwin ]; then
    give_up "something is missing; try: xcode-select --install && brew install cmake pkg-config libyaml"
  else
    give_up "something is missing: a C compiler, make, cmake (3.20 or later), pkg-config and libyaml with its headers"
  fi
  packages=$(missing_packages)
  [ -z "$packages" ] || give_up "still missing:$packages"
fi

mkdir -p "$folder"
log=$folder/build.log
say "Building into $folder"
{
  cmake -S . -B "$folder" -DCMAKE_BUILD_TYPE=RelWithDebInfo -DMSIM_TESTS=OFF &&
    cmake --build "$folder" --target mailsim --parallel "$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)"
} >"$log" 2>&1 || {
  tail -n 30 "$log" >&2
  give_up "the build failed; all of it is in $log"
}

mailsim=$folder/examples/mailsim
say "$mailsim run topologies/mail-send.yaml"
say
"$mailsim" run topologies/mail-send.yaml
say
say "Every packet of it: $mailsim run topologies/mail-send.yaml --trace text:-"
say "A world of your own: $mailsim new first.yaml"
