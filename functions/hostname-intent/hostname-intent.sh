#!/bin/sh
# Answers an Alexa request with the name of this machine. The request itself is not looked at: its intent has led here.
set -eu

# Nothing that could end a JSON string may get into it.
name=$(uname -n | LC_ALL=C tr -cd 'A-Za-z0-9._-')
printf '{"version":"1.0","response":{"outputSpeech":{"type":"PlainText","text":"Your hostname is %s"},"shouldEndSession":true}}\n' "$name"
