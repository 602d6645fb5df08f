#!/bin/sh
# What the tests need outside Python: a browser, PostgreSQL and nginx. Uses what is there, else Debian's packages, else
# Playwright's own browser. Usage: tools/setup-test.sh PYTHON
set -eu
python=$1

have_browser() { "$python" -m tests.browser.chromium >/dev/null 2>&1; }
have_postgres() { "$python" -c 'import sys; from tests.postgres import binaries; sys.exit(binaries() is None)'; }
have_nginx() { "$python" -c 'import sys; from tests.nginx import missing; sys.exit(bool(missing()))'; }
can_apt() { command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; }
apt_install() {
    apt-get update -qq >/dev/null
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq -o Dpkg::Options::=--force-confold "$@" >/dev/null
}

if ! have_browser; then
    echo "Installing a browser …"
    if can_apt && apt_install chromium fonts-noto-cjk; then :; else "$python" -m playwright install chromium; fi
    have_browser || { echo "No browser: install chromium, or name one in PROUTT_CHROMIUM." >&2; exit 1; }
fi

if ! have_postgres; then
    echo "Installing PostgreSQL …"
    can_apt || { echo "No PostgreSQL: install its server package (initdb is needed), then run this again." >&2; exit 1; }
    # The tests make their own cluster; the package must not start one of its own.
    mkdir -p /etc/postgresql-common
    [ -e /etc/postgresql-common/createcluster.conf ] || echo "create_main_cluster = false" > /etc/postgresql-common/createcluster.conf
    apt_install postgresql
    have_postgres || { echo "PostgreSQL was installed but initdb was not found." >&2; exit 1; }
fi

if ! have_nginx; then
    echo "Installing nginx …"
    can_apt || { echo "No nginx: install nginx and openssl, then run this again." >&2; exit 1; }
    # The tests start their own; the package must start none, neither now nor with the machine.
    policy=/usr/sbin/policy-rc.d
    if [ ! -e "$policy" ]; then
        trap 'rm -f "$policy"' EXIT
        printf '#!/bin/sh\nexit 101\n' > "$policy"
        chmod 755 "$policy"
    fi
    apt_install nginx openssl
    if command -v systemctl >/dev/null 2>&1; then systemctl disable nginx >/dev/null 2>&1 || true; fi
    have_nginx || { echo "nginx was installed but not found." >&2; exit 1; }
fi
