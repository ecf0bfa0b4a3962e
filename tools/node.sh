#!/usr/bin/env bash
# node.sh FOLDER: fetches the JavaScript packages of that folder as its lock file names them, Node 22 itself among them:
# Debian 12 has 18, on which current supabase-js does not run. Does nothing when they are there already.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../$1"
stamp=node_modules/.from-package-lock.json
if ! cmp -s package-lock.json "$stamp"; then
  npm ci --no-audit --no-fund --loglevel=error
  cp package-lock.json "$stamp"
fi
