//! `core new`: writes a client core to begin with.

use std::path::{Path, PathBuf};

use clap::ValueEnum;

use crate::console::{complain, say};
use crate::exit::Exit;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The language
    #[arg(long, value_name = "LANG")]
    lang: Language,
    /// The folder to write into; it is made if it does not exist, and no file in it is replaced
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

/// The languages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Language {
    /// C11, with a header that reads and writes the lines
    C,
    /// C++17, with the same header
    Cpp,
    /// Python 3.9 or newer, standard library only
    Python,
    /// Java 17 or newer, in one file
    Java,
    /// Rust, as a program of its own with serde_json
    Rust,
}

/// A file of a starting point: its name and its text.
type File = (&'static str, &'static str);

const HEADER: File = ("sca_core.h", include_str!("../../../tests/cores/c/sca_core.h"));

impl Language {
    /// The files, how they are built, and the command of the core.
    fn parts(self) -> (&'static [File], &'static str, &'static str) {
        const C: &[File] = &[HEADER, ("client_core.c", include_str!("../../../tests/cores/c/client_core.c"))];
        const CPP: &[File] = &[HEADER, ("client_core.cpp", include_str!("../../../tests/cores/c/client_core.c"))];
        const PYTHON: &[File] = &[("client_core.py", include_str!("../../../tests/cores/python/client_core.py"))];
        const JAVA: &[File] = &[("ClientCore.java", include_str!("../../../tests/cores/java/ClientCore.java"))];
        const RUST: &[File] = &[
            ("Cargo.toml", include_str!("../../../tests/cores/rust/Cargo.toml.txt")),
            ("src/main.rs", include_str!("../../../tests/cores/rust/src/main.rs")),
        ];
        match self {
            Self::C => (C, "cc -O2 -o client_core client_core.c", "./client_core"),
            Self::Cpp => (CPP, "c++ -O2 -std=c++17 -o client_core client_core.cpp", "./client_core"),
            Self::Python => (PYTHON, "", "python3 client_core.py"),
            Self::Java => (JAVA, "", "java ClientCore.java"),
            Self::Rust => (RUST, "cargo build --release", "target/release/client-core"),
        }
    }
}

pub(super) fn run(arguments: &Arguments) -> Exit {
    let (files, build, command) = arguments.lang.parts();
    for (name, text) in files {
        if let Err(error) = write(&arguments.folder.join(name), text) {
            let help = if error.kind() == std::io::ErrorKind::AlreadyExists { "; no file is replaced" } else { "" };
            complain!("error: {}: {error}{help}", arguments.folder.join(name).display());
            return Exit::CannotRun;
        }
    }
    say!("cd {}", sca_environment::shell::last(&arguments.folder));
    if !build.is_empty() {
        say!("{build}");
    }
    say!("sca-sim core check --core {}", sca_environment::shell::word(command));
    Exit::Good
}

fn write(path: &Path, text: &str) -> std::io::Result<()> {
    path.parent().map_or(Ok(()), std::fs::create_dir_all)?;
    sca_files::create(path, text)
}
