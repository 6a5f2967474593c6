//! The problems of all variants together.

use super::context::{Context, MAX_PROBLEMS};
use super::diagnostic::{Diagnostic, Severity, code, positions};

/// Problems of all variants: errors once each, warnings only if every variant gives them.
pub(super) struct Problems {
    variants: usize,
    /// With the number of variants that gave it.
    found: Vec<(Diagnostic, usize)>,
    rounds: usize,
}

impl Problems {
    pub fn new(variants: usize) -> Problems {
        Problems { variants, found: Vec::new(), rounds: 0 }
    }

    /// Adds what one round found; the first round is about the file as such.
    pub fn add(&mut self, cx: &Context<'_>) {
        let counted = if self.rounds == 0 { self.variants } else { 1 };
        self.rounds += 1;
        let mut seen: Vec<(&'static str, String)> = Vec::new();
        for problem in cx.problems.take() {
            let key = (problem.code, problem.path.clone());
            let repeated = seen.contains(&key);
            seen.push(key);
            // A promise is about one variant only.
            let promise =
                [code::RPO_PROMISE, code::NEVER_DEFINED, code::FEW_REPLICATIONS].contains(&problem.code);
            let counted = if promise { self.variants } else { counted };
            let room = self.found.len() <= 4 * MAX_PROBLEMS;
            let known = self.found.iter_mut().find(|(p, _)| match problem.severity {
                Severity::Error => *p == problem,
                Severity::Warning => (p.code, &p.path) == (problem.code, &problem.path),
            });
            match known {
                Some((_, count)) if !repeated => *count += counted,
                Some(_) => {}
                None if room => self.found.push((problem, counted)),
                None => {}
            }
        }
    }

    /// All problems in the order of the text.
    pub fn finish(self, last: Context<'_>) -> Vec<Diagnostic> {
        let variants = self.variants;
        let kept = self.found.into_iter();
        let kept =
            kept.filter(|(p, count)| p.severity == Severity::Error || *count >= variants).map(|(p, _)| p);
        let text = last.text;
        let mut all: Vec<Diagnostic> = kept.chain(last.problems.into_inner()).collect();
        all.sort_by_key(|p| (p.span.as_ref().map_or(usize::MAX, |s| s.start), p.code));
        placed(text, all)
    }

    /// Whether there is an error.
    pub fn failed(&self) -> bool {
        self.found.iter().any(|(p, _)| p.severity == Severity::Error)
    }
}

/// As many as are shown, with their lines and columns.
pub(super) fn placed(text: &str, mut all: Vec<Diagnostic>) -> Vec<Diagnostic> {
    if all.len() > MAX_PROBLEMS {
        let worst = all.iter().map(|p| p.severity).min().unwrap_or(Severity::Error);
        all.truncate(MAX_PROBLEMS);
        all.push(Diagnostic {
            severity: worst,
            code: code::LIMIT,
            message: format!("more than {MAX_PROBLEMS} problems"),
            span: None,
            path: String::new(),
            line: 0,
            column: 0,
            label: "the others are not shown".into(),
            help: None,
        });
    }
    let (places, with): (Vec<usize>, Vec<&mut Diagnostic>) =
        all.iter_mut().filter_map(|p| Some((p.span.as_ref()?.start, p))).unzip();
    for (problem, place) in with.into_iter().zip(positions(text, &places)) {
        (problem.line, problem.column) = place;
    }
    all
}
