# shellcheck shell=bash
# Installs what is missing: packages of packages.txt, and the hook of git. Sourced by ./dev.

# Prints the packages of the given sections that are not installed, one a line.
missing_packages() {
  local wanted section package command
  local -A have=()
  while read -r package; do have[$package]=1; done < <(
    dpkg-query -W -f '${db:Status-Status} ${Package}\n' 2>/dev/null | sed -n 's/^installed //p')
  for wanted in "$@"; do
    while read -r section package command; do
      [[ $section == "$wanted" && -z ${have[$package]:-} ]] || continue
      [[ -n $command ]] && command -v "$command" >/dev/null && continue
      echo "$package"
    done <"$root/tools/packages.txt"
  done | sort -u
}

# What Debian asks before it starts the service of a package (deb-policy 9.3.3).
START_POLICY=/usr/sbin/policy-rc.d

# The commands, run as root, that install "$@". Debian would make and start a database cluster of its own together with
# the first PostgreSQL package; Pando brings its own, so that one is turned off where none can exist yet. nginx, of which
# only the program is wanted, would listen on port 80.
install_script() {
  local no_cluster=""
  if [[ ! -e /etc/postgresql-common/createcluster.conf && " $* " == *" postgresql-15"* ]]; then
    no_cluster="mkdir -p /etc/postgresql-common/createcluster.d &&
      echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.d/pando.conf &&"
  fi
  local start=""
  if [[ " $* " == *" nginx "* && ! -e $START_POLICY ]]; then
    start="printf '#!/bin/sh\nexit 101\n' >$START_POLICY && chmod 755 $START_POLICY && trap 'rm -f $START_POLICY' EXIT &&"
  fi
  tr -s ' \n' ' ' <<<"$no_cluster $start apt-get update -q && DEBIAN_FRONTEND=noninteractive
    apt-get install -q -y --no-install-recommends $*"
}

# Makes sure that the packages of the sections "$@" are there: as root, else through sudo, else by asking for it.
ensure_packages() {
  local missing
  mapfile -t missing < <(missing_packages "$@")
  ((${#missing[@]})) || return 0
  local script
  script=$(install_script "${missing[@]}")
  echo "./dev: installing ${missing[*]}"
  if ((EUID == 0)); then
    bash -c "$script"
  elif command -v sudo >/dev/null; then
    sudo bash -c "$script"
  else
    echo "./dev: some packages are missing and this account cannot install them; run this as root, then again:" >&2
    printf '  bash -c %q\n' "$script" >&2
    return 1
  fi
}

# What git runs as its hook commit-msg. A commit of before tools/commit_message.py has nothing to run.
COMMIT_HOOK='#!/bin/sh
# Installed by ./dev.
[ ! -f tools/commit_message.py ] || exec python3 tools/commit_message.py "$1"'

# Installs the check of commit messages in this clone: not where hooks come from elsewhere (core.hooksPath), and not in
# the place of another hook.
install_commit_hook() {
  command -v git >/dev/null && [[ "$(git rev-parse --show-toplevel 2>/dev/null)" -ef "$root" ]] || return 0
  [[ -z "$(git config core.hooksPath)" ]] || return 0
  local hook
  hook=$(git rev-parse --git-path hooks/commit-msg)
  [[ ! -e $hook ]] || grep -qx '# Installed by ./dev.' "$hook" || return 0
  [[ ! -e $hook || "$(<"$hook")" != "$COMMIT_HOOK" ]] || return 0
  mkdir -p "$(dirname "$hook")" && echo "$COMMIT_HOOK" >"$hook" && chmod +x "$hook" ||
    echo "./dev: cannot install $hook, which checks commit messages" >&2
}
