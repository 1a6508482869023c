//! The gateway's pages in a real browser: they are whole, readable and usable on every screen, without a single complaint.
//!
//! The pages are filled here and served from loopback with the policy and the style the gateway serves them with. Pictures
//! of all of them are in `target/screenshots` afterwards.

mod filled;

use filled::{consent, pages};
use gateway_contract::browser::{Browser, Page, Screen};
use gateway_contract::fake::{Reply, Server};
use gateway_contract::workspace;
use mcp_secure_gateway::page::{ConsentPage, content_security_policy};
use serde_json::Value;
use std::sync::OnceLock;

const SMALLEST: Screen = Screen { width: 320, height: 568, ..Screen::PHONE };

fn file(name: &str, content_type: &str) -> Reply {
    let path = workspace().join("pages").join(name);
    Reply::text(200, content_type, std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
}

fn html(page: &str, targets: &[&str]) -> Reply {
    Reply::text(200, "text/html; charset=utf-8", page)
        .with("Content-Security-Policy", &content_security_policy(targets))
        .with("Cache-Control", "no-store")
        .with("X-Content-Type-Options", "nosniff")
}

/// A server of every page below its name. What is posted to `/consent` is redirected to the query's `to`.
fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| {
        let pages = pages();
        Server::start(move |request| {
            let target = request.query("target").into_iter().collect::<Vec<_>>();
            match request.path.trim_start_matches('/') {
                "pages/style.css" => file("style.css", "text/css"),
                "pages/colours.css" => file("colours.css", "text/css"),
                "pages/icon.svg" => file("icon.svg", "image/svg+xml"),
                "ask" => {
                    let action = format!("/consent?to={}", request.query("to").unwrap_or_default());
                    html(&ConsentPage { action: &action, ..consent() }.render(), &target)
                }
                "consent" if request.method == "POST" => {
                    Reply::empty(303).with("Location", request.query("to").unwrap_or_default())
                }
                "enter" => Reply::empty(303).with("Location", "/account"),
                name => match pages.iter().find(|(page, _)| *page == name) {
                    Some((_, page)) => html(page, &[]),
                    None => Reply::text(404, "text/plain", "no such page"),
                },
            }
        })
    })
}

/// Everything wrong with a page on one screen.
async fn faults(page: &Page<'_>, name: &str) -> Vec<String> {
    assert_eq!(page.goto(&server().url(&format!("/{name}"))).await, 200, "{name}");
    page.faults().await
}

async fn looks_right(screen: Screen, folder: &str) {
    let Some(browser) = Browser::shared() else { return };
    let page = browser.open(screen).await;
    let mut wrong = Vec::new();
    for (name, _) in pages() {
        let faults = faults(&page, name).await;
        wrong.extend(faults.into_iter().map(|fault| format!("{name}: {fault}")));
        page.screenshot(&format!("{folder}/{name}.png")).await;
    }
    page.close().await;
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test]
async fn every_page_is_whole_and_readable_on_a_desktop() {
    looks_right(Screen::DESKTOP, "desktop").await;
}

#[tokio::test]
async fn every_page_is_whole_and_readable_on_a_dark_desktop() {
    looks_right(Screen::DESKTOP.dark(), "desktop-dark").await;
}

#[tokio::test]
async fn every_page_is_whole_and_readable_on_a_phone() {
    looks_right(Screen::PHONE, "phone").await;
}

#[tokio::test]
async fn every_page_is_whole_and_readable_on_a_dark_phone() {
    looks_right(Screen::PHONE.dark(), "phone-dark").await;
}

#[tokio::test]
async fn every_page_is_whole_and_readable_on_the_smallest_phone() {
    looks_right(SMALLEST, "phone-small").await;
}

/// The number of the control that has the focus among the page's controls, and whether a person sees that it has it.
const FOCUSED: &str = "(() => {
  const controls = [...document.querySelectorAll('input:not([type=hidden]), button, a[href]')];
  const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement);
  return [controls.indexOf(document.activeElement), outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2];
})()";

