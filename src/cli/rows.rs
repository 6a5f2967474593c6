//! What replications leave behind on their way into sums: rows of files, and timelines to read.

use super::exit::{Code, Failure};
use super::files::Folder;
use std::fmt::Display;
use std::io;
use zonefall::report::csv::{self, Context};
use zonefall::scenario::Variant;
use zonefall::sim::observe::{Replication, TimelineEntry};

/// Which rows are asked for.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    replications: bool,
    outages: bool,
    losses: bool,
    timeline: bool,
    timeline_text: bool,
}

impl Wanted {
    /// What the files of this run ask for; `timeline_text`: whether somebody reads timelines as text.
    pub fn of(folder: Option<&Folder>, timeline_text: bool) -> Wanted {
        let has = |name| folder.is_some_and(|f| f.has(name));
        Wanted {
            replications: has("replications.csv"),
            outages: has("outages.csv"),
            losses: has("losses.csv"),
            timeline: has("timeline.csv"),
            timeline_text,
        }
    }
}

/// The rows of one block of replications, as bytes.
#[derive(Debug, Default)]
pub struct BlockRows {
    replications: Vec<u8>,
    outages: Vec<u8>,
    losses: Vec<u8>,
    timeline: Vec<u8>,
    timeline_text: String,
    /// The first row that could not be written.
    failed: Option<io::Error>,
}

impl BlockRows {
    /// Adds what is wanted of one replication.
    pub fn add(&mut self, wanted: Wanted, variant: &Variant, replication: &Replication) {
        if let Err(error) = self.add_rows(wanted, variant, replication) {
            self.failed.get_or_insert(error);
        }
        if wanted.timeline_text {
            self.timeline_text += &timeline(&variant.name, replication);
        }
    }

    fn add_rows(&mut self, wanted: Wanted, variant: &Variant, replication: &Replication) -> io::Result<()> {
        let cx = Context { variant: &variant.name, model: &variant.model };
        if wanted.replications {
            csv::replication_rows(&mut self.replications, cx, replication)?;
        }
        if wanted.outages {
            csv::outage_rows(&mut self.outages, cx, replication)?;
        }
        if wanted.losses {
            csv::loss_rows(&mut self.losses, cx, replication)?;
        }
        if wanted.timeline {
            csv::timeline_rows(&mut self.timeline, cx, replication)?;
        }
        Ok(())
    }

    /// Appends the rows to their files, and gives the timelines to read.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn write(self, folder: Option<&mut Folder>) -> Result<String, Failure> {
        if let Some(error) = self.failed {
            return Err(cannot_write(&error));
        }
        if let Some(folder) = folder {
            folder.append("replications.csv", &self.replications)?;
            folder.append("outages.csv", &self.outages)?;
            folder.append("losses.csv", &self.losses)?;
            folder.append("timeline.csv", &self.timeline)?;
        }
        Ok(self.timeline_text)
    }
}

/// Writes the first line of each file of rows.
///
/// # Errors
/// The disk refuses.
pub fn headers(folder: &mut Folder) -> Result<(), Failure> {
    let mut line = Vec::new();
    for (name, columns) in [
        ("replications.csv", &csv::REPLICATIONS[..]),
        ("losses.csv", &csv::LOSSES[..]),
        ("timeline.csv", &csv::TIMELINE[..]),
    ] {
        line.clear();
        csv::header(&mut line, columns).map_err(|e| cannot_write(&e))?;
        folder.append(name, &line)?;
    }
    line.clear();
    csv::outages_header(&mut line).map_err(|e| cannot_write(&e))?;
    folder.append("outages.csv", &line)
}

fn cannot_write(error: &impl Display) -> Failure {
    Failure::new(Code::NotWritable, format!("cannot write rows: {error}"))
}

/// The timeline of one replication of a variant, in columns.
fn timeline(variant: &str, replication: &Replication) -> String {
    let entries = &replication.timeline;
    let width =
        |text: fn(&TimelineEntry) -> &str| entries.iter().map(|e| text(e).chars().count()).max().unwrap_or(0);
    let (objects, events) = (width(|e| &e.object), width(|e| e.event));
    let mut text = format!("{variant}: timeline of replication {}\n", replication.index);
    for e in entries {
        let line =
            format!("  {}  {:objects$}  {:events$}  {}", clock(e.at.ns()), e.object, e.event, e.detail);
        text += line.trim_end();
        text.push('\n');
    }
    if entries.is_empty() {
        text += "  nothing happened\n";
    }
    text.push('\n');
    text
}

/// Days, hours, minutes, seconds and milliseconds: `  12d 03:04:05.678`.
fn clock(ns: u64) -> String {
    let ms = ns / 1_000_000;
    let (s, m, h) = (ms / 1000 % 60, ms / 60_000 % 60, ms / 3_600_000 % 24);
    format!("{:>5}d {h:02}:{m:02}:{s:02}.{:03}", ms / 86_400_000, ms % 1000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use zonefall::units::Time;

    #[test]
    fn timelines_are_aligned() {
        let entry = |ns, object: &str, event, detail: &str| TimelineEntry {
            at: Time::from_ns(ns),
            object: object.into(),
            event,
            detail: detail.into(),
        };
        let day = 86_400_000_000_000;
        let replication = Replication {
            index: 3,
            timeline: vec![
                entry(100 * day + 3_723_004_000_000, "zone:a/1", "fault", "power #0"),
                entry(101 * day, "store:orders", "outage-end", ""),
            ],
            ..Replication::default()
        };
        let wanted = "base: timeline of replication 3
    100d 01:02:03.004  zone:a/1      fault       power #0
    101d 00:00:00.000  store:orders  outage-end

";
        assert_eq!(timeline("base", &replication), wanted);
    }
}
