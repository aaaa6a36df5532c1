#!/bin/sh
# Sleeps for the seconds in the query (`seconds=N`), else for those in the body, else for one.
# Strangers choose the input: it is only ever compared and quoted, and passed on once it is known to be a number.
set -eu
LC_ALL=C # [0-9] must mean the ten ASCII digits, whatever the language of this machine.
export LC_ALL

MAX_SECONDS=3600
MAX_CHARACTERS=16

fail() {
  echo "seconds must be a number from 0 to $MAX_SECONDS, such as 2 or 0.5" >&2
  exit 2
}

query="&${Http_Query-}"
case $query in
  *'&seconds='*)
    value=${query#*'&seconds='}
    seconds=${value%%'&'*}
    ;;
  *)
    # One character more than allowed: enough to see that there are too many.
    seconds=$(head -c $((MAX_CHARACTERS + 1)))
    seconds=${seconds:-1}
    ;;
esac

case $seconds in
  '' | *[!0-9.]* | *.*.* | .* | *.) fail ;;
esac
[ ${#seconds} -le $MAX_CHARACTERS ] || fail
[ "${seconds%.*}" -lt $MAX_SECONDS ] || [ "$seconds" = $MAX_SECONDS ] || fail

sleep "$seconds"
echo "slept $seconds seconds"
