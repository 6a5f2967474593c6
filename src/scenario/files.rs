//! The files that a scenario refers to.

use core::cell::{Cell, RefCell};
use std::rc::Rc;

/// Most bytes that are read of files, a file counted as often as a law of a variant refers to it.
const MAX_BYTES: usize = 1_000_000_000;

/// Most values of empirical laws, all laws of all variants together.
const MAX_VALUES: usize = 20_000_000;

/// Loads each file once, and limits what all laws of all variants may cost together.
pub(super) struct Opened<'a> {
    loader: &'a dyn Fn(&str) -> Result<String, String>,
    /// Names and contents, in the order in which they were asked for.
    loaded: RefCell<Vec<(String, Rc<str>)>>,
    bytes: Cell<usize>,
    values: Cell<usize>,
}

impl<'a> Opened<'a> {
    pub fn new(loader: &'a dyn Fn(&str) -> Result<String, String>) -> Opened<'a> {
        Opened { loader, loaded: RefCell::default(), bytes: Cell::new(0), values: Cell::new(0) }
    }

    /// The text of a file.
    ///
    /// # Errors
    /// What the loader says, or that too much was read.
    pub fn text(&self, name: &str) -> Result<Rc<str>, String> {
        let known = self.loaded.borrow().iter().find(|(own, _)| own == name).map(|(_, text)| text.clone());
        let text = match known {
            Some(text) => text,
            None => {
                let text: Rc<str> = (self.loader)(name)?.into();
                self.loaded.borrow_mut().push((name.to_owned(), text.clone()));
                text
            }
        };
        self.bytes.set(self.bytes.get().saturating_add(text.len()));
        if self.bytes.get() > MAX_BYTES {
            return Err(format!("all laws of all variants together may read {MAX_BYTES} bytes of files"));
        }
        Ok(text)
    }

    /// Counts values of a law.
    ///
    /// # Errors
    /// There are too many.
    pub fn count(&self, values: usize) -> Result<(), String> {
        self.values.set(self.values.get().saturating_add(values));
        if self.values.get() > MAX_VALUES {
            return Err(format!("all laws of all variants together may have {MAX_VALUES} values"));
        }
        Ok(())
    }

    /// Names and contents of all files.
    pub fn all(self) -> Vec<(String, String)> {
        self.loaded.into_inner().into_iter().map(|(name, text)| (name, text.to_string())).collect()
    }
}
