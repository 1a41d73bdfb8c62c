# Runs a script in namespaces of its own, where /mnt is a small file system that nobody else sees. The folder
# `small` on it is for a database, and beside it is room for what takes the rest.
#
# $1      the script
# $2, $3  its arguments

set -u
exec unshare --user --map-root-user --mount /bin/sh -c '
    mount -t tmpfs -o size=64m none /mnt && mkdir /mnt/small &&
        exec unshare --user --map-user="$0" --map-group="$1" /bin/sh -c "$2" supervisor "$3" "$4"
' "$(id -u)" "$(id -g)" "$1" "$2" "$3"
