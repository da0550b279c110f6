#!/bin/sh
# One run of a scheduled job: asks an API who it is, with the token that its scheduler gave it.
# Needs curl, POSTERN_URL, and POSTERN_TOKEN or POSTERN_TOKEN_FILE.
set -eu

token=${POSTERN_TOKEN:-$(cat "${POSTERN_TOKEN_FILE:?set POSTERN_TOKEN or POSTERN_TOKEN_FILE}")}

# The header comes from standard input: what stands on a command line, everybody on the machine can read.
printf 'Authorization: Bearer %s\n' "$token" |
  curl --fail --silent --show-error --max-time 30 --header @- "${JOB_URL:-$POSTERN_URL/api/v1/me}"
