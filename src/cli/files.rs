//! Output files that appear complete or not at all.
//!
//! Each file is written under a temporary name in its own folder; [`Folder::publish`] gives all of them their
//! names after the last byte of every one is on disk. Dropped before that, they leave nothing behind.

use super::exit::{Code, Failure};
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// Names of the files of rows, written while replications run.
pub const ROWS: [&str; 4] = ["replications.csv", "outages.csv", "losses.csv", "timeline.csv"];

/// Every name a run may write. Those of an earlier run that this one does not write are removed when it is
/// published, so that a folder always describes one run.
fn names() -> impl Iterator<Item = &'static str> {
    ROWS.into_iter().chain(zonefall::report::files::NAMES.iter().copied())
}

/// The output files of one scenario, not yet visible.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    drafts: Vec<Draft>,
}

#[derive(Debug)]
struct Draft {
    name: &'static str,
    temporary: PathBuf,
    file: BufWriter<File>,
    published: bool,
}

impl Folder {
    /// Creates the folder if needed, tries that it can be written to, and makes a draft of each of these files of rows
    /// (of [`ROWS`]).
    ///
    /// # Errors
    /// The folder cannot be made or written to, or something that is no file has a name a run may write.
    pub fn create(path: &Path, rows: &[&'static str]) -> Result<Folder, Failure> {
        fs::create_dir_all(path).map_err(|e| Failure::file("create folder", path, &e))?;
        if let Some(name) = names().find(|name| path.join(name).is_dir()) {
            let text = format!("cannot write {}: it is a folder", path.join(name).display());
            return Err(Failure::new(Code::NotWritable, text));
        }
        let mut folder = Folder { path: path.to_path_buf(), drafts: Vec::new() };
        // Before hours of simulation, not after them.
        folder.draft("trial")?;
        folder.drafts.clear();
        rows.iter().try_for_each(|name| folder.draft(name))?;
        Ok(folder)
    }

    /// Adds a whole file.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn add(&mut self, name: &'static str, bytes: &[u8]) -> Result<(), Failure> {
        self.draft(name)?;
        self.append(name, bytes)
    }

    fn draft(&mut self, name: &'static str) -> Result<(), Failure> {
        let temporary = temporary(&self.path.join(name));
        let file = OpenOptions::new().write(true).create(true).truncate(true).open(&temporary);
        let file = file.map_err(|e| Failure::file("write", &temporary, &e))?;
        self.drafts.push(Draft { name, temporary, file: BufWriter::new(file), published: false });
        Ok(())
    }

    /// Appends to the draft of this name; does nothing for a name that is not written in this run.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn append(&mut self, name: &str, bytes: &[u8]) -> Result<(), Failure> {
        match self.drafts.iter_mut().find(|d| d.name == name) {
            None => Ok(()),
            Some(draft) => {
                draft.file.write_all(bytes).map_err(|e| Failure::file("write", &draft.temporary, &e))
            }
        }
    }

    /// Whether this run writes a file of this name.
    pub fn has(&self, name: &str) -> bool {
        self.drafts.iter().any(|d| d.name == name)
    }

    /// Makes all drafts visible, replacing older files, and removes those of an earlier run.
    ///
    /// # Errors
    /// The disk refuses; while bytes are still being written nothing has become visible.
    pub fn publish(mut self) -> Result<(), Failure> {
        for draft in &mut self.drafts {
            let written = draft.file.flush().and_then(|()| draft.file.get_ref().sync_all());
            written.map_err(|e| Failure::file("write", &draft.temporary, &e))?;
        }
        for draft in &mut self.drafts {
            let target = self.path.join(draft.name);
            fs::rename(&draft.temporary, &target).map_err(|e| Failure::file("write", &target, &e))?;
            draft.published = true;
        }
        for name in names() {
            let old = self.path.join(name);
            if !self.has(name)
                && let Err(error) = fs::remove_file(&old)
                && error.kind() != io::ErrorKind::NotFound
            {
                return Err(Failure::file("remove", &old, &error));
            }
        }
        Ok(())
    }
}