#[tokio::test]
async fn the_keyboard_reaches_every_control_in_order_and_shows_where_it_is() {
    let Some(browser) = Browser::shared() else { return };
    let page = browser.open(Screen::DESKTOP).await;
    for (name, _) in pages() {
        page.goto(&server().url(&format!("/{name}"))).await;
        let controls = page.count("input:not([type=hidden]), button, a[href]").await;
        let first = page.evaluate(FOCUSED).await[0].as_i64();
        let (mut order, mut expected) = (Vec::new(), Vec::new());
        for at in 0..i64::try_from(controls).expect("few controls") {
            page.press("Tab").await;
            let focused = page.evaluate(FOCUSED).await;
            // After the last control the focus leaves the page for one step.
            if focused[0] == -1 {
                page.press("Tab").await;
            }
            let focused = page.evaluate(FOCUSED).await;
            assert_eq!(focused[1], Value::Bool(true), "{name}: nobody sees the focus at {focused}");
            order.push(focused[0].as_i64());
            expected.push(first.map(|first| (first + 1 + at) % i64::try_from(controls).expect("few controls")));
        }
        assert_eq!(order, expected, "{name}");
    }
    page.close().await;
}

#[tokio::test]
async fn signing_in_takes_two_words_and_the_enter_key() {
    let Some(browser) = Browser::shared() else { return };
    let page = browser.open(Screen::PHONE).await;
    page.goto(&server().url("/login")).await;
    page.fill("[name=username]", "ada").await;
    page.fill("[name=password]", "correct horse & battery").await;
    page.press("Enter").await;
    page.arrive(&server().url("/account")).await;
    page.close().await;
    let asked = server().asked();
    let sent = asked.iter().filter(|request| request.method == "POST" && request.path == "/enter");
    let bodies: Vec<_> = sent.map(|request| String::from_utf8_lossy(&request.body).into_owned()).collect();
    assert_eq!(bodies, ["ticket=t-1&username=ada&password=correct+horse+%26+battery"]);
}

/// Where the browser goes after a decision that is redirected to `to`, when the policy names `target`.
async fn sent_on(to: &str, target: Option<&str>, decision: &str) -> Result<String, Vec<String>> {
    let browser = Browser::shared().expect("the browser that was there a moment ago");
    let page = browser.open(Screen::DESKTOP).await;
    let named = target.map(|target| format!("&target={target}")).unwrap_or_default();
    page.goto(&server().url(&format!("/ask?to={to}{named}"))).await;
    page.click(&format!("[value={decision}]")).await;
    let outcome = if target.is_some() {
        Ok(page.requested(to).await)
    } else {
        loop {
            let told = page.complaints().await;
            if !told.is_empty() {
                break Err(told);
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    page.close().await;
    outcome
}

#[tokio::test]
async fn a_decision_is_carried_to_the_client_the_policy_names() {
    if Browser::shared().is_none() {
        return;
    }
    for (to, target) in [
        ("https://claude.example/callback?code=1", "https://claude.example"),
        ("http://127.0.0.1:9/callback?code=1", "http://127.0.0.1:9"),
        ("http://localhost:53682/callback?code=1", "http://localhost:53682"),
        ("http://[::1]:53682/callback?code=1", "http://[::1]:53682"),
        ("com.example.app:/callback?code=1", "com.example.app:"),
    ] {
        assert_eq!(sent_on(to, Some(target), "allow").await, Ok(to.to_owned()));
    }
    let to = "https://claude.example/callback?error=access_denied";
    assert_eq!(sent_on(to, Some("https://claude.example"), "deny").await, Ok(to.to_owned()));
}

#[tokio::test]
async fn a_decision_is_not_carried_to_a_client_the_policy_does_not_name() {
    if Browser::shared().is_none() {
        return;
    }
    let refused = sent_on("https://elsewhere.example/callback", None, "allow").await;
    assert!(refused.as_ref().is_err_and(|told| told.iter().any(|line| line.contains("form-action"))), "{refused:?}");
}
