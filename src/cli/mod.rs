//! The command line. It puts the parts together from the configuration and calls the same use cases
//! as the admin API.

mod apply;
mod client;
mod configuration;
mod connect;
mod context;
mod declared;
mod failure;
mod first_run;
mod import;
mod input;
mod key;
mod log;
mod migrate;
mod output;
mod parsers;
mod resource;
mod revoke;
mod serve;
mod session;
mod user;

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use crate::config::{Config, Sources};

use context::Context;
pub use failure::Failure;
use output::Output;

/// OAuth 2 authorization server whose revocations reach APIs that check tokens offline.
#[derive(Parser)]
#[command(name = "chancery", version, about)]
struct Arguments {
    /// Answer in JSON.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Serve (the default).
    Serve,
    /// Make users, clients and resources what the configuration file declares.
    Apply(apply::Apply),
    /// Bring the tables of the database up to date.
    Migrate,
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
    /// The configuration.
    #[command(subcommand)]
    Config(configuration::Command),
    /// Write completions for a shell to standard output.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

/// Runs the command that the process was started with. The exit code is 0 for success, 1 for a
/// failure and 2 for wrong usage, of the command line or of the configuration.
pub fn run() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are asked for, and come here too.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { USAGE } else { 0 });
        }
    };
    let command = arguments.command.unwrap_or(Command::Serve);
    if let Command::Completions { shell } = command {
        return exit(completions(shell));
    }
    let config = match Config::load(&Sources::of_process()) {
        Ok(config) => config,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(USAGE);
        }
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return exit(Err(error.into())),
    };
    let context = Context { config: &config, output: Output { json: arguments.json } };
    exit(runtime.block_on(execute(command, &context)))
}

async fn execute(command: Command, context: &Context<'_>) -> Result<(), Failure> {
    if !matches!(command, Command::Serve) {
        log::start(context.config, "warn");
    }
    match command {
        Command::Serve => serve::serve(context.config).await,
        Command::Apply(arguments) => apply::apply(&arguments, context).await,
        Command::Migrate => migrate::run(context).await,
        Command::User(command) => user::run(command, context).await,
        Command::Client(command) => client::run(command, context).await,
        Command::Resource(command) => resource::run(command, context).await,
        Command::Session(command) => session::run(command, context).await,
        Command::Key(command) => key::run(command, context).await,
        Command::Revoke(arguments) => revoke::run(arguments, context).await,
        Command::Config(command) => configuration::run(&command, context),
        Command::Completions { shell } => completions(shell),
    }
}

fn completions(shell: clap_complete::Shell) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "chancery", &mut script);
    output::write(&script)
}

fn exit(result: Result<(), Failure>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("chancery: {failure}");
            ExitCode::FAILURE
        }
    }
}

const USAGE: u8 = 2;
