//! What can go wrong in a command.

use std::path::{Path, PathBuf};

/// Why a command stopped.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The command line does not say what to do.
    #[error("{0}")]
    Usage(String),
    /// A program could not be started.
    #[error("{program} could not be started: {source}")]
    Start {
        /// The program.
        program: String,
        /// What the operating system answered.
        source: std::io::Error,
    },
    /// A program ended without success.
    #[error("{program} failed ({status})")]
    Program {
        /// The program and its arguments.
        program: String,
        /// How it ended.
        status: std::process::ExitStatus,
    },
    /// A file or a folder could not be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system answered.
        source: std::io::Error,
    },
    /// What failed stands in the summary already.
    #[error("not every test passed")]
    Shown,
    /// Something that was given to be read cannot be; told apart from a bad outcome by its exit status.
    #[error("{0}")]
    Unreadable(String),
    /// Something this command needs is not so.
    #[error("{0}")]
    Unmet(String),
}

impl Failure {
    /// A reading or writing error at `path`, in the form `map_err` takes.
    pub fn at(path: &Path) -> impl FnOnce(std::io::Error) -> Self + '_ {
        move |source| Self::File { path: path.to_owned(), source }
    }
}
