//! Set-up, build, development server, tests and benchmark of MCP Secure Gateway.
//!
//! | file | what it holds |
//! |---|---|
//! | `project` `failure` `arguments` `step` `process` `group` | paths, errors, the command line, what is shown, running programs |
//! | `tools` `build` `assets` `secrets` `database` | the preparation: each part is skipped when it holds already |
//! | `dev` `observe` `suites` `bench` `timing` `conformance` `records` `clients` `audit` `contract` | the commands themselves |

mod arguments;
mod assets;
mod audit;
mod bench;
mod build;
mod clients;
mod conformance;
mod contract;
mod database;
mod dev;
mod failure;
mod group;
mod observe;
mod process;
mod project;
mod records;
mod secrets;
mod step;
mod suites;
mod timing;
mod tools;

use arguments::Arguments;
use failure::Failure;
use project::Project;
use std::process::ExitCode;

/// One command: how it is called, what it does, and the function that does it.
struct Command {
    usage: &'static str,
    about: &'static str,
    run: fn(&Project, Arguments) -> Result<(), Failure>,
}

const COMMANDS: &[Command] = &[
    Command {
        usage: "dev [--port N] [--state DIR] [--var NAME=VALUE]…",
        about: "prepare everything and run the gateway on this machine",
        run: dev::run,
    },
    Command {
        usage: "observe [--gateway-port N] [--port N] [--state DIR] [--token-from VARIABLE] [--traces [--collector-port N] [--store-port N]]",
        about: "run this machine's Prometheus, with the configuration and the dashboards of observability/, beside a gateway that runs already; --traces adds a collector and a store",
        run: observe::run,
    },
    Command { usage: "test [--no-coverage]", about: "prepare everything and run every test", run: suites::run },
    Command {
        usage: "bench [--seconds N] [--direct] [--entropy | --policies | --rooms | --traces SHARE | --against FOLDER]",
        about: "prepare everything and measure the gateway beside empty Workers",
        run: bench::run,
    },
    Command {
        usage: "timing [--samples N]",
        about: "whether the time that the refusal of an API key takes says where its secret is wrong; with `cargo run --release -p xtask --`",
        run: timing::run,
    },
    Command {
        usage: "conformance [--client 2026-07-28|2025-11-25|all] [--against modern|legacy|all] [--direct | --upstream-leg] [--scenario NAME]",
        about: "prepare everything and run the protocol's official suite against the gateway, the fixtures, or the gateway as a client",
        run: conformance::run,
    },
    Command { usage: "build [--dev]", about: "build the Worker into build/", run: build::run },
    Command {
        usage: "user add NAME --tenant T [--admin] [--password-from VARIABLE] [--state DIR | --remote --env NAME]",
        about: "make a user, and its tenant where there is none, as its administrator with --admin; without a password a random one is shown once",
        run: records::user,
    },
    Command {
        usage: "user reset NAME --tenant T [--state DIR | --remote --env NAME]",
        about: "make a one-time code with which a user sets a new password, at /join; a second factor goes with the old one",
        run: records::user,
    },
    Command {
        usage: "upstream add NAME URL --tenant T [--token-from VARIABLE [--key-from VARIABLE]] [--cache-seconds N] [--state DIR | --remote --env NAME]",
        about: "make an MCP server's tools available to a tenant; its bearer token is stored sealed",
        run: records::upstream,
    },
    Command {
        usage: "server add NAME --tenant T --upstream A[,B…] [--prefix always|conflict|never] [--own-tools] [--only PATTERN[,PATTERN…]] [--face all|search] [--pinned TOOL[,TOOL…]] [--state DIR | --remote --env NAME]",
        about: "make a virtual server of some of a tenant's MCP servers, or of what fits a pattern: a name, or its beginning and *",
        run: records::server,
    },
    Command {
        usage: "client add ID --tenant T [--name TEXT] [--redirect URI]… [--account USER] [--assertions] [--exchange] [--auth none|client_secret_basic|client_secret_post|private_key_jwt] [--keys FILE] [--state DIR | --remote --env NAME]",
        about: "register an OAuth client for a tenant: with redirect URIs it acts for people who allow it, with an account for itself; a secret is shown once",
        run: clients::client,
    },
    Command {
        usage: "audit verify FILE [--head FILE]… [--keys FILE]",
        about: "look for faults in an exported audit trail, with signed heads that were kept and the key set they are signed with",
        run: audit::run,
    },
    Command {
        usage: "contract OLD NEW [--format text|json]",
        about: "compare two OpenAPI documents or lists of tools (JSON or YAML): 0 when nothing breaks, 1 when something does, 2 for what cannot be read",
        run: contract::run,
    },
    Command {
        usage: "secret",
        about: "print 32 random bytes in base64url, the form of every key",
        run: records::secret,
    },
    Command { usage: "setup", about: "install what the build and the tests need", run: setup },
];

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let Some(word) = words.next() else {
        print_usage();
        return ExitCode::from(2);
    };
    if matches!(word.as_str(), "help" | "--help" | "-h") {
        print_usage();
        return ExitCode::SUCCESS;
    }
    let Some(command) = COMMANDS.iter().find(|command| command.usage.split(' ').next() == Some(word.as_str())) else {
        eprintln!("There is no command {word}.\n");
        print_usage();
        return ExitCode::from(2);
    };
    let outcome = Project::locate().and_then(|project| (command.run)(&project, Arguments::new(words)));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Shown) => ExitCode::FAILURE,
        Err(failure) => {
            eprintln!("cargo xtask {word}: {failure}");
            if matches!(failure, Failure::Unreadable(_)) { ExitCode::from(2) } else { ExitCode::FAILURE }
        }
    }
}

fn print_usage() {
    println!("Usage: cargo xtask COMMAND\n");
    for command in COMMANDS {
        println!("  {}\n      {}", command.usage, command.about);
    }
}

/// Installs the tools and writes nothing else: the part of the preparation that asks the network.
fn setup(project: &Project, arguments: Arguments) -> Result<(), Failure> {
    arguments.finish()?;
    tools::install(project)
}
