//! `chancery user import`.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::Failure;
use super::context::{Context, Keys};
use crate::flows::admin::By;
use crate::flows::admin::users::{self, NewPassword, NewUser};
use crate::flows::error::FlowError;
use crate::flows::server::Server;
use crate::protocol::password::{HashBudget, PasswordHash, UserName};
use crate::protocol::profile::Profile;
use crate::protocol::user::Roles;

/// One line of the file. A member of another name is refused: it would be lost without a word.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    name: String,
    password_hash: Option<Zeroizing<String>>,
    #[serde(default)]
    roles: Vec<String>,
    #[serde(default)]
    profile: Map<String, Value>,
}

/// What became of the lines.
#[derive(Default, Serialize)]
struct Report {
    created: usize,
    refused: usize,
    items: Vec<Row>,
}

/// What became of one line: the user, or why there is none.
#[derive(Serialize)]
struct Row {
    line: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_description: Option<String>,
}

/// Creates a user for every line that can be one, and reports on each.
pub(super) async fn run(file: &Path, context: &Context<'_>) -> Result<(), Failure> {
    let lines = open(file)?;
    let import = async |server: &Server| import(server, lines).await;
    let (report, stopped) = context.with_new_server(Keys::Sealed, import).await?;
    context.output.table(&report, &["line", "name", "id", "error_description"])?;
    match (stopped, report.refused) {
        (Some(failure), _) => Err(failure),
        (None, 0) => Ok(()),
        (None, refused) => {
            let created = report.created;
            Err(Failure::new(format!("{created} users were created, {refused} lines refused")))
        }
    }
}

fn open(file: &Path) -> Result<Box<dyn BufRead>, Failure> {
    if file == Path::new("-") {
        return Ok(Box::new(BufReader::new(io::stdin())));
    }
    let named = |error: io::Error| Failure::new(format!("{}: {error}", file.display()));
    Ok(Box::new(BufReader::new(File::open(file).map_err(named)?)))
}

/// The report, and what stopped the import before the end of the file, if something did.
async fn import(
    server: &Server,
    mut lines: Box<dyn BufRead>,
) -> Result<(Report, Option<Failure>), Failure> {
    let mut report = Report::default();
    for number in 1.. {
        let line = match next(&mut *lines) {
            Ok(Some(line)) => line,
            Ok(None) => break,
            Err(error) => return Ok((report, Some(error.into()))),
        };
        if line.trim_ascii().is_empty() {
            continue;
        }
        match create(server, &line).await {
            Ok(row) => report.add(Row { line: number, ..row }),
            // The next lines would not fare better, and nothing is known of this one.
            Err(error) => {
                let why = format!("stopped at line {number}: {}", Failure::from(error));
                return Ok((report, Some(Failure::new(why))));
            }
        }
    }
    Ok((report, None))
}

fn next(lines: &mut dyn BufRead) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
    let mut line = Zeroizing::new(Vec::with_capacity(MAX_LINE + 1));
    let read = lines.take(MAX_LINE as u64 + 1).read_until(b'\n', &mut line)?;
    if read > MAX_LINE {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "a line is longer than 64 KiB"));
    }
    Ok((read > 0).then_some(line))
}

async fn create(server: &Server, line: &[u8]) -> Result<Row, FlowError> {
    let new = match parse(line, &server.settings.hash_budget) {
        Ok(new) => new,
        Err(row) => return Ok(row),
    };
    let name = new.name.as_str().to_owned();
    match users::create(server, &By::command_line(), new).await {
        Ok(user) => Ok(Row { id: Some(user.id.to_string()), ..Row::of(Some(name)) }),
        Err(FlowError::Refused(refusal)) => {
            Ok(Row::refused(Some(name), refusal.code.as_str(), refusal.description))
        }
        Err(error) => Err(error),
    }
}

fn parse(line: &[u8], budget: &HashBudget) -> Result<NewUser, Row> {
    let malformed = |name, why: &str| Row::refused(name, "invalid_request", why);
    let line: Line = serde_json::from_slice(line).map_err(|_| malformed(None, MEMBERS))?;
    let name = UserName::parse(&line.name).map_err(|rejected| malformed(None, rejected.text()))?;
    let refused = |why: &str| malformed(Some(name.as_str().to_owned()), why);
    let hash = line.password_hash.as_ref().map(|text| PasswordHash::parse(text, budget));
    let hash = hash.transpose().map_err(|rejected| refused(rejected.text()))?;
    let roles = Roles::from_names(line.roles.iter().map(String::as_str));
    let roles = roles.map_err(|error| refused(&error.to_string()))?;
    let profile = Profile::parse(line.profile).map_err(|rejected| refused(rejected.text()))?;
    let password = hash.map(|hash| NewPassword::Hashed(hash.into()));
    Ok(NewUser { name, password, roles, profile })
}

impl Report {
    fn add(&mut self, row: Row) {
        match row.error {
            None => self.created += 1,
            Some(_) => self.refused += 1,
        }
        self.items.push(row);
    }
}

impl Row {
    fn of(name: Option<String>) -> Self {
        Self { line: 0, name, id: None, error: None, error_description: None }
    }

    fn refused(name: Option<String>, error: &'static str, description: &str) -> Self {
        let error_description = Some(description.to_owned());
        Self { error: Some(error), error_description, ..Self::of(name) }
    }
}

const MEMBERS: &str = "the line is no object of name, password_hash, roles and profile";
const MAX_LINE: usize = 65_536;
