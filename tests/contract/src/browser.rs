//! A real browser, driven by `browser/drive.mjs`.
//!
//! It is the machine's own Chrome or Chromium. Where there is none, [`Browser::shared`] answers `None` and says so past the
//! runner, in a line that `cargo xtask test` counts as a skipped test; `BROWSER_TESTS=required` makes that a failure.

use crate::gateway::{program, workspace};
use crate::guard::Guarded;
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, ChildStdout};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use tokio::sync::oneshot;

/// The names a Chrome or Chromium goes by.
const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];
const ON_A_MAC: [&str; 2] = [
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
];

/// Finds what is wrong with the page that is shown.
const LOOKS: &str = include_str!("../browser/looks.js");

type Waiting = Arc<Mutex<HashMap<u64, oneshot::Sender<Result<Value, String>>>>>;

/// A running browser. It ends with the test process.
#[derive(Debug)]
pub struct Browser {
    orders: Mutex<ChildStdin>,
    waiting: Waiting,
    last: AtomicU64,
    process: Guarded,
}

/// What a page is looked at with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Screen {
    /// Its width in CSS pixels.
    pub width: u32,
    /// Its height in CSS pixels.
    pub height: u32,
    /// Whether its user prefers dark colours.
    pub dark: bool,
    /// Whether it is a phone's: touched, and with twice as many dots.
    pub phone: bool,
}

impl Screen {
    /// A laptop's, in light colours.
    pub const DESKTOP: Self = Self { width: 1280, height: 800, dark: false, phone: false };
    /// A phone's, in light colours.
    pub const PHONE: Self = Self { width: 390, height: 844, dark: false, phone: true };

    /// The same screen of somebody who prefers dark colours.
    #[must_use]
    pub const fn dark(self) -> Self {
        Self { dark: true, ..self }
    }
}

/// One page, in a browser profile of its own: no cookie is shared with another page's.
#[derive(Debug)]
pub struct Page<'a> {
    browser: &'a Browser,
    number: Value,
}

impl Browser {
    /// The browser's program: the one `CHROME` names, none if that is empty, or the first of the usual ones that is there.
    pub fn find() -> Option<PathBuf> {
        if let Some(named) = std::env::var_os("CHROME") {
            return (!named.is_empty()).then(|| named.into());
        }
        let path = std::env::var_os("PATH").unwrap_or_default();
        let mut places =
            std::env::split_paths(&path).flat_map(|folder| NAMES.map(|name| folder.join(name))).collect::<Vec<_>>();
        places.extend(ON_A_MAC.map(PathBuf::from));
        places.into_iter().find(|place| place.is_file())
    }

    /// The one browser all tests of a process share, started by the first that asks; `None`, said aloud, when there is none.
    pub fn shared() -> Option<&'static Self> {
        static BROWSER: OnceLock<Option<Browser>> = OnceLock::new();
        let found = BROWSER.get_or_init(|| Self::find().map(|program| Self::start(&program))).as_ref();
        if found.is_none() {
            let required = std::env::var("BROWSER_TESTS").is_ok_and(|value| value == "required");
            assert!(!required, "a browser is required, and there is none");
            let test = std::thread::current().name().unwrap_or("a test").to_owned();
            let told = format!("\nSKIPPED: {test}: no Chrome or Chromium (apt-get install chromium, or CHROME=…)\n");
            // Not `print!`: the runner keeps what a test prints that holds.
            let _ = std::io::stdout().write_all(told.as_bytes());
        }
        found
    }

    fn start(browser: &Path) -> Self {
        let mut command = program("node");
        command.arg(workspace().join("tests/contract/browser/drive.mjs")).arg(browser);
        let (process, orders, answers) = Guarded::start_conversation(command);
        let waiting = Waiting::default();
        let told = waiting.clone();
        std::thread::spawn(move || listen(answers, &told));
        Self { orders: Mutex::new(orders), waiting, last: AtomicU64::new(0), process }
    }

    /// A new page, with nothing in it and no cookies.
    pub async fn open(&self, screen: Screen) -> Page<'_> {
        let Screen { width, height, dark, phone } = screen;
        let number = self.order("open", json!({"width": width, "height": height, "dark": dark, "phone": phone})).await;
        Page { browser: self, number: number.unwrap_or_else(|error| panic!("no page: {error}")) }
    }

    /// Has the driver do one thing: its value, or why it could not.
    async fn order(&self, what: &str, mut order: Value) -> Result<Value, String> {
        let id = self.last.fetch_add(1, Ordering::SeqCst);
        let (sender, receiver) = oneshot::channel();
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).insert(id, sender);
        order["id"] = id.into();
        order["do"] = what.into();
        let written = {
            let mut orders = self.orders.lock().unwrap_or_else(PoisonError::into_inner);
            orders.write_all(format!("{order}\n").as_bytes())
        };
        written.map_err(|error| self.ended(&error.to_string()))?;
        receiver.await.unwrap_or_else(|_| Err(self.ended("no answer")))
    }

    fn ended(&self, why: &str) -> String {
        format!("the browser has ended ({why}):\n{}", self.process.lines().join("\n"))
    }
}

/// Hands each answer to whoever waits for it; at the end, everybody who still waits learns that.
fn listen(answers: ChildStdout, waiting: &Waiting) {
    for line in BufReader::new(answers).lines().map_while(Result::ok) {
        let Ok(Value::Object(mut told)) = serde_json::from_str(&line) else { continue };
        let id = told.get("id").and_then(Value::as_u64);
        let sender = id.and_then(|id| waiting.lock().unwrap_or_else(PoisonError::into_inner).remove(&id));
        if let Some(sender) = sender {
            let _ = sender.send(outcome(&mut told));
        }
    }
    waiting.lock().unwrap_or_else(PoisonError::into_inner).clear();
}

