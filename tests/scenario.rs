//! Good scenarios: what the text becomes.

use zonefall::scenario::{Options, Source, load, render};

#[test]
fn probe() {
    let Ok(path) = std::env::var("PROBE") else { return };
    let text = std::fs::read_to_string(&path).unwrap();
    let options = Options { set: &[], loader: &|_| Err("no files".into()) };
    let source = Source { name: &path, text: &text };
    let loaded = load(source, &options);
    for d in &loaded.diagnostics {
        println!("{}\n", render(source, d, false));
    }
    if let Some(s) = loaded.scenario {
        println!("{:#?}", s.variants[0].model.stores);
        for v in &s.variants {
            println!("{} {} {:?}", v.name, v.model.stores.len(), v.model.stores[0].consistency);
        }
    }
}
