# shellcheck shell=bash
# What the scripts share: packages, builds. Sourced, not run; the caller has set -euo pipefail.

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"

# The system's own, which sees the python3-* packages; another one may come first in PATH.
# shellcheck disable=SC2034 # for the scripts that source this
python=/usr/bin/python3

# shellcheck disable=SC2034 # for the scripts that source this
build_packages=(
    g++ cmake ninja-build ccache
    libboost1.81-dev libboost-json1.81-dev libboost-test1.81-dev
    libssl-dev libsqlite3-dev libsystemd-dev libyaml-cpp-dev libspdlog-dev libjpeg62-turbo-dev libpng-dev libcli11-dev libjemalloc-dev prometheus-cpp-dev libcsv-dev
    libhowardhinnant-date-dev tzdata
    pkg-config openssl ca-certificates git
    scdoc # the manual
    python3 python3-pil python3-pytest python3-yaml python3-jsonschema python3-django
    nginx-light tinyproxy prometheus # that tests start for themselves; see install_without_services
)
# shellcheck disable=SC2034 # for .ci/run
ci_packages=(clang clang-format clang-tidy)
# The Debian package, and the machine in which its test installs it.
# shellcheck disable=SC2034 # for scripts/package, scripts/install, scripts/check-units, test/package
package_packages=(dpkg-dev file lintian systemd)
# shellcheck disable=SC2034
machine_packages=(debootstrap systemd-container)
# What scripts/bench measures itself by.
# shellcheck disable=SC2034 # for scripts/bench
bench_packages=(wrk libcurl4-openssl-dev)
# The browser that looks at the status page, and what drives it.
# shellcheck disable=SC2034 # for scripts/browser-test
browser_packages=(chromium nodejs)
# libFuzzer and the sanitizers of clang, and the symbolizer that makes their traces readable.
# shellcheck disable=SC2034 # for scripts/fuzz
fuzz_packages=(clang libclang-rt-dev llvm)

say() { printf '\n== %s\n' "$*"; }

die() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

# ensure_packages PACKAGE…: only what is missing, so that a second run needs neither network nor root.
ensure_packages() {
    local package missing=()
    for package in "$@"; do
        [[ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)" == installed ]] || missing+=("$package")
    done
    ((${#missing[@]})) || return 0

    local id='' version=''
    if [[ -r /etc/os-release ]]; then
        id="$(. /etc/os-release && echo "${ID:-}")"
        version="$(. /etc/os-release && echo "${VERSION_ID:-}")"
    fi
    [[ "$id" == debian && "$version" == 12 ]] ||
        die "this is not Debian 12: install the equivalents of these packages yourself: ${missing[*]}"
    ((EUID == 0)) ||
        die "packages are missing and installing needs root: sudo apt-get install --no-install-recommends ${missing[*]}"

    say "installing ${#missing[@]} packages"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    install_without_services "${missing[@]}"
}

# install_without_services PACKAGE…: a package that brings a service would start it, on the port that somebody else needs.
# Debian's maintainer scripts ask policy-rc.d first, with systemd and without; 101 is its "no". What they enable for the next start
# of the machine is disabled again.
install_without_services() (
    policy=/usr/sbin/policy-rc.d
    if [[ ! -e "$policy" ]]; then
        trap 'rm -f "$policy"' EXIT
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod 755 "$policy"
    fi
    apt-get install -y -qq --no-install-recommends "$@" >/dev/null
    [[ -d /run/systemd/system ]] || exit 0
    for service in nginx tinyproxy prometheus; do
        [[ " $* " != *" $service"* ]] || systemctl disable --quiet "$service"
    done
)

# One compiler per core, and 1 GB for each: Boost's headers are large.
jobs_that_fit() {
    local cores memory_kb by_memory
    cores="$(nproc)"
    memory_kb="$(awk '/^MemAvailable:/ {print $2}' /proc/meminfo)"
    by_memory=$((memory_kb / 1000000))
    ((by_memory >= 1)) || by_memory=1
    echo $((cores < by_memory ? cores : by_memory))
}

# build PRESET [TARGET…]: configures and builds, everything when no target is named.
build() {
    local preset="$1"
    shift
    local targets=()
    (($# == 0)) || targets=(--target "$@")
    say "building $preset ${*:-(everything)} with $(jobs_that_fit) jobs"
    (cd "$root" && cmake --preset "$preset" >"$root/build/.configure-$preset.log" 2>&1) || {
        cat "$root/build/.configure-$preset.log" >&2
        die "configuring the preset $preset failed"
    }
    (cd "$root" && cmake --build --preset "$preset" --parallel "$(jobs_that_fit)" "${targets[@]}")
}

mkdir -p "$root/build"
