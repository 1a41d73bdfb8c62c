//! The command line. It puts the parts together from the configuration and calls the same use cases
//! as the admin API.

mod apply;
mod backup;
mod blocklist;
mod client;
mod client_settings;
mod configuration;
mod connect;
mod context;
mod copy;
mod declared;
mod doctor;
mod failure;
mod feed;
mod first_run;
mod gate;
mod import;
mod init;
mod input;
mod key;
mod log;
mod migrate;
mod output;
mod parsers;
mod picture;
mod resource;
mod restored;
mod revoke;
mod rights;
mod serve;
mod session;
mod tidy_metrics;
mod user;

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use crate::config::{Config, Sources};

pub use connect::connect;
use context::Context;
pub use failure::Failure;
use output::Output;

/// OAuth 2 authorization server: short access tokens that APIs check offline, refresh tokens that
/// give a theft away, and revocations in one durable log.
#[derive(Parser)]
#[command(name = "chancery", version)]
struct Arguments {
    /// Answer in JSON.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Serve (the default): log users in, issue tokens, refuse what was revoked.
    Serve,
    Init(init::Init),
    Apply(apply::Apply),
    /// Bring the tables of the database up to date.
    Migrate,
    Copy(copy::Copy),
    Backup(backup::Backup),
    Restored(restored::Restored),
    /// Check the installation, and explain what is wrong with it.
    Doctor,
    /// Users.
    #[command(subcommand)]
    User(user::Command),
    /// Clients.
    #[command(subcommand)]
    Client(client::Command),
    /// Resources: the APIs that tokens are for.
    #[command(subcommand)]
    Resource(resource::Command),
    /// Sessions.
    #[command(subcommand)]
    Session(session::Command),
    /// Signing keys.
    #[command(subcommand)]
    Key(key::Command),
    /// Refuse tokens before they expire.
    Revoke(revoke::Arguments),
    Feed(feed::Arguments),
    Gate(gate::Arguments),
    /// The configuration.
    #[command(subcommand)]
    Config(configuration::Command),
    /// Write completions for a shell to standard output.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

/// Runs the command that the process was started with. The exit code is 0 for success, 2 for wrong usage,
/// of the command line or of the configuration, 78 where what is configured does not fit what is there, and 1
/// for any other failure.
pub fn run() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            return refuse_usage(&error);
        }
    };
    let output = Output { json: arguments.json };
    let command = arguments.command.unwrap_or(Command::Serve);
    if let Command::Completions { shell } = command {
        return exit(completions(shell), output);
    }
    let sources = Sources::of_process();
    let config = match Config::load(&sources) {
        Ok(config) => config,
        Err(error) if matches!(command, Command::Doctor) => {
            return exit(doctor::without_configuration(&error, output), output);
        }
        Err(error) => {
            return exit(Err(Failure::usage("invalid_configuration", error.to_string())), output);
        }
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return exit(Err(error.into()), output),
    };
    let origin = Config::origin_of_database(&sources);
    let context = Context { config: &config, origin: &origin, output };
    exit(runtime.block_on(execute(command, &context)), output)
}

async fn execute(command: Command, context: &Context<'_>) -> Result<(), Failure> {
    if !matches!(command, Command::Serve | Command::Gate(_)) {
        log::start(context.config, "warn");
    }
    match command {
        Command::Serve => serve::serve(context.config).await,
        Command::Init(arguments) => init::init(&arguments, context).await,
        Command::Apply(arguments) => apply::apply(&arguments, context).await,
        Command::Migrate => migrate::run(context).await,
        Command::Copy(arguments) => copy::copy(&arguments, context).await,
        Command::Backup(arguments) => backup::run(&arguments, context).await,
        Command::Restored(_) => restored::run(context).await,
        Command::Doctor => doctor::doctor(context).await,
        Command::User(command) => user::run(command, context).await,
        Command::Client(command) => client::run(command, context).await,
        Command::Resource(command) => resource::run(command, context).await,
        Command::Session(command) => session::run(command, context).await,
        Command::Key(command) => key::run(command, context).await,
        Command::Revoke(arguments) => revoke::run(arguments, context).await,
        Command::Feed(arguments) => feed::run(&arguments, context).await,
        Command::Gate(arguments) => gate::serve(arguments, context.config).await,
        Command::Config(command) => configuration::run(&command, context),
        Command::Completions { shell } => completions(shell),
    }
}

fn completions(shell: clap_complete::Shell) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "chancery", &mut script);
    output::write(&script)
}

fn exit(result: Result<(), Failure>, output: Output) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output.failure(&failure);
            failure.exit()
        }
    }
}

/// Help and version are asked for, and come here too.
fn refuse_usage(error: &clap::Error) -> ExitCode {
    // The arguments could not be read, so the flag is looked for by itself.
    let json = std::env::args_os().any(|argument| argument == "--json");
    if !error.use_stderr() {
        let _ = error.print();
        return ExitCode::SUCCESS;
    }
    let failure = Failure::usage("invalid_usage", error.to_string().trim_end());
    if json {
        Output { json }.failure(&failure);
    } else {
        let _ = error.print();
    }
    failure.exit()
}
