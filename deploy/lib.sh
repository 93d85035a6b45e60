# shellcheck shell=bash
# Shared by deploy/setup.sh, deploy/start.sh and tests/run.sh, which source it. It knows four
# things: where the project is, which packages it needs, how it is configured and how it is built.
# All of it may be run again at any time: what is there is neither fetched nor built twice.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build_dir=$root/build

say() { printf '%s\n' "==> $*"; }

# fail SENTENCE...: every argument is a line; the last one tells the remedy.
fail() {
    printf '\n' >&2
    printf 'racehub: %s\n' "$@" >&2
    exit 1
}

# packages_of GROUP...: the packages of these groups, one a line.
packages_of() {
    local group
    for group in "$@"; do
        awk -v group="$group" '$1 == group { print $2 }' "$root/deploy/packages.txt"
    done
}

# missing_packages GROUP...: those of them that are not installed.
missing_packages() {
    local package status
    for package in $(packages_of "$@"); do
        status=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true)
        [ "$status" = installed ] || printf '%s\n' "$package"
    done
}

# as_root COMMAND...: runs it as root, through sudo where we are not root.
as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    else
        sudo "$@"
    fi
}

# Stops with the remedy where we could not install anything.
require_root_or_sudo() {
    [ "$(id -u)" = 0 ] && return
    local remedy="as root:  apt-get update && apt-get install --no-install-recommends $*"
    command -v sudo >/dev/null ||
        fail "These Debian packages are missing, and neither root nor sudo is at hand: $*" \
            "Run this $remedy" "and start again."
    sudo -n true 2>/dev/null && return
    [ -t 0 ] || fail "sudo would ask for a password, but there is no terminal to type it on." \
        "Run this $remedy" "and start again."
    say "sudo may ask for your password, to install packages"
    sudo true || fail "sudo refused." "Run this $remedy" "and start again."
}

apt_get() {
    # A lock timeout, because a fresh machine often runs its own unattended upgrade just now.
    as_root env DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 apt-get -q \
        -o DPkg::Lock::Timeout=180 -o Dpkg::Use-Pty=0 "$@"
}

# show_progress TOTAL: apt-get's hundreds of lines as one line for each tenth of a step.
show_progress() {
    awk -v total="$1" '
        function step(what) {
            tenth = int(10 * ++count[what] / total)
            if (tenth > shown[what] && tenth <= 10) {
                printf "    %s %d of %d packages\n", what, count[what], total
                shown[what] = tenth
                fflush()
            }
        }
        /^Get:[0-9]/ { step("fetched") }
        /^Unpacking / { step("unpacked") }
        /^Setting up / { step("set up") }'
}

# update_and_install PACKAGE...: leaves apt-get's own words in $apt_log.
update_and_install() {
    local total
    apt_get update >"$apt_log" 2>&1 || return
    total=$(apt_get install -s --no-install-recommends "$@" 2>"$apt_log" | grep -c '^Inst ') ||
        return
    apt_get install -y --no-install-recommends "$@" 2>&1 | tee "$apt_log" | show_progress "$total"
}

# install_packages GROUP...: installs what is missing of these groups; touches nothing otherwise.
install_packages() {
    command -v dpkg-query >/dev/null ||
        fail "This machine has no dpkg; RaceHub sets itself up on Debian 12 and its relatives." \
            "Install what deploy/packages.txt lists in your system's way, then build with CMake."
    local missing
    missing=$(missing_packages "$@" | tr '\n' ' ')
    missing=${missing% }
    [ -n "$missing" ] || return 0
    say "Installing Debian packages: $missing"
    # shellcheck disable=SC2086 # one word is one package
    {
        require_root_or_sudo $missing
        apt_log=$(mktemp)
        # apt-get update forgives servers that do not answer; what counts is what is there after.
        update_and_install $missing || sleep 5
        missing=$(missing_packages "$@" | tr '\n' ' ')
        if [ -n "$missing" ]; then
            say "Some are still missing; trying once more"
            update_and_install $missing || true
        fi
    }
    missing=$(missing_packages "$@" | tr '\n' ' ')
    if [ -n "$missing" ]; then
        tail -n 12 "$apt_log" >&2
        rm -f "$apt_log"
        fail "Installing packages failed twice; apt-get's last words are above." \
            "Most often the network is away, or /etc/apt names a server that does not answer." \
            "See that  apt-get update  works, then run this again. Missing: $missing"
    fi
    rm -f "$apt_log"
}

# fetch_dear_imgui: its pinned source package; Debian's library of it is compiled for the desktop.
fetch_dear_imgui() {
    # A tree without the dashboard has no such script.
    [ -x "$root/deploy/fetch_imgui.sh" ] || return 0
    "$root/deploy/fetch_imgui.sh" >/dev/null ||
        fail "Dear ImGui's source package could not be fetched (see above)." \
            "The dashboard needs it once; with a working network, run this again."
}

# How many compilers fit: one a core, and about 1 GB of free memory each.
job_count() {
    local cores memory
    cores=$(nproc)
    memory=$(awk '/^MemAvailable:/ { print int($2 / 1000000) }' /proc/meminfo)
    [ "${memory:-0}" -ge 1 ] || memory=1
    [ "$memory" -lt "$cores" ] && cores=$memory
    printf '%s\n' "$cores"
}

# build TESTS: configures and builds everything; TESTS is ON or OFF. Switching rebuilds nothing.
build() {
    if [ -e "$build_dir" ] && [ ! -w "$build_dir" ]; then
        fail "$build_dir belongs to $(stat -c %U "$build_dir"), so $(id -un) cannot build there." \
            "Make it yours:  sudo chown -R $(id -un): '$build_dir'"
    fi
    [ -w "$root" ] || fail "$root is not writable for $(id -un)." \
        "Clone the project into a folder of your own, or make this one yours with chown."
    local launcher=''
    if command -v ccache >/dev/null; then
        launcher=ccache
        export CCACHE_BASEDIR=$root CCACHE_NOHASHDIR=1
    fi
    say "Configuring in build/"
    cmake -S "$root" -B "$build_dir" -G Ninja --log-level=WARNING -DRACEHUB_TESTS="$1" \
        -DRACEHUB_WEBUI="${RACEHUB_WEBUI:-ON}" -DCMAKE_CXX_COMPILER_LAUNCHER="$launcher" ||
        fail "CMake could not configure the build; its words are above." \
            "If build/ came from another folder or version:  rm -rf '$build_dir'  and again."
    say "Building with $(job_count) jobs (the first time takes minutes, later only what changed)"
    NINJA_STATUS='[%f/%t, %es] ' cmake --build "$build_dir" --parallel "$(job_count)" ||
        fail "The build stopped; the first error above is the cause." \
            "If it says 'Killed', memory ran out: close programs and run this again; it goes on."
}
