//! rustreader FILE… prints the mutants of one Rust crate, given its source files: a JSON object on a line for each small
//! change that package mutants is to try. The files of tests are not to be among them.
//!
//! file, function: where the change is; the function is `Type.method` or `function`, and "" outside of any.
//! line, start, end: the bytes of the file, from start to before end, that change; lines count from 1.
//! operator: the kind of change, one of the words of Operator in ../../mutant.go.
//! before, after: what those bytes are, and what they become.
//!
//! Exit codes: 0 all files were read; 2 a file could not be read, with one line about it on stderr.

mod changes;
mod declarations;
mod items;
mod literals;
mod macros;
mod reader;
mod spans;

use std::io::{self, Write};
use std::process::ExitCode;
use std::{env, fs};

use changes::Change;
use declarations::Declarations;
use reader::Reader;

fn main() -> ExitCode {
    let names: Vec<String> = env::args().skip(1).collect();
    match read_crate(&names).and_then(|changes| print(&changes).map_err(|e| format!("print the mutants: {e}"))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("rustreader: {fault}");
            ExitCode::from(2)
        }
    }
}

/// Reads all files before it changes one: a name that one file declares is used in the others.
fn read_crate(names: &[String]) -> Result<Vec<Change>, String> {
    let mut files = Vec::new();
    let mut declarations = Declarations::default();
    for name in names {
        let source = fs::read_to_string(name).map_err(|e| format!("{name}: {e}"))?;
        let tree = syn::parse_file(&source).map_err(|e| spans::fault(name, &e))?;
        declarations.add(name, &tree);
        files.push((name, source, tree));
    }
    let mut changes = Vec::new();
    for (name, source, tree) in &files {
        changes.extend(Reader::new(&declarations, name, source).read(tree)?);
    }
    Ok(changes)
}

fn print(changes: &[Change]) -> io::Result<()> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    for change in changes {
        writeln!(out, "{}", change.json())?;
    }
    out.flush()
}
