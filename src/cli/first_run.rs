//! What the first run writes down and says.

use std::fmt::Write as _;

use super::Failure;
use super::connect::write_private;
use crate::config::Config;
use crate::flows::setup::FirstRun;

/// Writes the secrets of the first run to a file that the owner alone may read, and shows how to use
/// them.
pub(super) fn report(config: &Config, run: &FirstRun) -> Result<(), Failure> {
    let path = config.data_dir.join("first-run.env");
    // Another database may have left its own behind.
    let _ = std::fs::remove_file(&path);
    write_private(&path, &environment(config, run))?;
    println!("{}", tour(&path.display().to_string()));
    Ok(())
}

fn environment(config: &Config, run: &FirstRun) -> String {
    let mut text = String::new();
    for (name, value) in [
        ("ISSUER", config.issuer.as_str()),
        ("USERNAME", run.username),
        ("PASSWORD", &run.password),
        ("CLIENT_ID", run.client_id),
        ("CLIENT_SECRET", run.client_secret.expose()),
        ("RESOURCE", run.resource),
    ] {
        // Every value is of unreserved characters, or a URL that was checked.
        let _ = writeln!(text, "{name}='{value}'");
    }
    text.truncate(text.trim_end().len());
    text
}

/// The lines that log in, refresh, introspect and revoke.
fn tour(path: &str) -> String {
    format!(
        r#"
An administrator, a demo client and a demo resource were made. Their secrets are in
{path}; they are not shown again, and you should remove the file once they are yours.

In another terminal:

  . {path}
  LOGIN=$(curl -s $ISSUER/login --json "{{\"username\":\"$USERNAME\",\"password\":\"$PASSWORD\",\"client_id\":\"$CLIENT_ID\",\"client_secret\":\"$CLIENT_SECRET\"}}")
  echo "$LOGIN"
  TOKEN=$(echo "$LOGIN" | sed 's/.*"refresh_token":"\([^"]*\)".*/\1/')
  NEXT=$(curl -s -u "$CLIENT_ID:$CLIENT_SECRET" $ISSUER/oauth/token -d grant_type=refresh_token -d refresh_token="$TOKEN")
  echo "$NEXT"
  ACCESS=$(echo "$NEXT" | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
  curl -s -u "$CLIENT_ID:$CLIENT_SECRET" $ISSUER/oauth/introspect -d token="$ACCESS"
  curl -s -u "$CLIENT_ID:$CLIENT_SECRET" $ISSUER/oauth/revoke -d token="$TOKEN"
  curl -s -u "$CLIENT_ID:$CLIENT_SECRET" $ISSUER/oauth/introspect -d token="$ACCESS"
"#
    )
}
