#!/bin/sh
# Starts what the container was told to; `target=host:port` is a route for everything, as in fanout/pushpin.
set -eu
if [ "${1:-}" = hermod ]; then
  shift
  [ -n "${target:-}" ] && set -- "$@" --route "* ${target},over_http"
  exec node --use-largepages=silent /hermod/bin/hermod.js "$@"
fi
exec "$@"
