. chancery-data/first-run.env
member() { sed "s/.*\"$1\":\"\([^\"]*\)\".*/\1/"; }
refresh() {
  curl -sS -w '\n' -u "$CLIENT_ID:$CLIENT_SECRET" "$ISSUER/oauth/token" \
    -d grant_type=refresh_token -d refresh_token="$1"
}
LOGIN=$(curl -sS "$ISSUER/login" --json @- <<END
{"username":"$USERNAME","password":"$PASSWORD","client_id":"$CLIENT_ID","client_secret":"$CLIENT_SECRET"}
END
)
echo "$LOGIN"
FIRST=$(echo "$LOGIN" | member refresh_token)
NEXT=$(refresh "$FIRST")
AGAIN=$(refresh "$FIRST")
echo "$NEXT"
test "$(echo "$NEXT" | member refresh_token)" = "$(echo "$AGAIN" | member refresh_token)"
echo "the second answer carries the same refresh token"

. chancery-data/first-run.env
member() { sed "s/.*\"$1\":\"\([^\"]*\)\".*/\1/"; }
ask() { curl -sS -w '\n' -u "$CLIENT_ID:$CLIENT_SECRET" "$@"; }
LOGIN=$(curl -sS "$ISSUER/login" --json @- <<END
{"username":"$USERNAME","password":"$PASSWORD","client_id":"$CLIENT_ID","client_secret":"$CLIENT_SECRET"}
END
)
ACCESS=$(echo "$LOGIN" | member access_token)
REFRESH=$(echo "$LOGIN" | member refresh_token)
ask "$ISSUER/oauth/introspect" -d token="$ACCESS"
ask "$ISSUER/oauth/revoke" -d token="$REFRESH" -w '%{http_code}\n'
ask "$ISSUER/oauth/introspect" -d token="$ACCESS"
ask "$ISSUER/oauth/token" -d grant_type=refresh_token -d refresh_token="$REFRESH"
