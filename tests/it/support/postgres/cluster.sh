# Keeps one private PostgreSQL cluster for as long as standard input stays open.
#
# A test process holds the other end of that pipe and the kernel closes it however the process
# ends, even by SIGKILL. Only then does this script stop the server and remove its folder.
#
# $1        the folder of the server's programs
# $2        options of initdb, or nothing
# requests  on standard input, one a line: create, start, stop, kill, restart; fill and free, where /mnt is
#           its own
# answers   on standard output, one a line: "ok FOLDER" or "failed END-OF-THE-LOG"

set -u
# Only the end of the requests may end this script, or a server would be left behind. PIPE comes
# when the test process ends while an answer is on its way.
trap '' HUP INT TERM PIPE
# The caller's client settings must not lead the server's programs elsewhere.
unset PGDATA PGHOST PGPORT PGUSER PGDATABASE PGOPTIONS

bin=$1
options=${2-}
# Under /tmp, since the path of a unix socket may not be longer than about 100 bytes.
dir=$(mktemp -d /tmp/chancery-pg-XXXXXX) || exit 1
data=$dir/data
log=$dir/log

# The folder is private to the server's user (mktemp gives it mode 0700) and holds the only socket,
# so `trust` lets in nobody who could not read the data files anyway. A socket has no port that
# another process could take while the server is stopped.
create() {
    "$bin/initdb" -D "$data" -U postgres --auth=trust --encoding=UTF8 --locale=C $options || return
    cat >>"$data/postgresql.conf" <<CONF
listen_addresses = ''
port = 5432
unix_socket_directories = '$dir'
max_connections = 300
fsync = on
synchronous_commit = on
full_page_writes = on
timezone = 'UTC'
CONF
}

# After a kill the last of the old processes may still hold the shared memory: then the start fails at once.
start() {
    for _ in 1 2 3 4 5 6 7 8 9; do
        "$bin/pg_ctl" -D "$data" -l "$log" -w -t 60 start && return
        sleep 0.5
    done
    "$bin/pg_ctl" -D "$data" -l "$log" -w -t 60 start
}

# As a crash: no checkpoint, connections are cut, the next start recovers from the log.
stop() {
    "$bin/pg_ctl" -D "$data" -w -t 60 -m immediate stop
}

# The machine's own way: the parent first, by SIGKILL, so that nothing is said or tidied up. Its children
# notice, and go.
kill_hard() {
    kill -KILL "$(head -n 1 "$data/postmaster.pid")"
}

# Whether it runs or has given up.
restart() {
    "$bin/pg_ctl" -D "$data" -l "$log" -w -t 60 -m immediate restart
}

fill() {
    # It ends by having no room.
    cat /dev/zero >/mnt/ballast || true
}

free() {
    rm /mnt/ballast
}

answer() {
    if "$@" </dev/null >>"$log" 2>&1; then
        echo "ok $dir"
    else
        echo "failed $(tail -n 20 "$log" | tr '\n' ' ')"
    fi
}

while read -r request; do
    case $request in
        create | start | stop | restart | fill | free) answer "$request" ;;
        kill) answer kill_hard ;;
        *) echo "failed unknown request $request" ;;
    esac
done

if [ -f "$data/postmaster.pid" ]; then
    stop </dev/null >>"$log" 2>&1
fi
rm -rf "$dir"
