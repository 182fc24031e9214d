#!/bin/sh
# Writes NAME.expected beside every NAME.lua by running the reference, Debian's lua5.4.
# Each script runs in its own directory, so its chunk name is `@NAME.lua`.
# Fails if a script exits with an error, or prints something else when run again.
# Usage: regenerate.sh [directory...]     (default: every directory)
set -eu
export TZ=UTC
LUA=${LUA:-lua5.4}
cd "$(dirname "$0")"
[ $# -gt 0 ] || set -- */
failed=0 count=0
again=$(mktemp)
trap 'rm -f "$again"' EXIT
for dir in "$@"; do
    for path in "${dir%/}"/*.lua; do
        name=$(basename "$path" .lua)
        count=$((count + 1))
        if ! (cd "$dir" && timeout 20 "$LUA" "$name.lua" >"$name.expected"); then
            echo "fails: $path" >&2
            failed=1
            continue
        fi
        (cd "$dir" && "$LUA" "$name.lua") >"$again"
        if ! cmp -s "$again" "${path%.lua}.expected"; then
            echo "not deterministic: $path" >&2
            failed=1
        fi
        if grep -nE '(table|function|thread|userdata|builtin): (builtin: )?0x[0-9a-f]+' "${path%.lua}.expected" >&2; then
            echo "prints an address: $path" >&2
            failed=1
        fi
    done
done
echo "$count scripts"
exit $failed
