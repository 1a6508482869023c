//! The console in a browser: signed in to, and found around in.

use crate::World;
use crate::browser::{Browser, Page, Screen};
use crate::seed::{PASSWORD, User};
use serde_json::{Value, json};

/// The console, opened by somebody.
#[derive(Debug)]
pub struct Console<'a> {
    /// Its page.
    pub page: Page<'a>,
}

/// A button of this name, to the letter.
pub fn button(name: &str) -> String {
    format!("button:text-is(\"{name}\")")
}

/// A link of this name, to the letter.
pub fn link(name: &str) -> String {
    format!("a:has(:text-is(\"{name}\"))")
}

impl<'a> Console<'a> {
    /// Opens it where nobody is signed in.
    pub async fn open(browser: &'a Browser, screen: Screen) -> Self {
        let page = browser.open(screen).await;
        assert_eq!(page.goto(&World::shared().gateway.url("/console")).await, 200);
        Self { page }
    }

    /// Opens it and signs in for everything.
    pub async fn enter(browser: &'a Browser, screen: Screen, user: &User) -> Self {
        let console = Self::open(browser, screen).await;
        console.sign_in("Sign in", user).await;
        console
    }

    /// Signs in with this button, allows the console to act, and waits for its first page.
    pub async fn sign_in(&self, with: &str, user: &User) {
        let page = &self.page;
        page.click(&button(with)).await;
        page.fill("[name=username]", &user.username).await;
        page.fill("[name=password]", PASSWORD).await;
        page.click("button[type=submit]").await;
        page.text("[value=allow]").await;
        assert!(page.text("main").await.contains("Part of this gateway"));
        page.click("[value=allow]").await;
        page.text("nav[aria-label=Pages]:not(:empty), .menu").await;
    }

    /// Goes to a place of it, such as `drift` or `tools/server_time`, and waits until nothing is on its way.
    pub async fn go(&self, place: &str) {
        self.page.evaluate(&format!("location.hash = {}", json!(format!("#/{place}")))).await;
        self.settled().await;
    }

    /// Waits until nothing is on its way any more.
    pub async fn settled(&self) {
        let waiting = "document.querySelectorAll('.waiting, [aria-busy=true]').length";
        for _ in 0..150 {
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            if self.page.evaluate(waiting).await == json!(0) {
                return;
            }
        }
        panic!("something is on its way for 15 seconds: {}", self.page.text("main").await);
    }

    /// Clicks a button of the page, and the same in the question that follows, if `asked`.
    pub async fn press(&self, name: &str, asked: bool) {
        self.page.click(&format!("main {}", button(name))).await;
        if asked {
            self.page.click(&format!("dialog {}", button(name))).await;
        }
    }

    /// Waits until the page shows this.
    pub async fn shows(&self, words: &str) {
        self.page.text(&format!("body :text({})", json!(words))).await;
    }

    /// What the page's main part says.
    pub async fn main(&self) -> String {
        self.page.text("main").await
    }

    /// Asserts that the browser complained of nothing.
    #[track_caller]
    pub fn is_quiet(&self) -> impl Future<Output = ()> + '_ {
        let caller = std::panic::Location::caller();
        async move {
            let complaints = self.page.complaints().await;
            assert!(complaints.is_empty(), "{caller}: {complaints:#?}");
        }
    }

    /// What is stored in the browser for pages of the gateway: the names, and how long what they name is.
    pub async fn stored(&self) -> Value {
        let script = "({session: Object.entries(sessionStorage), local: Object.entries(localStorage)})";
        self.page.evaluate(script).await
    }
}
