//! A person with a real browser: from an app to the sign-in page, over consent and back to the app, and the account page.

use crate::gateway;
use gateway_contract::browser::{Browser, Page, Screen};
use gateway_contract::client::Tokens;
use gateway_contract::fake::{Reply, Server};
use gateway_contract::oauth::{App, Landing};
use gateway_contract::seed::{PASSWORD, Tools, User, colleague};
use serde_json::{Value, json};
use std::sync::OnceLock;

/// Where apps listen: a page of theirs that says nothing.
fn callback() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| {
        let page =
            "<!doctype html><html lang=en><title>App</title><link rel=icon href=data:,><h1>You can close this.</h1>";
        Server::start(move |_| Reply::text(200, "text/html; charset=utf-8", page))
    })
}

/// What the form of the page that is shown carries.
const TICKET: &str = "document.querySelector('[name=ticket]').value";

fn redirect_uri() -> String {
    callback().url("/callback")
}

async fn app() -> App {
    let app = json!({"redirect_uris": ["http://127.0.0.1/callback"], "client_name": "Weather Desk"});
    App::register(gateway(), app).await
}

/// Where the app sends people.
fn request(app: &App) -> String {
    gateway().url(&app.request(&[("redirect_uri", &redirect_uri())]))
}

fn person() -> User {
    gateway().user(Tools::Own)
}

/// Fills in the sign-in page that is shown.
async fn sign_in(page: &Page<'_>, username: &str, password: &str) {
    page.fill("[name=username]", username).await;
    page.fill("[name=password]", password).await;
    page.click("button[type=submit]").await;
}

/// Goes where the app sends people and signs in: the consent page is shown.
async fn ask(page: &Page<'_>, app: &App, user: &User) {
    assert_eq!(page.goto(&request(app)).await, 200);
    sign_in(page, &user.username, PASSWORD).await;
    page.arrive(&gateway().url("/oauth/authorize")).await;
    page.text("[value=allow]").await;
}

/// Clicks one of the two answers: where the browser arrives.
async fn decide(page: &Page<'_>, decision: &str) -> Landing {
    page.click(&format!("[value={decision}]")).await;
    let landing = Landing::at(&page.arrive(&redirect_uri()).await);
    assert_eq!((landing.place.as_str(), landing.find("state")), (redirect_uri().as_str(), Some("a b&c=\u{e9}")));
    assert_eq!(landing.find("iss"), Some(gateway().url("").as_str()));
    landing
}

/// The tokens of what the app was told.
async fn redeem(app: &App, landing: &Landing) -> Tokens {
    Tokens::read(&app.redeem(landing.find("code").expect("a code"), &[]).await)
}

async fn is_quiet(page: &Page<'_>) {
    assert_eq!(page.complaints().await, Vec::<String>::new(), "{}", page.url().await);
}

#[tokio::test]
async fn a_person_signs_in_allows_and_arrives_at_the_app() {
    let Some(browser) = Browser::shared() else { return };
    let (app, user, page) = (app().await, person(), browser.open(Screen::DESKTOP).await);
    assert_eq!(page.goto(&request(&app)).await, 200);
    assert!(page.text("main").await.contains("to continue to Weather Desk"));
    sign_in(&page, &user.username, "not the password").await;
    assert_eq!(page.text("[role=alert]").await, "Username or password is wrong.");
    assert_eq!(page.evaluate("document.querySelector('[name=username]').value").await, json!(user.username));
    assert_eq!(page.evaluate("document.querySelector('[name=password]').value").await, json!(""));
    assert_eq!(page.evaluate("document.activeElement.name").await, json!("password"));
    let complaints = page.complaints().await;
    assert!(complaints.iter().all(|told| told.contains("a status of 403")), "{complaints:?}");
    sign_in(&page, &user.username, PASSWORD).await;
    let shown = page.text("main").await;
    for told in ["Weather Desk", "Nobody has checked", "127.0.0.1", &user.username, "tools:call", "tools:read"] {
        assert!(shown.contains(told), "{told}: {shown}");
    }
    let landing = decide(&page, "allow").await;
    is_quiet(&page).await;
    let tokens = redeem(&app, &landing).await;
    assert!(gateway().is_let_in(&tokens.access).await);
    assert_eq!(tokens.claims()["sub"], user.id);
    page.close().await;
}

#[tokio::test]
async fn a_person_who_says_no_arrives_at_the_app_without_a_code() {
    let Some(browser) = Browser::shared() else { return };
    let (app, user, page) = (app().await, person(), browser.open(Screen::PHONE).await);
    ask(&page, &app, &user).await;
    let answered = page.evaluate(TICKET).await;
    let landing = decide(&page, "deny").await;
    assert_eq!((landing.find("error"), landing.find("code")), (Some("access_denied"), None));
    is_quiet(&page).await;
    // Who goes back is asked anew: the page that was answered is not kept.
    page.evaluate("history.back()").await;
    page.arrive(&gateway().url("/oauth/authorize")).await;
    assert_ne!(page.evaluate(TICKET).await, answered);
    page.close().await;
}

#[tokio::test]
async fn a_person_goes_on_as_somebody_else() {
    let Some(browser) = Browser::shared() else { return };
    let (app, user, page) = (app().await, person(), browser.open(Screen::DESKTOP).await);
    let other = colleague(&user);
    ask(&page, &app, &user).await;
    page.click("form.aside button").await;
    sign_in(&page, &other.username, PASSWORD).await;
    page.text("[value=allow]").await;
    assert!(page.text("form.aside").await.contains(&other.username), "{}", page.text("form.aside").await);
    let landing = decide(&page, "allow").await;
    is_quiet(&page).await;
    assert_eq!(redeem(&app, &landing).await.claims()["sub"], other.id);
    page.close().await;
}

