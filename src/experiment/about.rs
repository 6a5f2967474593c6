//! Where results come from: in the words of the scenario, and what stands between them and the world.

/// Where results come from.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct About {
    /// The question the scenario answers, if stated.
    pub question: Option<String>,
    /// More words about it, if stated.
    pub description: Option<String>,
    /// Scenario files, as named by the user.
    pub files: Vec<String>,
    /// Settings of the command line on top of them, `KEY=VALUE`.
    pub settings: Vec<String>,
    /// What files and presets say of their own numbers.
    pub sources: Vec<Sources>,
    /// What the simulation leaves out, in words.
    pub beyond: Vec<String>,
}

/// What one text, a scenario or a preset, says in its comments about what it states.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Sources {
    /// Name of the file or preset.
    pub origin: String,
    /// Whether it is a preset.
    pub preset: bool,
    /// The comment at the head of the text, by its labels: `Question`, `Numbers`, `Answer`; the words before the first
    /// label have none.
    pub header: Vec<(String, String)>,
    /// Settings with a comment beside them, in the order of the text.
    pub notes: Vec<SourceNote>,
    /// Notes beyond the most that are kept.
    pub left_out: usize,
}

/// What a comment says of a setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceNote {
    /// Line of the text, from 1.
    pub line: usize,
    /// The setting with its whole path, or the head of a table: `fault.zone-power.mtbf = "5y"`.
    pub text: String,
    /// The comment.
    pub comment: String,
    /// Whether the comment calls it an assumption.
    pub assumption: bool,
}
