//! The fault history of a replication, written down by the first variant that runs it and read by the others.
//!
//! Fault processes are blind to everything else (rule R2), so variants with the same ones meet the same history. Whoever
//! reads it draws nothing, and keeps one timer instead of one per process.

use crate::engine::Timers;
use crate::sim::driver::{Chance, Mark};
use crate::sim::faults::Fired;
use crate::sim::plan::Plan;
use crate::sim::run::Run;
use crate::units::Time;

/// Most entries that a worker keeps on all its tapes: 32 MB. Variants of a longer history draw it each for itself.
const MOST: usize = 1 << 20;

/// One firing of a fault process or of a fleet's clock.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    at: Time,
    /// Marks of the occurrence that starts.
    mark: Mark,
    process: u32,
    fired: Fired,
}

/// The fault history of one replication. Keeps its memory from one to the next.
#[derive(Clone, Debug, Default)]
pub struct Tape {
    /// The replication whose history is complete on it.
    replication: Option<u64>,
    entries: Vec<Entry>,
    /// The entry to be read next.
    next: usize,
    /// Most entries that are kept on this one.
    most: usize,
}

impl Tape {
    /// Empty tapes of one worker, which share its memory.
    pub fn several(count: usize) -> Vec<Tape> {
        let tape = Tape { most: MOST / count.max(1), ..Tape::default() };
        vec![tape; count]
    }

    /// Turns to a replication: to its start if it is on the tape, else to an empty tape.
    pub(crate) fn turn_to(&mut self, replication: u64) {
        self.next = 0;
        if self.replication != Some(replication) {
            self.replication = None;
            self.entries.clear();
        }
    }

    /// The replication was run to its end.
    pub(crate) fn complete(&mut self, replication: u64) {
        if self.entries.len() < self.most {
            self.replication = Some(replication);
        }
    }

    fn is_complete(&self) -> bool {
        self.replication.is_some()
    }
}

impl Plan {
    /// Whether two plans have the same fault processes, which strike at the same times with the same marks.
    pub(crate) fn same_faults<'p>(&'p self, other: &'p Plan) -> bool {
        // Streams of faults come before all others.
        let streams = |plan: &'p Plan| &plan.purposes[..plan.action_purpose as usize];
        (self.start, self.end) == (other.start, other.end)
            && self.processes == other.processes
            && self.fleets == other.fleets
            && self.model.faults == other.model.faults
            && streams(self) == streams(other)
    }
}

impl Run<'_> {
    /// Whether faults come from a tape.
    #[inline]
    pub(crate) fn replays(&self) -> bool {
        self.tape.as_ref().is_some_and(|tape| tape.is_complete())
    }

    /// Writes down what a fault process did.
    #[inline]
    pub(crate) fn keep(&mut self, process: u32, fired: Fired, at: Time) {
        if let Some(tape) = &mut self.tape
            && tape.entries.len() < tape.most
        {
            let mark = self.state.faults.processes[process as usize].mark;
            tape.entries.push(Entry { at, mark, process, fired });
        }
    }

    /// Arms the one timer that stands for all fault processes.
    #[inline]
    pub(crate) fn arm_tape<D: Chance>(&mut self, timers: &mut Timers<'_, D>) {
        if let Some(entry) = self.tape.as_ref().and_then(|tape| tape.entries.get(tape.next)) {
            timers.at(self.plan.slots.tape, entry.at);
        }
    }

    /// Does what the next entry says.
    #[inline]
    pub(crate) fn replay<D: Chance>(&mut self, timers: &mut Timers<'_, D>) {
        let Some(tape) = &mut self.tape else { return };
        let Entry { at, mark, process, fired } = tape.entries[tape.next];
        tape.next += 1;
        match fired {
            Fired::Nothing => {}
            Fired::Strike => {
                self.state.faults.processes[process as usize].mark = mark;
                self.state.faults.begin(self.plan, process, at, timers.driver());
                self.apply(process, true);
            }
            Fired::Repair => {
                self.state.faults.end(self.plan, process, at);
                self.apply(process, false);
            }
        }
        self.arm_tape(timers);
    }
}