#[tokio::test]
async fn a_person_ends_the_access_of_an_app_and_signs_out() {
    let Some(browser) = Browser::shared() else { return };
    let (app, user, page) = (app().await, person(), browser.open(Screen::DESKTOP).await);
    ask(&page, &app, &user).await;
    let landing = decide(&page, "allow").await;
    let tokens = redeem(&app, &landing).await;
    gateway().login(&user).await;
    assert_eq!(page.goto(&gateway().url("/account")).await, 200);
    let shown = page.text("main").await;
    assert!(shown.contains("A program with your password") && !shown.contains("not kept"), "{shown}");
    let apps = "section[aria-labelledby=apps]";
    assert!(page.text(apps).await.contains("Weather Desk"), "{}", page.text(apps).await);
    page.click(&format!("{apps} button")).await;
    assert_eq!(page.text("[role=status]").await, "Access has ended.");
    assert_eq!(page.text(&format!("{apps} .empty")).await, "No app has access to your account.");
    assert!(!gateway().is_let_in(&tokens.access).await);
    assert!(page.text("main").await.contains("This browser"));
    page.click(".top button").await;
    page.arrive(&gateway().url("/account/signed-out")).await;
    assert_eq!(page.text("h1").await, "You are signed out");
    let left: Vec<Value> = page.cookies().await.iter().map(|cookie| cookie["name"].clone()).collect();
    assert_eq!(left, ["__Host-browser"]);
    page.goto(&gateway().url("/account")).await;
    assert_eq!(page.count("[name=password]").await, 1);
    is_quiet(&page).await;
    page.close().await;
}

#[tokio::test]
async fn a_browser_keeps_two_cookies_that_no_script_and_no_other_site_sees() {
    let Some(browser) = Browser::shared() else { return };
    let (app, user, page) = (app().await, person(), browser.open(Screen::DESKTOP).await);
    ask(&page, &app, &user).await;
    let mut cookies = page.cookies().await;
    cookies.sort_by_key(|cookie| cookie["name"].to_string());
    let names: Vec<&Value> = cookies.iter().map(|cookie| &cookie["name"]).collect();
    assert_eq!(names, ["__Host-browser", "__Host-sign-in"]);
    for cookie in &cookies {
        let told = json!({
            "path": cookie["path"], "domain": cookie["domain"], "secure": cookie["secure"],
            "httpOnly": cookie["httpOnly"], "sameSite": cookie["sameSite"], "expires": cookie["expires"]
        });
        let expected = json!({
            "path": "/", "domain": "127.0.0.1", "secure": true, "httpOnly": true, "sameSite": "Lax", "expires": -1
        });
        assert_eq!(told, expected, "{cookie}");
        assert!(cookie["length"].as_u64() >= Some(22), "{cookie}");
    }
    assert_eq!(page.evaluate("document.cookie").await, json!(""));
    page.close().await;
}

#[tokio::test]
async fn a_person_signs_in_and_allows_without_a_mouse() {
    let Some(browser) = Browser::shared() else { return };
    let (app, user, page) = (app().await, person(), browser.open(Screen::DESKTOP).await);
    assert_eq!(page.goto(&request(&app)).await, 200);
    page.type_at("username", &user.username).await;
    page.press("Tab").await;
    page.type_at("password", PASSWORD).await;
    page.press("Enter").await;
    page.text("[value=allow]").await;
    // The first answer the keyboard comes to is the one that gives nothing away.
    for expected in ["deny", "allow"] {
        page.press("Tab").await;
        assert_eq!(page.evaluate("document.activeElement.value").await, json!(expected));
    }
    page.press("Enter").await;
    let landing = Landing::at(&page.arrive(&redirect_uri()).await);
    assert!(landing.find("code").is_some(), "{landing:?}");
    is_quiet(&page).await;
    page.close().await;
}

/// Every page as the gateway fills it, looked at and pictured.
async fn looks_right(screen: Screen, folder: &str) {
    let Some(browser) = Browser::shared() else { return };
    let (app, user, page) = (app().await, person(), browser.open(screen).await);
    let mut wrong = Vec::new();
    macro_rules! look {
        ($name:expr) => {
            wrong.extend(page.faults().await.into_iter().map(|fault| format!("{}: {fault}", $name)));
            page.screenshot(&format!("gateway-{folder}/{}.png", $name)).await;
        };
    }
    assert_eq!(page.goto(&request(&app)).await, 200);
    look!("sign-in");
    sign_in(&page, &user.username, PASSWORD).await;
    page.text("[value=allow]").await;
    look!("consent");
    redeem(&app, &decide(&page, "allow").await).await;
    gateway().login(&user).await;
    page.goto(&gateway().url("/account")).await;
    look!("account");
    page.click("section[aria-labelledby=apps] button").await;
    page.text("[role=status]").await;
    look!("account-ended");
    page.click(".top button").await;
    page.arrive(&gateway().url("/account/signed-out")).await;
    look!("signed-out");
    page.goto(&gateway().url("/oauth/authorize?client_id=nobody")).await;
    page.complaints().await;
    look!("error");
    page.close().await;
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test]
async fn the_gateways_pages_look_right_on_a_desktop() {
    looks_right(Screen::DESKTOP, "desktop").await;
    looks_right(Screen::DESKTOP.dark(), "desktop-dark").await;
}

#[tokio::test]
async fn the_gateways_pages_look_right_on_a_phone() {
    looks_right(Screen::PHONE, "phone").await;
    looks_right(Screen::PHONE.dark(), "phone-dark").await;
}
