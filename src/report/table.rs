//! Aligned columns of text.

/// Rows of cells: the first column to the left, the others to the right.
#[derive(Default)]
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn new(head: &[&str]) -> Table {
        Table { rows: vec![head.iter().map(|&s| s.into()).collect()] }
    }

    pub(crate) fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    /// Rows below the head.
    pub(crate) fn len(&self) -> usize {
        self.rows.len() - 1
    }

    /// Lines without indent or trailing blanks, the head first.
    pub(crate) fn lines(&self) -> Vec<String> {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| {
            self.rows.iter().filter_map(|r| r.get(column)).map(|c| c.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        self.rows
            .iter()
            .map(|row| {
                let mut line = String::new();
                for (i, (cell, &width)) in row.iter().zip(&widths).enumerate() {
                    let pad = " ".repeat(width - cell.chars().count());
                    match i {
                        0 => line.extend([cell.as_str(), &pad]),
                        _ => line.extend(["  ", &pad, cell.as_str()]),
                    }
                }
                line.trim_end().to_string()
            })
            .collect()
    }
}
