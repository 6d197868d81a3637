#!/bin/sh
# Stands for the application: counts orders in the cache. `application.sh ready` is its health check.
# Public variables come from the container's environment, secret ones from the file.
set -eu
. /run/redis/credentials.env
task=${1:-work}

set -- -e -h "$REDIS_HOST" -p "$REDIS_PORT" --user "$REDIS_USERNAME" --no-auth-warning
if [ "$REDIS_TLS_ENABLED" = true ]; then
  set -- "$@" --tls
  # With a public CA, or without a client's certificate, these are not there.
  if [ -n "${REDIS_TLS_CA_PATH:-}" ]; then set -- "$@" --cacert "$REDIS_TLS_CA_PATH"; fi
  if [ -n "${REDIS_TLS_CERT_PATH:-}" ]; then
    set -- "$@" --cert "$REDIS_TLS_CERT_PATH" --key "$REDIS_TLS_KEY_PATH"
  fi
fi

# The password in the environment of this one process: arguments are seen by `ps`.
if [ "$task" = ready ]; then
  REDISCLI_AUTH="$REDIS_PASSWORD" exec redis-cli "$@" ping
fi
trap 'exit 0' TERM
while :; do
  REDISCLI_AUTH="$REDIS_PASSWORD" redis-cli "$@" incr checkout:orders || echo "no answer"
  sleep 1
done
