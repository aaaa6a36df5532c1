#!/usr/bin/env bash
# The request's body is the input, the output is the answer; an exit code other than 0 is a 500.
# The rest of the request is in variables: Http_Method, Http_Path, Http_Query, Http_X_Some_Header.
set -euo pipefail

name=$(cat)
echo "Hello, ${name:-world}!"
