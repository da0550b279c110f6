#!/bin/sh
# Gives the token NAME of ACCOUNT a new value, hands it to the command STORE, and lets the old one work for a day.
# Needs the command postern, signed in as somebody who may refresh tokens.
#   rotate.sh ACCOUNT NAME 'gh secret set POSTERN_TOKEN --repo acme/shop'
set -eu

account=${1:?the service account}
name=${2:?the name of its token}
store=${3:?a command that takes the value on its standard input}

# Should the command fail, the old value still works, and this ends with 1.
postern token refresh "$name" --account "$account" --overlap 1d --pipe "$store"
