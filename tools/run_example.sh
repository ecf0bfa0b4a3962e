#!/usr/bin/env bash
# ./dev run: brings the example's schema up to date, serves it, loads its data, and says where it answers.
# Options go to `pando serve`; PANDO_* variables go to all of it. Ends with the server.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
pando=build/release/pando
config=examples/world/pando.toml
START_SECONDS_MAX=60

# The value of an option as the server will see it.
setting() { $pando config --config $config "${options[@]}" --get "$1"; }

options=("$@")
$pando migrate --config $config "${options[@]}"
$pando serve --config $config "${options[@]}" &
server=$!
trap 'kill -TERM $server 2>/dev/null || true' INT TERM EXIT

address=$(setting http.listen)
admin=$(setting admin.listen)
first=${address%%,*}
base=http://localhost:${first##*:}$(setting rest.prefix)
SECONDS=0
until curl -sf -o /dev/null "http://$admin/readyz"; do
  kill -0 $server 2>/dev/null || { wait $server; exit; }
  ((SECONDS < START_SECONDS_MAX)) || { echo "./dev run: the server is not ready after $SECONDS s" >&2; exit 1; }
  sleep 0.1
done

PANDO_SERVICE_KEY=$($pando keys --config $config "${options[@]}" --role service_role) \
  examples/world/load --url "$base"
cat <<EOF

Pando serves the world at $base
  curl '$base/countries?code=eq.CH&select=name,flag,currencies(code,name)'
More requests: README.md. Stop with Ctrl-C.
EOF
# A signal ends this wait early, and the server is then still draining.
wait $server || true
code=0
wait $server || code=$?
exit $code
