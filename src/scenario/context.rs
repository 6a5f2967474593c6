//! What reading a scenario shares: the text, the problems found so far, the loader of other files.

use super::diagnostic::{Diagnostic, Severity};
use super::files::Opened;
use super::suggest;
use super::tree::{At, Origin};
use core::cell::{Cell, RefCell};

/// Most problems that are shown.
pub(super) const MAX_PROBLEMS: usize = 200;

/// Most comparisons of a selector with a domain, in one variant.
const MAX_COMPARISONS: usize = 50_000_000;

/// What reading one variant shares: the text, the problems found so far, the loader of other files.
pub(super) struct Context<'a> {
    pub text: &'a str,
    pub files: &'a Opened<'a>,
    pub problems: RefCell<Vec<Diagnostic>>,
    /// Whether regions or stores are missing because of errors of their own: names that lead nowhere are not
    /// reported then.
    pub incomplete: Cell<bool>,
    comparisons: Cell<usize>,
    /// Paths of all keys that readers asked for, there or not.
    #[cfg(test)]
    pub asked: RefCell<std::collections::BTreeSet<String>>,
}

impl<'a> Context<'a> {
    pub fn new(text: &'a str, files: &'a Opened<'a>) -> Context<'a> {
        Context {
            text,
            files,
            problems: RefCell::default(),
            incomplete: Cell::new(false),
            comparisons: Cell::new(0),
            #[cfg(test)]
            asked: RefCell::default(),
        }
    }

    /// Notes a problem at a place.
    pub fn report(&self, severity: Severity, at: &At, path: &str, problem: Problem) {
        let mut problems = self.problems.borrow_mut();
        // One more than is shown, so that it can be said that there are more.
        if problems.len() > MAX_PROBLEMS {
            return;
        }
        let mut label = problem.label;
        match &at.origin {
            Origin::File => {}
            Origin::Preset(name) => label = format!("{label} (set by preset \"{name}\")"),
            Origin::Set(_) => label = format!("{label} (set on the command line)"),
        }
        problems.push(Diagnostic {
            severity,
            code: problem.code,
            message: problem.message,
            span: at.range.clone(),
            path: path.to_owned(),
            // Filled in for those that are kept: finding a line means reading the text.
            line: 0,
            column: 0,
            label,
            help: problem.help,
        });
    }

    /// Whether as many problems were noted as are shown: time to stop looking for suggestions.
    pub fn full(&self) -> bool {
        self.problems.borrow().len() > MAX_PROBLEMS
    }

    /// Counts comparisons of selectors with domains; `false` once there were too many.
    pub fn afford(&self, comparisons: usize) -> bool {
        let spent = self.comparisons.get().saturating_add(comparisons);
        self.comparisons.set(spent);
        spent <= MAX_COMPARISONS
    }

    /// Whether an error was noted.
    pub fn failed(&self) -> bool {
        self.problems.borrow().iter().any(|p| p.severity == Severity::Error)
    }
}

/// What is wrong, apart from where.
pub(super) struct Problem {
    code: &'static str,
    message: String,
    label: String,
    help: Option<String>,
}

impl Problem {
    pub fn new(code: &'static str, message: impl Into<String>, label: impl Into<String>) -> Problem {
        Problem { code, message: message.into(), label: label.into(), help: None }
    }

    pub fn help(mut self, help: impl Into<String>) -> Problem {
        self.help = Some(help.into());
        self
    }

    /// Adds "did you mean" if a candidate is near, else the list of candidates if it is short.
    pub fn did_you_mean(mut self, wrong: &str, candidates: &[&str]) -> Problem {
        self.help = suggest::help(wrong, candidates);
        self
    }
}
