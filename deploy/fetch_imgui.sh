#!/usr/bin/env bash
# Fetches the source of Dear ImGui, pinned, into the cache folder and prints where it is.
#
#   deploy/fetch_imgui.sh            ${RACEHUB_CACHE:-<project>/.cache}/imgui-1.90.1
#
# Debian 12 packages only headers and a native archive of ImGui; the dashboard needs the source, because the same files are
# compiled to WebAssembly and, for the tests of the views, natively. Debian 13 carries the source of 1.90.1. This script takes
# the archive this machine already installs Debian from, asks it for that source package only, checks its SHA-256 and
# unpacks it. It needs no root, adds nothing to the machine's package sources and does nothing when the tree is there.
#
# Without such an archive (no network, an old mirror), put the file below anywhere and name it:
#   RACEHUB_IMGUI_TARBALL=/path/to/imgui_1.90.1+ds.orig.tar.xz deploy/fetch_imgui.sh
set -euo pipefail

package_version="1.90.1+ds-1"
tarball="imgui_1.90.1+ds.orig.tar.xz"
sha256="ecce377df0f90b292f15dcbd83d438bddc162b2388c881132bde18c787572a1c"
# The suites that carry, or carried, this version; the checksum decides, not the name of the suite.
suites="trixie oldstable stable sid"

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
cache="${RACEHUB_CACHE:-$root/.cache}"
target="$cache/imgui-1.90.1"

say() { echo "fetch_imgui: $*" >&2; }
die() {
    say "$*"
    say "remedy: put $tarball (SHA-256 $sha256) somewhere and run"
    say "        RACEHUB_IMGUI_TARBALL=/path/to/$tarball deploy/fetch_imgui.sh"
    exit 1
}

if [[ -f "$target/imgui.h" && "$(cat "$target/.sha256" 2>/dev/null)" == "$sha256" ]]; then
    echo "$target"
    exit 0
fi
for tool in tar xz sha256sum; do
    command -v "$tool" >/dev/null || die "'$tool' is missing: install tar, xz-utils and coreutils"
done
mkdir -p "$cache"
work="$(mktemp -d "$cache/imgui-fetch.XXXXXX")"
trap 'rm -rf "$work"' EXIT

# A private apt: own lists, own cache, own source entry. $1 is a sources file, the rest the command.
apt_private() {
    local sources="$1"
    shift
    mkdir -p "$work/lists/partial" "$work/cache/archives/partial"
    apt-get -qq -o APT::Sandbox::User="$(id -un)" -o Dir::State::Lists="$work/lists" -o Dir::Cache="$work/cache" \
        -o Dir::Etc::SourceList="$sources" -o Dir::Etc::SourceParts=/dev/null -o Acquire::Languages=none "$@"
}

# The addresses of the archives that this machine takes its own Debian release from.
archives() {
    local release format='$(REPO_URI) $(RELEASE)'
    release="$(. /etc/os-release && echo "${VERSION_CODENAME:-}")"
    local known
    known="$(apt-get indextargets --format "$format" "Component: main" 2>/dev/null || true)"
    if [[ -z "$known" ]]; then # apt-get update has never run here: learn it without touching the machine's lists
        mkdir -p "$work/own/partial"
        local own=(-qq -o APT::Sandbox::User="$(id -un)" -o Dir::State::Lists="$work/own" -o Dir::Cache="$work/cache")
        apt-get "${own[@]}" update >/dev/null 2>&1 || true
        known="$(apt-get "${own[@]}" indextargets --format "$format" "Component: main" 2>/dev/null || true)"
    fi
    awk -v release="$release" '$2 == release { print $1 }' <<<"$known" | sort -u
}

fetch() {
    command -v apt-get >/dev/null || die "this machine has no apt-get"
    local uri suite found
    found="$(archives)"
    [[ -n "$found" ]] || die "no Debian archive found among this machine's package sources (see: apt-get indextargets)"
    local keyring=/usr/share/keyrings/debian-archive-keyring.gpg
    for uri in $found; do
        for suite in $suites; do
            {
                printf 'Types: deb-src\nURIs: %s\nSuites: %s\nComponents: main\n' "$uri" "$suite"
                [[ ! -f "$keyring" ]] || echo "Signed-By: $keyring"
            } >"$work/racehub.sources"
            if apt_private "$work/racehub.sources" update >"$work/log" 2>&1 &&
                (cd "$work" && apt_private "$work/racehub.sources" source --download-only "imgui=$package_version") \
                    >>"$work/log" 2>&1 && [[ -f "$work/$tarball" ]]; then
                return 0
            fi
        done
    done
    cat "$work/log" >&2
    die "the source package imgui $package_version was not found in: $suites"
}

if [[ -n "${RACEHUB_IMGUI_TARBALL:-}" ]]; then
    cp "$RACEHUB_IMGUI_TARBALL" "$work/$tarball" || die "cannot read $RACEHUB_IMGUI_TARBALL"
else
    say "fetching the source of Dear ImGui $package_version (about 1 MB and a 10 MB index)"
    fetch
fi
actual="$(sha256sum "$work/$tarball" | cut -d' ' -f1)"
[[ "$actual" == "$sha256" ]] || die "$tarball has the wrong SHA-256 $actual, wanted $sha256: not used"

mkdir "$work/tree"
tar -C "$work/tree" --strip-components=1 -xf "$work/$tarball"
echo "$sha256" >"$work/tree/.sha256"
rm -rf "$target"
mv "$work/tree" "$target"
say "unpacked to $target"
echo "$target"
