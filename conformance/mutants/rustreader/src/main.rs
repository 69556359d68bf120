//! rustreader FILE… prints the mutants of one Rust crate: for each small change a line with a JSON object. The files
//! are the crate's sources without its tests. Package mutants runs this program and builds each mutant.
//!
//! file, function: where the change is. The function is `Type.method` or `function`, and "" outside of a function.
//! line, start, end: the place. The change replaces the bytes from start to before end; lines count from 1.
//! operator: the kind of change, a word of Operator in ../../mutant.go.
//! before, after: what these bytes are, and what they become.
//!
//! Exit codes: 0 all files were read; 2 a file could not be read, and a line on stderr says why.

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

/// Reads all files before it looks for changes, because a file uses names that other files declare.
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
