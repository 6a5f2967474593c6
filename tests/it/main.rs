//! One test binary for everything that looks at the package from outside.

mod architecture;
mod cli;
mod compare;
mod interrupt;
mod readme;
mod source;
mod tidy;
mod tutorial;