/// Where the bytes of a file are until it is complete.
fn temporary(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{}.part", std::process::id()))
}

/// Where a path leads: links are followed, and a file that is not there yet has the name of its folder. Two paths of one
/// file are equal.
pub fn place(path: &Path) -> PathBuf {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let named = || Some(fs::canonicalize(folder).ok()?.join(path.file_name()?));
    fs::canonicalize(path).ok().or_else(named).unwrap_or_else(|| path.to_path_buf())
}

/// Whether a path leads to a device, a pipe or the like: what is written there cannot appear all at once.
fn is_stream(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir())
}

/// Tries that [`write`] can write a file, and leaves nothing behind.
///
/// # Errors
/// Its folder does not exist or cannot be written to, or it is a folder itself.
pub fn trial(path: &Path) -> Result<(), Failure> {
    if path.is_dir() {
        return Err(Failure::new(
            Code::NotWritable,
            format!("cannot write {}: it is a folder", path.display()),
        ));
    }
    if is_stream(path) {
        return Ok(());
    }
    let temporary = temporary(&place(path));
    let tried = fs::write(&temporary, b"").and_then(|()| fs::remove_file(&temporary));
    tried.map_err(|error| match (error.kind(), path.parent()) {
        (io::ErrorKind::NotFound, Some(parent)) => {
            let text = format!("cannot write {}: there is no folder {}", path.display(), parent.display());
            Failure::new(Code::NotWritable, text)
        }
        _ => Failure::file("write", path, &error),
    })
}

/// Writes one file, which appears when it is complete. Through a link it writes the file that the link names; devices and
/// pipes get the bytes as they come.
///
/// # Errors
/// The disk refuses.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    if is_stream(path) {
        return fs::write(path, bytes).map_err(|error| Failure::file("write", path, &error));
    }
    let place = place(path);
    let temporary = temporary(&place);
    let written = fs::write(&temporary, bytes).and_then(|()| fs::rename(&temporary, &place));
    written.map_err(|error| {
        let _ = fs::remove_file(&temporary);
        Failure::file("write", path, &error)
    })
}

impl Drop for Draft {
    fn drop(&mut self) {
        if !self.published {
            // Nothing can be done about a failure here, and the run has a failure to tell already.
            let _ = fs::remove_file(&self.temporary);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listing(path: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(path).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn all_or_nothing() {
        let path = std::env::temp_dir().join(format!("zonefall-files-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        let mut folder = Folder::create(&path, &["outages.csv"]).unwrap();
        folder.add("summary.csv", b"a").unwrap();
        folder.append("losses.csv", b"not written").unwrap();
        drop(folder);
        assert_eq!(listing(&path), [""; 0]);

        let mut folder = Folder::create(&path, &["outages.csv"]).unwrap();
        folder.add("summary.csv", b"b").unwrap();
        assert!(!listing(&path).contains(&"summary.csv".to_string()));
        folder.publish().unwrap();
        assert_eq!(listing(&path), ["outages.csv", "summary.csv"]);

        fs::write(path.join("mine.csv"), "kept").unwrap();
        let mut folder = Folder::create(&path, &[]).unwrap();
        folder.add("summary.csv", b"c").unwrap();
        folder.publish().unwrap();
        assert_eq!(listing(&path), ["mine.csv", "summary.csv"]);
        assert_eq!(fs::read(path.join("summary.csv")).unwrap(), b"c");

        fs::create_dir(path.join("run.json")).unwrap();
        let refused = Folder::create(&path, &[]).unwrap_err();
        assert_eq!(refused.exit(), 74);
        assert_eq!(listing(&path), ["mine.csv", "run.json", "summary.csv"]);
        fs::remove_dir_all(&path).unwrap();
    }
}
