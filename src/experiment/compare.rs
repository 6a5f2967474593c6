//! Variants beside a reference: what differs, and by how much.

/// Every variant of an outcome compared with one of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// Name of the variant that the others are compared with.
    pub reference: String,
    /// Whether all variants met the same fault history.
    pub same_faults: bool,
    /// Variant by variant but the reference, figures in the order of the catalogue.
    pub rows: Vec<Difference>,
    /// In words, variant by variant but the reference.
    pub verdicts: Vec<CompareVerdict>,
}

/// One figure of a variant beside that of the reference.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// Name of the variant.
    pub variant: String,
    /// Name of the store or block; empty for figures of the whole run.
    pub subject: String,
    /// Id of the figure in the catalogue.
    pub metric: String,
    /// Unit of the numbers.
    pub unit: &'static str,
    /// The variant's estimate.
    pub estimate: Option<f64>,
    /// The reference's estimate.
    pub reference: Option<f64>,
    /// The first minus the second.
    pub difference: Option<f64>,
    /// Lower end of the 95 % interval of the difference.
    pub low: Option<f64>,
    /// Upper end of the 95 % interval of the difference.
    pub high: Option<f64>,
    /// How many times the variance of the difference would be larger had the two run on faults of their own.
    pub variance_reduction: Option<f64>,
    /// Replications behind the difference.
    pub n: u64,
    /// What a reader must know to use the numbers; may be empty.
    pub note: String,
}

/// What a variant is worth for a subject, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompareVerdict {
    /// Name of the variant.
    pub variant: String,
    /// Name of the store or block.
    pub subject: String,
    /// One or two sentences.
    pub text: String,
}
