//! One test binary for everything that looks at the package from outside.

mod architecture;
mod check;
mod ci_page;
mod cli;
mod compare;
mod errors;
mod explain;
mod interrupt;
mod new;
mod public;
mod readme;
mod shell;
mod source;
mod tidy;
mod tutorial;
