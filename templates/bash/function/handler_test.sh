#!/usr/bin/env bash
# bash handler_test.sh
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")" || exit
failures=0

# answers TITLE INPUT ANSWER
answers() {
  local actual
  actual=$(printf '%s' "$2" | bash handler.sh)
  if [[ $actual == "$3" ]]; then
    echo "ok: $1"
  else
    echo "not ok: $1: got '$actual', not '$3'"
    failures=$((failures + 1))
  fi
}

answers 'it greets whom the body names' 'Ada' 'Hello, Ada!'
answers 'it greets the world when nobody is named' '' 'Hello, world!'
exit "$failures"