fn outcome(told: &mut Map<String, Value>) -> Result<Value, String> {
    match told.get("error") {
        Some(error) => Err(error.as_str().unwrap_or_default().to_owned()),
        None => Ok(told.remove("value").unwrap_or_default()),
    }
}

/// A method panics when what it asks for cannot be done within 15 seconds.
impl Page<'_> {
    async fn order(&self, what: &str, mut order: Value) -> Value {
        order["page"] = self.number.clone();
        let told = order.to_string();
        self.browser.order(what, order).await.unwrap_or_else(|error| panic!("{what} {told}: {error}"))
    }

    async fn words(&self, what: &str, order: Value) -> String {
        self.order(what, order).await.as_str().unwrap_or_default().to_owned()
    }

    /// Goes to a URL: the status of the last answer on the way.
    pub async fn goto(&self, url: &str) -> u16 {
        let status = self.order("goto", json!({"url": url})).await;
        status.as_u64().and_then(|status| status.try_into().ok()).unwrap_or(0)
    }

    /// Puts `text` in a field in place of what is there. `selector` is a CSS selector here and below.
    pub async fn fill(&self, selector: &str, text: &str) {
        self.order("fill", json!({"selector": selector, "text": text})).await;
    }

    /// Clicks on what can be clicked there; where that leads is to be waited for.
    pub async fn click(&self, selector: &str) {
        self.order("click", json!({"selector": selector})).await;
    }

    /// Chooses the option of this value in a list.
    pub async fn choose(&self, selector: &str, value: &str) {
        self.order("choose", json!({"selector": selector, "value": value})).await;
    }

    /// From now on answers what the page asks of a path, in place of the gateway; not at all where the status is 0.
    pub async fn answer_with(&self, path: &str, status: u16, body: &Value) {
        self.order("answerWith", json!({"path": path, "status": status, "body": body})).await;
    }

    /// The serious barriers of the page to people who cannot see, hear or point, as axe finds them.
    pub async fn barriers(&self) -> Vec<String> {
        let found = self.order("barriers", json!({})).await;
        found.as_array().into_iter().flatten().map(|one| one.as_str().unwrap_or_default().to_owned()).collect()
    }

    /// Types `text` into whatever has the focus.
    pub async fn type_in(&self, text: &str) {
        self.order("type", json!({"text": text})).await;
    }

    /// Types `text` into the field of that name, once it has the focus by itself.
    pub async fn type_at(&self, name: &str, text: &str) {
        self.focuses("getAttribute('name')", name).await;
        self.type_in(text).await;
    }

    /// Waits until what has the focus is this, by a property such as `tagName`: a page gives it away a moment after it is shown.
    pub async fn focuses(&self, property: &str, wanted: &str) {
        let focused = format!("document.activeElement?.{property}");
        for _ in 0..100 {
            if self.evaluate(&focused).await == json!(wanted) {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        panic!("{wanted} never had the focus: {}", self.evaluate(&focused).await);
    }

    /// Presses a key: `Tab`, `Enter`, `Shift+Tab`.
    pub async fn press(&self, key: &str) {
        self.order("press", json!({"key": key})).await;
    }

    /// The URL shown now.
    pub async fn url(&self) -> String {
        self.words("url", json!({})).await
    }

    /// Waits until a URL that begins with `prefix` is shown, and loaded: that URL.
    pub async fn arrive(&self, prefix: &str) -> String {
        self.words("arrive", json!({"prefix": prefix})).await
    }

    /// Waits until the page asked for a URL that begins with `prefix`, or was redirected to one, whether or not anybody
    /// answers there: the whole URL. What was asked for before counts.
    pub async fn requested(&self, prefix: &str) -> String {
        self.words("requested", json!({"prefix": prefix})).await
    }

    /// The text a person sees there.
    pub async fn text(&self, selector: &str) -> String {
        self.words("text", json!({"selector": selector})).await
    }

    /// How many elements there are of it.
    pub async fn count(&self, selector: &str) -> u64 {
        self.order("count", json!({"selector": selector})).await.as_u64().unwrap_or(0)
    }

    /// The whole document as it is now.
    pub async fn html(&self) -> String {
        self.words("html", json!({})).await
    }

    /// The value of a script's expression, as JSON.
    pub async fn evaluate(&self, expression: &str) -> Value {
        self.order("evaluate", json!({"expression": expression})).await
    }

    /// What is wrong with how the page looks, and what the console says, in sentences.
    pub async fn faults(&self) -> Vec<String> {
        let looked = self.evaluate(LOOKS).await;
        let words = |fault: &Value| fault.as_str().unwrap_or_default().to_owned();
        let mut faults: Vec<String> = looked.as_array().expect("a list").iter().map(words).collect();
        faults.extend(self.complaints().await);
        faults
    }

    /// Writes a picture of the whole page, a PNG, below `target/screenshots`.
    pub async fn screenshot(&self, name: &str) {
        let path = workspace().join("target/screenshots").join(name);
        self.order("screenshot", json!({"path": path})).await;
    }

    /// The cookies: `name`, `domain`, `path`, `expires`, `httpOnly`, `secure`, `sameSite`, and the `length` of the value.
    pub async fn cookies(&self) -> Vec<Value> {
        self.order("cookies", json!({})).await.as_array().cloned().unwrap_or_default()
    }

    /// Every error and warning of the console since this was asked last, what the content policy refused included.
    pub async fn complaints(&self) -> Vec<String> {
        let told = self.order("complaints", json!({})).await;
        told.as_array().into_iter().flatten().map(|one| one.as_str().unwrap_or_default().to_owned()).collect()
    }

    /// Closes it and forgets its cookies.
    pub async fn close(self) {
        self.order("close", json!({})).await;
    }
}
