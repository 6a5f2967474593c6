//! A headless Chromium, driven by its own driver over the WebDriver protocol: JSON over local HTTP.

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Set to anything to do without the tests in a browser.
pub const SKIP: &str = "ZONEFALL_NO_BROWSER";

const MISSING: &str = "the page is tested in Chromium, which is not here: install the Debian packages `chromium` and \
                       `chromium-driver` (apt-get install chromium chromium-driver), or set ZONEFALL_NO_BROWSER=1 to \
                       go without these tests";

/// A browser with one empty tab. It ends with the value.
pub struct Browser {
    driver: Child,
    port: u16,
    session: String,
    profile: PathBuf,
}

impl Browser {
    /// Starts a browser; `None` if it is not wanted.
    pub fn start(name: &str) -> Option<Browser> {
        #[allow(clippy::disallowed_methods)] // Whether there is a browser is a matter of the machine.
        if std::env::var_os(SKIP).is_some() {
            return None;
        }
        let profile =
            Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("browser-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&profile);
        let mut command = Command::new("chromedriver");
        command.args(["--port=0", "--log-level=SEVERE"]).stdin(Stdio::null());
        let mut driver = command
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|_| panic!("{MISSING}"));
        let port = port(&mut driver);
        let mut browser = Browser { driver, port, session: String::new(), profile };
        let mut arguments = vec![format!("--user-data-dir={}", browser.profile.display())];
        let plain = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-dev-shm-usage \
                     --disable-background-networking --disable-component-update --disable-sync --hide-scrollbars";
        arguments.extend(plain.split_whitespace().map(str::to_string));
        let options = json!({ "args": arguments });
        let wanted = json!({ "browserName": "chrome", "goog:chromeOptions": options,
            "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" } });
        let made = browser.call("POST", "/session", json!({ "capabilities": { "alwaysMatch": wanted } }));
        browser.session =
            made["sessionId"].as_str().unwrap_or_else(|| panic!("{MISSING}\n{made}")).to_string();
        Some(browser)
    }

    /// Opens a file.
    pub fn open(&self, file: &Path) {
        self.post("url", json!({ "url": format!("file://{}", file.display()) }));
    }

    /// What a script returns.
    pub fn script(&self, script: &str) -> Value {
        self.post("execute/sync", json!({ "script": script, "args": [] }))
    }

    /// A command of the developer tools.
    pub fn tools(&self, command: &str, parameters: Value) -> Value {
        self.post("goog/cdp/execute", json!({ "cmd": command, "params": parameters }))
    }

    /// A window of this width.
    pub fn width(&self, pixels: u32) {
        let metrics =
            json!({ "width": pixels, "height": 800, "deviceScaleFactor": 1, "mobile": pixels < 600 });
        self.tools("Emulation.setDeviceMetricsOverride", metrics);
    }

    /// Entries of a log since it was last asked for.
    pub fn log(&self, kind: &str) -> Vec<Value> {
        self.post("se/log", json!({ "type": kind })).as_array().cloned().unwrap_or_default()
    }

    /// Clicks the first element that a selector names, as a mouse does.
    pub fn click(&self, selector: &str) {
        let element = self.element(selector);
        self.post(&format!("element/{element}/click"), json!({}));
    }

    /// Types into the first element that a selector names.
    pub fn keys(&self, selector: &str, keys: &str) {
        let element = self.element(selector);
        self.post(&format!("element/{element}/value"), json!({ "text": keys }));
    }

    fn element(&self, selector: &str) -> String {
        let found = self.post("element", json!({ "using": "css selector", "value": selector }));
        let id = found.as_object().and_then(|o| o.values().next()).and_then(Value::as_str);
        id.unwrap_or_else(|| panic!("{selector}: {found}")).to_string()
    }

    fn post(&self, path: &str, body: Value) -> Value {
        self.call("POST", &format!("/session/{}/{path}", self.session), body)
    }

    /// One request; an error of the driver is a failed test.
    fn call(&self, method: &str, path: &str, body: Value) -> Value {
        let answer = self.request(method, path, &body).expect("the driver answers");
        let value = answer["value"].clone();
        assert!(value.get("error").is_none(), "{path} {body}: {value}\n{MISSING}");
        value
    }

    fn request(&self, method: &str, path: &str, body: &Value) -> std::io::Result<Value> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_read_timeout(Some(Duration::from_secs(120)))?;
        let body = body.to_string();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: localhost:{}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            self.port,
            body.len()
        )?;
        let mut reader = BufReader::new(stream);
        let mut length = 0;
        loop {
            let mut line = String::new();
            reader.read_line(&mut line)?;
            match line.trim_end().split_once(':') {
                Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                    length = value.trim().parse().unwrap_or(0);
                }
                None if line.trim_end().is_empty() => break,
                _ => {}
            }
        }
        let mut bytes = vec![0; length];
        reader.read_exact(&mut bytes)?;
        Ok(serde_json::from_slice(&bytes)?)
    }
}

/// The port that the driver says it listens on.
fn port(driver: &mut Child) -> u16 {
    let output = driver.stdout.take().expect("it is piped");
    for line in BufReader::new(output).lines().map_while(Result::ok) {
        if let Some((_, port)) = line.split_once("successfully on port ") {
            return port.trim_end_matches('.').parse().expect("a number");
        }
    }
    panic!("the driver ended without saying its port");
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Ends the browser; the driver itself does not end by that. Whatever fails here, the test has its result.
        let _ = self.request("DELETE", &format!("/session/{}", self.session), &json!({}));
        let _ = self.driver.kill();
        let _ = self.driver.wait();
        let _ = std::fs::remove_dir_all(&self.profile);
    }
}
