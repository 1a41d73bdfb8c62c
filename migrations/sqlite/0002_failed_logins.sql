-- Failed logins, so that every node delays the next attempt on the same account. `account` stands for what
-- was typed as a name, which may be a password: only nodes with the master key can make it. Times are
-- milliseconds since the Unix epoch: when the last failure is forgiven, and until when attempts are refused.
CREATE TABLE failed_login (
    account  BLOB    PRIMARY KEY,
    clear_at INTEGER NOT NULL,
    until    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX failed_login_clear ON failed_login (clear_at);
