#!/bin/sh
# SPDX-License-Identifier: MIT
# with_python.sh SCRIPT ARGUMENTS...: runs a script with Amazon's Python client and a server that plays AWS (moto), in a
# Python of its own that is made once for each requirements.txt. Where it cannot be made the test is skipped, aloud; in CI that
# is a failure.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/libesm-aws
python=$cache/$(cksum <"$here/requirements.txt" | tr ' ' '-')

# By one at a time. Half a one is never taken for whole; its programs, which know where they were made, are called by -m.
make_python() {
    [ ! -x "$python/bin/python3" ] || return 0
    rm -rf "$python.new"
    python3 -m venv "$python.new" &&
        "$python.new/bin/python3" -m pip install -q --disable-pip-version-check -r "$here/requirements.txt" &&
        mv "$python.new" "$python"
}

mkdir -p "$cache"
if ! (flock 9 && make_python) 9>"$cache/lock" >"$cache/log" 2>&1; then
    tail -n 20 "$cache/log" >&2
    echo "SKIPPED: the Python packages of $here/requirements.txt cannot be had here" >&2
    [ -z "${CI-}" ] || exit 1
    exit 77
fi
# Nothing of the user's own settings, and no way to the real AWS.
for name in $(env | sed -n 's/^\(AWS_[A-Z0-9_]*\)=.*/\1/p'); do unset "$name"; done
unset http_proxy https_proxy all_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY
export HOME="$cache/nobody" AWS_EC2_METADATA_DISABLED=true PYTHONDONTWRITEBYTECODE=1
exec "$python/bin/python3" "$@"
