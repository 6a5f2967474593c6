//! `zonefall run`: every scenario by itself, one after the other.

use super::args::{Format, RunArgs};
use super::exit::Failure;
use super::print;
use super::study::{self, unique};
use std::path::PathBuf;

/// Runs every scenario named, after all of them have been read and their folders tried.
pub fn run(args: &RunArgs) -> Result<(), Failure> {
    let options = &args.options;
    let mut jobs = Vec::new();
    for (batch, path) in study::batches(&options.inputs)?.into_iter().zip(folders(args)) {
        jobs.push((batch, study::folder(options, path.as_deref(), args.replication)?));
    }
    for (index, (batch, folder)) in jobs.into_iter().enumerate() {
        if index > 0 && options.format == Format::Human {
            print(b"\n")?;
        }
        study::run(options, args.replication, batch, folder)?;
    }
    Ok(())
}

/// The output folder of each scenario: `--out` itself for one, folders in it named after the files for several.
fn folders(args: &RunArgs) -> Vec<Option<PathBuf>> {
    let files = &args.options.inputs.files;
    match &args.options.out {
        None => vec![None; files.len()],
        Some(out) if files.len() == 1 => vec![Some(out.clone())],
        Some(out) => unique(files).into_iter().map(|name| Some(out.join(name))).collect(),
    }
}
