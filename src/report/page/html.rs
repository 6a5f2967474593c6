//! The document as one HTML file. The template escapes everything by default; only drawings are trusted.

use super::document::Document;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Serde, Value};
use minijinja::{Environment, UndefinedBehavior};

/// The ending makes the template escape what it is given.
const NAME: &str = "page.html";
const PAGE: &str = include_str!("../templates/page.html");
const STYLE: &str = include_str!("../templates/page.css");
const SCRIPT: &str = include_str!("../templates/page.js");

/// The whole file.
pub(super) fn render(document: &Document) -> String {
    const SOUND: &str = "the embedded template is well-formed and fits the document";
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    // Lines with nothing but a tag leave no blank lines behind.
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build().expect(SOUND);
    environment.set_syntax(syntax);
    environment.add_template(NAME, PAGE).expect(SOUND);
    let page = Value::from(Serde(document));
    let values = minijinja::context! { page, style => STYLE.trim_end(), script => SCRIPT.trim_end() };
    environment.get_template(NAME).expect(SOUND).render(values).expect(SOUND)
}
