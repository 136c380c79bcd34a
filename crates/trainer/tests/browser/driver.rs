//! A headless Chromium, driven by chromedriver over WebDriver (<https://www.w3.org/TR/webdriver2/>).

use std::{
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

/// A browser with one window, closed when it goes out of scope.
pub(crate) struct Browser {
    driver: Child,
    session: String,
}

impl Browser {
    /// Starts a browser.
    pub(crate) fn start() -> Self {
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .spawn()
            .expect("chromedriver has to be installed; in Debian it is chromium-driver");
        let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        let port = lines.find_map(|line| {
            let line = line.unwrap();
            let (_, port) = line.split_once("successfully on port ")?;
            Some(port.trim_end_matches('.').to_owned())
        });
        let server = format!("http://127.0.0.1:{}", port.expect("chromedriver names its port"));
        // As root, as in most containers, Chromium runs without its sandbox or not at all.
        let arguments = ["--headless=new", "--no-sandbox", "--hide-scrollbars"];
        let capabilities = json!({ "capabilities": { "alwaysMatch": {
            "goog:chromeOptions": { "args": arguments },
            "goog:loggingPrefs": { "browser": "ALL" },
        }}});
        let mut browser = Self { driver, session: format!("{server}/session") };
        let id = browser.post("", &capabilities)["sessionId"].as_str().unwrap().to_owned();
        browser.session = format!("{server}/session/{id}");
        browser
    }

    /// Sends a command and returns the value of the response.
    fn post(&self, command: &str, body: &Value) -> Value {
        let address = if command.is_empty() {
            self.session.clone()
        } else {
            format!("{}/{command}", self.session)
        };
        let request = ureq::post(&address).config().http_status_as_error(false).build();
        let request = request.content_type("application/json");
        let answer = request.send(body.to_string()).unwrap().body_mut().read_to_string().unwrap();
        let answer: Value = serde_json::from_str(&answer).unwrap();
        let value = answer["value"].clone();
        assert!(value["error"].is_null(), "{command} {body}: {value}");
        value
    }

    /// Sends a Chromium-specific command.
    fn chromium(&self, command: &str, parameters: &Value) -> Value {
        self.post("goog/cdp/execute", &json!({ "cmd": command, "params": parameters }))
    }

    /// Opens a file.
    pub(crate) fn open(&self, path: &Path) {
        self.post("url", &json!({ "url": format!("file://{}", path.display()) }));
    }

    /// Sets the width of the window in pixels, and its colour scheme: light or dark.
    pub(crate) fn set_window(&self, width: u32, scheme: &str) {
        let size =
            json!({ "width": width, "height": 800, "deviceScaleFactor": 1, "mobile": false });
        self.chromium("Emulation.setDeviceMetricsOverride", &size);
        let scheme = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        self.chromium("Emulation.setEmulatedMedia", &json!({ "features": scheme }));
    }

    /// Lets the system ask for little motion.
    pub(crate) fn reduce_motion(&self) {
        let motion = json!([{ "name": "prefers-reduced-motion", "value": "reduce" }]);
        self.chromium("Emulation.setEmulatedMedia", &json!({ "features": motion }));
    }

    /// Runs the body of a function in the page and returns its result.
    pub(crate) fn run(&self, script: &str) -> Value {
        self.post("execute/sync", &json!({ "script": script, "args": [] }))
    }

    /// Runs the body of a function in the page, which calls `done` with its result.
    pub(crate) fn run_async(&self, script: &str) -> Value {
        let script = format!("const done = arguments[arguments.length - 1]; {script}");
        self.post("execute/async", &json!({ "script": script, "args": [] }))
    }

    /// Loads the page again, and waits until it is loaded: chromedriver may return before.
    pub(crate) fn reload(&self) {
        self.run("globalThis.isOld = true");
        self.post("refresh", &json!({}));
        let is_loaded = "return !globalThis.isOld && document.readyState === 'complete'";
        let start = Instant::now();
        while self.run(is_loaded) != true {
            assert!(start.elapsed() < Duration::from_secs(30), "the page is not loaded");
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// Changes the address's fragment to another one, and waits until the page has seen it.
    pub(crate) fn set_fragment(&self, fragment: &str) {
        self.run_async(&format!(
            "addEventListener('hashchange', () => setTimeout(done), {{ once: true }}); location.hash = {}",
            Value::from(fragment)
        ));
    }

    /// Clicks on the first element that a CSS selector finds, in the middle of the window: the bar of controls covers its top.
    pub(crate) fn click(&self, selector: &str) {
        let quoted = Value::from(selector);
        self.run(&format!(
            "document.querySelector({quoted}).scrollIntoView({{ block: 'center' }})"
        ));
        let found = self.post("element", &json!({ "using": "css selector", "value": selector }));
        let id = found.as_object().unwrap().values().next().unwrap().as_str().unwrap();
        self.post(&format!("element/{id}/click"), &json!({}));
    }

    /// Draws strokes with the mouse, in pixels of the window.
    pub(crate) fn draw(&self, strokes: &[&[(f64, f64)]]) {
        let mut actions = Vec::new();
        for stroke in strokes {
            let moves = stroke.iter().map(|(x, y)| {
                json!({ "type": "pointerMove", "duration": 20, "x": x.round(), "y": y.round() })
            });
            actions.extend(moves);
            let first = actions.len() + 1 - stroke.len();
            actions.insert(first, json!({ "type": "pointerDown", "button": 0 }));
            actions.push(json!({ "type": "pointerUp", "button": 0 }));
        }
        let mouse = json!({ "type": "pointer", "id": "mouse", "parameters": { "pointerType": "mouse" }, "actions": actions });
        self.post("actions", &json!({ "actions": [mouse] }));
    }

    /// Returns the messages of the console since the last call.
    pub(crate) fn console(&self) -> Vec<String> {
        let lines = self.post("se/log", &json!({ "type": "browser" }));
        let lines = lines.as_array().unwrap().iter();
        lines.map(|line| format!("{}: {}", line["level"], line["message"])).collect()
    }

    /// Saves a screenshot of the whole page.
    pub(crate) fn save_screenshot(&self, path: &Path) {
        let whole = json!({ "captureBeyondViewport": true });
        let picture = self.chromium("Page.captureScreenshot", &whole);
        let picture = picture["data"].as_str().unwrap();
        fs::write(
            path,
            base64::Engine::decode(&base64::prelude::BASE64_STANDARD, picture).unwrap(),
        )
        .unwrap();
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = ureq::delete(&self.session).call();
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}
