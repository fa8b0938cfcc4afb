#!/usr/bin/env bash
# Runs real programs through Foster and compares every byte of both logs, and the exit code, with the
# same run under a shell redirect. Prints a table; fails on any difference.
#
#   scripts/real-input.sh [--quick]
#
# --quick leaves out the slow ones: Foster's own build, and the build of a Debian package.
#
# What each run prints has to be the same every time. It is, as it stands, for all but `cargo build`,
# whose last line holds the time that it took: there, and only there, the times are made equal in both
# logs before they are compared, and the order of the lines too, since crates are built in parallel.
set -euo pipefail

here=$(cd "$(dirname "$0")/.." && pwd)
quick=no
[[ ${1:-} == --quick ]] && quick=yes

work=$(mktemp -d)
trap 'chmod -R u+w "$work" && rm -rf "$work"' EXIT
export FOSTER_ROOT=$work/root LC_ALL=C
unset FOSTER_OUTPUT

if [[ -z ${FOSTER:-} ]]; then
  cargo build --quiet --release --manifest-path "$here/Cargo.toml" -p foster
  FOSTER=$(cargo metadata --manifest-path "$here/Cargo.toml" --no-deps --format-version 1 |
    sed 's/.*"target_directory":"\([^"]*\)".*/\1/')/release/foster
fi

failed=0
table=$work/table
printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\n' run exit stdout stderr shell foster verdict >"$table"

field() { # FILE NAME: a number or a string of an answer, without a JSON parser
  sed -n "s/.*\"$2\":\(\"[^\"]*\"\|[0-9]*\|null\).*/\1/p" "$1" | head -n 1 | tr -d '"'
}

seconds() { # FROM TO, in nanoseconds
  printf '%d.%02d' $((($2 - $1) / 1000000000)) $(((($2 - $1) / 10000000) % 100))
}

same_bytes() { cmp "$1" "$2"; }

same_but_for_times() {
  local file
  for file in "$1" "$2"; do
    sed -E 's/ in [0-9.]+m?s$| in [0-9]+m [0-9]+s$/ in TIME/' "$file" | sort >"$file.equal"
  done
  cmp "$1.equal" "$2.equal"
}

# compare NAME HOW PREPARE PROGRAM [ARGS…]
compare() {
  local name=$1 how=$2 prepare=$3
  shift 3
  local dir=$work/${name// /-} code=0 foster_code began middle ended verdict=same stream
  mkdir "$dir"
  echo "-- $name" >&2

  $prepare >/dev/null 2>&1
  began=$(date +%s%N)
  "$@" >"$dir/stdout" 2>"$dir/stderr" </dev/null || code=$?
  middle=$(date +%s%N)
  $prepare >/dev/null 2>&1
  local ready
  ready=$(date +%s%N)
  "$FOSTER" run --json --wait --tail-lines 0 -- "$@" >"$dir/answer.json" </dev/null || true
  ended=$(date +%s%N)

  foster_code=$(field "$dir/answer.json" exit_code)
  [[ $foster_code == "$code" ]] || verdict="exit $foster_code, not $code"
  [[ $(field "$dir/answer.json" output) == complete ]] || verdict="output not complete"
  for stream in stdout stderr; do
    cp "$(field "$dir/answer.json" "${stream}_log_path")" "$dir/$stream.foster" || verdict="no $stream"
    $how "$dir/$stream" "$dir/$stream.foster" >&2 || verdict="$stream differs"
  done
  [[ $verdict == same ]] || failed=$((failed + 1))
  printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$name" "$code" \
    "$(stat -c %s "$dir/stdout")" "$(stat -c %s "$dir/stderr")" \
    "$(seconds "$began" "$middle")" "$(seconds "$ready" "$ended")" "$verdict" >>"$table"
}

nothing() { :; }

# 64 MiB on each stream, in turns of uneven size, so that both pipes are full at once.
cat >"$work/flood" <<'PERL'
use strict;
my $line = join('', map { chr(32 + $_ % 95) } 0 .. 4000);
my ($goal, $out, $err, $n) = (64 << 20, 0, 0, 0);
while ($out < $goal || $err < $goal) {
  $n = ($n * 1103515245 + 12345) % 2147483648;
  my $piece = substr($line, 0, $n % 3999 + 1) . "\n";
  if ($out < $goal) { $piece = substr($piece, 0, $goal - $out); $out += length $piece; syswrite STDOUT, $piece; }
  if ($err < $goal) { $piece = substr($piece, 0, $goal - $err); $err += length $piece; syswrite STDERR, $piece; }
}
PERL

# Every byte there is, no newline at the end, and a signal's worth of an exit code.
cat >"$work/binary" <<'PERL'
binmode STDOUT; binmode STDERR;
print STDOUT map { chr($_ % 256) } 0 .. 999_999;
print STDERR map { chr(255 - $_ % 256) } 0 .. 700_000;
exit 37;
PERL

compare "64 MiB on each stream" same_bytes nothing perl "$work/flood"
compare "all bytes, exit 37" same_bytes nothing perl "$work/binary"
# shellcheck disable=SC2016  # the inner shell is to expand it
compare "headers of the system" same_bytes nothing \
  sh -c 'for h in /usr/include/*.h; do gcc -E -H "$h"; done; exit 3'

if [[ $quick == no ]]; then
  # zlib as Debian has it: configured, built with every warning on, tested, read back.
  sources=$work/sources
  mkdir -p "$sources/lists/partial" "$sources/parts"
  {
    [[ -d /etc/apt/sources.list.d ]] && cat /etc/apt/sources.list.d/debian.sources 2>/dev/null
  } | sed 's/^Types: deb$/Types: deb-src/' >"$sources/parts/debian.sources" || true
  sed -n 's/^deb /deb-src /p' /etc/apt/sources.list >"$sources/parts/list.list" 2>/dev/null || true
  apt=(apt-get -qq -o Dir::Etc::SourceList=/dev/null -o "Dir::Etc::SourceParts=$sources/parts"
    -o "Dir::State::Lists=$sources/lists" -o APT::Sandbox::User=)
  "${apt[@]}" update >&2
  (cd "$sources" && "${apt[@]}" source --download-only zlib >&2)
  archive=$(echo "$sources"/zlib_*.orig.tar.*)

  unpack_zlib() {
    rm -rf "$work/zlib"
    mkdir "$work/zlib"
    tar xf "$archive" --strip-components=1 -C "$work/zlib"
  }
  cat >"$work/build-zlib" <<'SH'
set -e
cd "$1"
export CFLAGS='-O1 -Wall -Wextra -Wconversion -Wsign-conversion -Wcast-qual -Wpadded -Wundef'
./configure
make -j1
make -j1 test
objdump -d libz.a
gcc -E -H -I. *.c
make no-such-target
SH
  compare "Debian's zlib: build and test" same_bytes unpack_zlib sh "$work/build-zlib" "$work/zlib"

  own_target_gone() { rm -rf "$work/own-target"; }
  compare "Foster's own build" same_but_for_times own_target_gone \
    env CARGO_TERM_COLOR=never CARGO_TERM_PROGRESS_WHEN=never \
    cargo build --manifest-path "$here/Cargo.toml" --target-dir "$work/own-target" -v
  own_target_gone
fi

echo
column -t -s $'\t' "$table"
echo
if ((failed > 0)); then
  echo "$failed of $(($(wc -l <"$table") - 1)) differ" >&2
  exit 1
fi
echo "every byte and every exit code is the same"
