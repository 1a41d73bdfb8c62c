# Keeps one private PgBouncer for as long as standard input stays open, as cluster.sh keeps a server.
#
# $1       the folder of the server's socket
# answers  on standard output, one line: "ok FOLDER" or "failed END-OF-THE-LOG"

set -u
trap '' HUP INT TERM PIPE

dir=$(mktemp -d /tmp/chancery-pb-XXXXXX) || exit 1

# The folder is private and holds the only socket. Two connections to the server for each database,
# so that whoever leaves something behind on one hands it to somebody else.
cat >"$dir/ini" <<INI
[databases]
* = host=$1 user=postgres
[pgbouncer]
pool_mode = transaction
listen_addr =
listen_port = 6432
unix_socket_dir = $dir
auth_type = any
default_pool_size = 2
max_client_conn = 200
INI

PATH=$PATH:/usr/sbin pgbouncer -q "$dir/ini" </dev/null >"$dir/log" 2>&1 &
pooler=$!
while [ ! -S "$dir/.s.PGSQL.6432" ] && kill -0 "$pooler" 2>/dev/null; do
    sleep 0.05
done
if [ -S "$dir/.s.PGSQL.6432" ]; then
    echo "ok $dir"
else
    echo "failed $(tail -n 20 "$dir/log" | tr '\n' ' ')"
fi
while read -r _; do :; done

kill -KILL "$pooler"
wait "$pooler" 2>/dev/null
rm -rf "$dir"
