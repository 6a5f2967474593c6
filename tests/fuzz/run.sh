#!/usr/bin/env bash
# Fuzzes one target: tests/fuzz/run.sh TARGET [SECONDS] [options of libFuzzer]. Needs a nightly Rust and a C++ compiler.
# Corpus and findings are kept in target/fuzz.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
name=${1:?load, run, set or csv}
seconds=${2:-600}
work=${ZONEFALL_FUZZ:-$root/target/fuzz}
corpus=$work/corpus/$name
mkdir -p "$corpus" "$work/findings/$name"

# What cargo-fuzz passes, without the address sanitizer: the package has no unsafe code.
export RUSTFLAGS="--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
-Cllvm-args=-sanitizer-coverage-trace-compares"
host=$(rustc +nightly -vV | sed -n 's/^host: //p')
cargo +nightly build --locked --release --manifest-path "$here/Cargo.toml" --target "$host" --target-dir "$work/build" --bins

# Seeds: everything valid and everything that is known to be wrong.
case $name in
load | run)
    for file in "$root"/scenarios/*/*.toml "$root"/tests/bad/*.toml "$root"/tests/full.toml; do
        cp "$file" "$corpus/seed-$(basename "$(dirname "$file")")-$(basename "$file")"
    done
    ;;
set)
    sed -n 's/^# set: //p' "$root"/tests/bad/*.toml | split -l 1 - "$corpus/seed-bad-"
    sed -n 's/^"\(.*\)" *= */\1 = /p' "$root"/scenarios/*/*.toml | split -a 4 -l 1 - "$corpus/seed-"
    ;;
csv)
    printf 's\n1\n2.5\n' >"$corpus/seed-plain"
    printf '"a","s"\r\n"x, ""y""",3e2\n,-1\n' >"$corpus/seed-quoted"
    ;;
esac
# Keys and words.
dictionary=$work/words.dict
cat "$root"/scenarios/*/*.toml "$root"/tests/full.toml | grep -v '^#' | grep -oE '[a-z][a-z_-]{2,30}' | sort -u |
    sed 's/.*/"&"/' >"$dictionary"
exec "$work/build/$host/release/$name" "$corpus" -artifact_prefix="$work/findings/$name/" -dict="$dictionary" \
    -max_total_time="$seconds" -max_len=20000 -timeout=20 -rss_limit_mb=1500 -print_final_stats=1 "${@:3}"
