//! People: the first administrator, invitations, resets, passwords, second factors, and what ends with them.

use crate::gateway;
use base32ct::{Base32UpperUnpadded, Encoding};
use gateway_contract::client::{Answer, Tokens, note_secret};
use gateway_contract::oauth::{Visitor, hidden};
use gateway_contract::{Gateway, Plan};
use hmac::{Hmac, Mac};
use reqwest::Method;
use serde_json::{Value, json};
use sha1::Sha1;
use std::sync::OnceLock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::OnceCell;

const TOKEN: &str = "a bootstrap token of 32 characters or more";
const FIRST: &str = "tin kettle on a bicycle";
const SECOND: &str = "seven owls eat quiet soup";
const THIRD: &str = "her umbrella drank the fog";

/// A gateway of its own: it has one first administrator for ever.
fn house() -> &'static Gateway {
    static HOUSE: OnceLock<Gateway> = OnceLock::new();
    HOUSE.get_or_init(|| {
        let plan = Plan::default()
            .with("BOOTSTRAP_TOKEN", TOKEN)
            .with("LOGIN_SOURCE_BURST", "100000")
            .with("LOGIN_SOURCE_PER_MINUTE", "100000");
        for secret in [TOKEN, FIRST, SECOND, THIRD] {
            note_secret(secret);
        }
        Gateway::start(&plan)
    })
}

/// The first administrator's browser, after everything that is refused on the way to it.
async fn admin() -> &'static Visitor {
    static ADMIN: OnceCell<Visitor> = OnceCell::const_new();
    ADMIN.get_or_init(set_up).await
}

async fn set_up() -> Visitor {
    let visitor = Visitor::new(house());
    let page = visitor.get("/setup").await;
    assert_eq!(page.status, 200, "{}", page.text());
    let ticket = hidden(&page, "ticket");
    let with = |token: &'static str, name: &'static str, password: &'static str, again: &'static str| {
        let ticket = ticket.clone();
        let visitor = &visitor;
        async move {
            let fields = [
                ("ticket", ticket.as_str()),
                ("token", token),
                ("tenant", "quuxley"),
                ("username", name),
                ("password", password),
                ("again", again),
            ];
            visitor.post("/setup", &fields).await
        }
    };
    told(
        &with("a bootstrap token of 32 characters or mor3", "zebedee", FIRST, FIRST).await,
        403,
        "bootstrap token is wrong",
    );
    told(&with("", "zebedee", FIRST, FIRST).await, 403, "bootstrap token is wrong");
    told(&with(TOKEN, "zebedee", FIRST, SECOND).await, 422, "not the same");
    told(&with(TOKEN, "zebedee", "short", "short").await, 422, "at least 15 characters");
    told(&with(TOKEN, "zebedee", "Quuxley-Zebedee-1", "Quuxley-Zebedee-1").await, 422, "your username, your team");
    told(&with(TOKEN, "no such name!", FIRST, FIRST).await, 422, "A username has 1 to 64");
    house().try_login("zebedee", FIRST).await.problem(401);
    let made = with(TOKEN, "Zebedee", FIRST, FIRST).await;
    assert_eq!((made.status, made.header("location")), (303, Some("/account/people")), "{}", made.text());
    told(&with(TOKEN, "toor", SECOND, SECOND).await, 403, "has an administrator already");
    house().try_login("toor", SECOND).await.problem(401);
    visitor
}

/// A page that says what was wrong.
#[track_caller]
fn told(answer: &Answer, status: u16, words: &str) {
    assert_eq!((answer.status, answer.media_type()), (status, "text/html"), "{}", answer.text());
    assert!(answer.text().contains(words), "{words}: {}", answer.text());
}

/// Posts a form of the page of people.
async fn people(visitor: &Visitor, what: &str, user: &str) -> Answer {
    let page = visitor.get("/account/people").await;
    let csrf = hidden(&page, "csrf");
    let fields = [("csrf", csrf.as_str()), ("do", what), ("user", user)];
    visitor.post("/account/people", if user.is_empty() { &fields[..2] } else { &fields }).await
}

/// The code on a page of people.
#[track_caller]
fn code_of(page: &Answer) -> String {
    let html = page.text();
    let code = html.split_once("<p class=\"code\">").and_then(|(_, rest)| rest.split("</p>").next());
    let code = code.unwrap_or_else(|| panic!("no code: {} {html}", page.status)).to_owned();
    note_secret(&code);
    code
}

async fn use_code(visitor: &Visitor, code: &str, username: &str, password: &str) -> Answer {
    let ticket = hidden(&visitor.get("/join").await, "ticket");
    let fields = [
        ("ticket", ticket.as_str()),
        ("code", code),
        ("username", username),
        ("password", password),
        ("again", password),
    ];
    visitor.post("/join", &fields).await
}

/// A new member of the house with a browser, and its user id.
async fn member(name: &str) -> (Visitor, String) {
    let code = code_of(&people(admin().await, "invite-developer", "").await);
    let visitor = Visitor::new(house());
    let joined = use_code(&visitor, &code, name, FIRST).await;
    assert_eq!((joined.status, joined.header("location")), (303, Some("/account")), "{}", joined.text());
    let tokens = Tokens::read(&house().try_login(name, FIRST).await);
    let id = tokens.claims()["sub"].as_str().expect("a user").to_owned();
    (visitor, id)
}

async fn is_signed_in(visitor: &Visitor) -> bool {
    visitor.get("/account").await.text().contains("<h1>Your account</h1>")
}

/// Whether a token is refused within the bound of a revocation.
async fn ends(access: &str) -> bool {
    for _ in 0..12 {
        if !house().is_let_in(access).await {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    false
}

/// The gateway's own line about an account.
async fn logged(user: &str, change: &str) -> Value {
    for _ in 0..50 {
        let lines = house().lines();
        let found = lines.iter().find(|line| {
            line.contains("account.changed") && line.contains(user) && line.contains(&format!("\"{change}\""))
        });
        if let Some(line) = found {
            return serde_json::from_str(line).expect("JSON");
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("no line says {change} of {user}");
}

#[tokio::test]
async fn the_first_administrator_is_made_once_and_by_the_operators_token_only() {
    let visitor = admin().await;
    let page = visitor.get("/account/people").await;
    assert!(page.text().contains("zebedee") && page.text().contains(">Owner<"), "{}", page.text());
    let account = visitor.get("/account").await;
    assert!(account.text().contains("<a href=\"/account/people\">People</a>"), "{}", account.text());
    let tokens = Tokens::read(&house().try_login("zebedee", FIRST).await);
    let line = logged(tokens.claims()["sub"].as_str().expect("a user"), "first_admin").await;
    assert_eq!((&line["tenant"], &line["by"]), (&json!("quuxley"), &Value::Null), "{line}");
}

#[tokio::test]
async fn a_gateway_without_a_bootstrap_token_has_no_page_for_it() {
    let visitor = Visitor::new(gateway());
    let page = visitor.get("/setup").await;
    assert_eq!((page.status, page.media_type()), (404, "text/html"));
    let posted = visitor.post("/setup", &[("token", ""), ("tenant", "t"), ("username", "u")]).await;
    assert_eq!(posted.status, 404, "{}", posted.text());
}

#[tokio::test]
async fn an_invitation_lets_one_person_in_with_a_password_of_its_own() {
    let code = code_of(&people(admin().await, "invite-developer", "").await);
    let visitor = Visitor::new(house());
    told(&use_code(&visitor, "ABCD-EFGH-IJKL-MNOP-QRST-UVWX", "grace", SECOND).await, 403, "This code is not good");
    told(&use_code(&visitor, &code, "zebedee", SECOND).await, 422, "username is taken");
    told(&use_code(&visitor, &code, "grace", "Password-password1").await, 422, "common passwords");
    told(&use_code(&visitor, &code, "grace", "aaaaaaaaaaaaaaaaaaa").await, 422, "repeats itself");
    let typed = code.to_lowercase().replace('-', " ");
    let joined = use_code(&visitor, &typed, "grace", SECOND).await;
    assert_eq!((joined.status, joined.header("location")), (303, Some("/account")), "{}", joined.text());
    assert!(is_signed_in(&visitor).await);
    told(&use_code(&Visitor::new(house()), &code, "eve", SECOND).await, 403, "This code is not good");
    assert_eq!(visitor.get("/account/people").await.status, 404, "a member is no administrator");
    let me = Tokens::read(&house().try_login("grace", SECOND).await).claims();
    assert_eq!(me["tenant"], "quuxley");
    let line = logged(me["sub"].as_str().expect("a user"), "joined").await;
    assert!(line["by"].is_string(), "{line}");
}

#[tokio::test]
async fn one_invitation_used_twenty_times_at_once_makes_one_user() {
    let code = code_of(&people(admin().await, "invite-developer", "").await);
    let visitor = Visitor::new(house());
    let ticket = hidden(&visitor.get("/join").await, "ticket");
    let (visitor, ticket, code) = (&visitor, &ticket, &code);
    let tries = (0..20).map(|number| async move {
        let name = format!("racer-{number}");
        let fields =
            [("ticket", ticket.as_str()), ("code", code), ("username", &name), ("password", THIRD), ("again", THIRD)];
        visitor.post("/join", &fields).await.status
    });
    let statuses = futures_of(tries).await;
    assert_eq!(statuses.iter().filter(|status| **status == 303).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|status| matches!(status, 303 | 403 | 422)), "{statuses:?}");
    let page = admin().await.get("/account/people").await;
    assert_eq!(page.text().matches(">racer-").count(), 3, "one user: its line, and the words of its two buttons");
}

/// Runs futures side by side.
async fn futures_of<T>(all: impl Iterator<Item = impl Future<Output = T>>) -> Vec<T> {
    let mut waiting: Vec<_> = all.map(Box::pin).collect();
    let mut done: Vec<Option<T>> = waiting.iter().map(|_| None).collect();
    std::future::poll_fn(|context| {
        for (future, slot) in waiting.iter_mut().zip(&mut done) {
            if slot.is_none()
                && let std::task::Poll::Ready(value) = future.as_mut().poll(context)
            {
                *slot = Some(value);
            }
        }
        if done.iter().all(Option::is_some) { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    done.into_iter().flatten().collect()
}

#[tokio::test]
async fn a_reset_sets_a_new_password_and_ends_everything() {
    let (browser, id) = member("resetta").await;
    let tokens = Tokens::read(&house().try_login("resetta", FIRST).await);
    let older = code_of(&people(admin().await, "reset", &id).await);
    let code = code_of(&people(admin().await, "reset", &id).await);
    let visitor = Visitor::new(house());
    told(&use_code(&visitor, &older, "resetta", SECOND).await, 403, "This code is not good");
    told(&use_code(&visitor, &code, "somebody", SECOND).await, 422, "for another username");
    let done = use_code(&visitor, &code, "resetta", SECOND).await;
    assert_eq!((done.status, done.header("location")), (303, Some("/account")), "{}", done.text());
    assert!(!is_signed_in(&browser).await && !is_signed_in(&visitor).await, "a code is no sign-in of an old account");
    assert!(ends(&tokens.access).await);
    house().try_refresh(&tokens.refresh).await.problem(401);
    house().try_login("resetta", FIRST).await.problem(401);
    Tokens::read(&house().try_login("resetta", SECOND).await);
    told(&use_code(&visitor, &code, "resetta", THIRD).await, 403, "This code is not good");
    assert!(logged(&id, "password_reset").await["by"].is_string());
}

#[tokio::test]
async fn a_changed_password_ends_everything_but_the_browser_that_changed_it() {
    let (browser, id) = member("changa").await;
    let other = Visitor::new(house());
    let page = other.get("/account").await;
    let ticket = hidden(&page, "ticket");
    other.post("/oauth/login", &[("ticket", &ticket), ("username", "changa"), ("password", FIRST)]).await;
    assert!(is_signed_in(&other).await);
    let tokens = Tokens::read(&house().try_login("changa", FIRST).await);
    let change = |current: &'static str, new: &'static str| {
        let browser = &browser;
        async move {
            let csrf = hidden(&browser.get("/account/password").await, "csrf");
            let fields = [("csrf", csrf.as_str()), ("current", current), ("password", new), ("again", new)];
            browser.post("/account/password", &fields).await
        }
    };
    told(&change(SECOND, THIRD).await, 403, "The password you have is another");
    told(&change(FIRST, "qwertyuiop asdfghjkl").await, 422, "rows of keys");
    let code = code_of(&people(admin().await, "reset", &id).await);
    assert!(house().is_let_in(&tokens.access).await && is_signed_in(&other).await, "nothing ended yet");
    let done = change(FIRST, SECOND).await;
    assert_eq!((done.status, done.header("location")), (303, Some("/account")), "{}", done.text());
    assert!(is_signed_in(&browser).await && !is_signed_in(&other).await);
    assert!(ends(&tokens.access).await);
    house().try_login("changa", FIRST).await.problem(401);
    Tokens::read(&house().try_login("changa", SECOND).await);
    told(&use_code(&other, &code, "changa", THIRD).await, 403, "This code is not good");
    assert_eq!(logged(&id, "password_changed").await["by"], id);
}

#[tokio::test]
async fn a_disabled_user_is_out_at_once_and_comes_back_when_it_is_enabled() {
    let (browser, id) = member("disabla").await;
    let tokens = Tokens::read(&house().try_login("disabla", FIRST).await);
    assert_eq!(people(admin().await, "disable", &id).await.status, 303);
    assert!(!is_signed_in(&browser).await && ends(&tokens.access).await);
    house().try_refresh(&tokens.refresh).await.problem(401);
    house().try_login("disabla", FIRST).await.problem(401);
    assert!(admin().await.get("/account/people").await.text().contains("Developer · disabled"));
    assert_eq!(people(admin().await, "enable", &id).await.status, 303);
    house().try_refresh(&tokens.refresh).await.problem(401);
    Tokens::read(&house().try_login("disabla", FIRST).await);
    let own =
        Tokens::read(&house().try_login("zebedee", FIRST).await).claims()["sub"].as_str().expect("a user").to_owned();
    people(admin().await, "disable", &own).await;
    assert!(is_signed_in(admin().await).await, "nobody shuts itself out");
    assert_eq!(logged(&id, "disabled").await["by"], json!(own));
}

#[tokio::test]
async fn a_member_and_a_stranger_reach_nobody() {
    let (browser, id) = member("nosy").await;
    let csrf = hidden(&browser.get("/account").await, "csrf");
    for what in ["invite-admin", "reset", "disable", "enable"] {
        let answer = browser.post("/account/people", &[("csrf", &csrf), ("do", what), ("user", &id)]).await;
        assert_eq!(answer.status, 404, "{what}: {}", answer.text());
    }
    let stranger = Visitor::new(house());
    stranger.get("/account").await;
    let answer = stranger.post("/account/people", &[("csrf", &csrf), ("do", "disable"), ("user", &id)]).await;
    assert_eq!(answer.status, 400, "{}", answer.text());
    for path in ["/account/people", "/account/password", "/account/second-factor"] {
        let answer = stranger.get(path).await;
        assert!(answer.text().contains("<h1>Sign in</h1>"), "{path}: {}", answer.text());
    }
    // A page of another place cannot make a browser do it.
    let request = house().request(Method::POST, "/account/people").header("origin", "https://evil.example");
    let form = request.header("content-type", "application/x-www-form-urlencoded").body("do=invite-admin");
    assert_eq!(browser.send(form).await.status, 403);
}

/// The code of a step of time (RFC 6238).
fn code_at(secret: &[u8], step: u64) -> String {
    let mut mac = Hmac::<Sha1>::new_from_slice(secret).expect("a key");
    mac.update(&step.to_be_bytes());
    let digest = mac.finalize().into_bytes();
    let offset = usize::from(digest[19] & 0xf);
    let number = u32::from_be_bytes(digest[offset..offset + 4].try_into().expect("four bytes")) & 0x7fff_ffff;
    let code = format!("{:06}", number % 1_000_000);
    note_secret(&code);
    code
}

/// The current step of time, with most of it still to come.
async fn early_in_a_step() -> u64 {
    loop {
        let seconds = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time").as_secs();
        if seconds % 30 < 8 {
            return seconds / 30;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

#[tokio::test]
async fn a_second_factor_is_asked_for_wherever_a_password_is() {
    let (browser, id) = member("factora").await;
    let page = browser.get("/account/second-factor").await;
    let html = page.text();
    let secret = html.split_once("secret=").and_then(|(_, rest)| rest.split('&').next()).expect("a secret").to_owned();
    note_secret(&secret);
    let secret = Base32UpperUnpadded::decode_vec(&secret).expect("base32");
    let ticket = hidden(&page, "ticket");
    let confirm = |code: String| {
        let (browser, ticket) = (&browser, &ticket);
        async move { browser.post("/account/second-factor", &[("ticket", ticket), ("code", &code)]).await }
    };
    let step = early_in_a_step().await;
    told(&confirm(code_at(&secret, step + 100)).await, 403, "code is wrong");
    Tokens::read(&house().try_login("factora", FIRST).await);
    let on = confirm(code_at(&secret, step - 1)).await;
    assert_eq!((on.status, on.header("location")), (303, Some("/account")), "{}", on.text());

    let login = |password: &'static str, code: Option<String>| async move {
        house().post("/auth/login", &json!({"username": "factora", "password": password, "code": code})).await
    };
    let wrong = login(SECOND, None).await.problem(401);
    for code in [None, Some(String::new()), Some("000000".into()), Some(code_at(&secret, step - 1))] {
        let refused = login(FIRST, code).await.problem(401);
        assert_eq!((&refused["detail"], &refused["type"]), (&wrong["detail"], &wrong["type"]));
    }
    Tokens::read(&login(FIRST, Some(code_at(&secret, step))).await);
    login(FIRST, Some(code_at(&secret, step))).await.problem(401);
    login(SECOND, Some(code_at(&secret, step + 1))).await.problem(401);

    let visitor = Visitor::new(house());
    let ticket = hidden(&visitor.get("/account").await, "ticket");
    let asked =
        visitor.post("/oauth/login", &[("ticket", &ticket), ("username", "factora"), ("password", FIRST)]).await;
    told(&asked, 200, "<h1>Enter your code</h1>");
    assert!(!is_signed_in(&visitor).await, "a password is not enough");
    let ticket = hidden(&asked, "ticket");
    let again = visitor.post("/oauth/code", &[("ticket", &ticket), ("code", &code_at(&secret, step))]).await;
    told(&again, 403, "The code is wrong, or was used already");
    let stranger = Visitor::new(house());
    let stolen = stranger.post("/oauth/code", &[("ticket", &ticket), ("code", &code_at(&secret, step + 1))]).await;
    assert_eq!(stolen.status, 400, "another browser's ticket: {}", stolen.text());
    let done = visitor.post("/oauth/code", &[("ticket", &ticket), ("code", &code_at(&secret, step + 1))]).await;
    assert_eq!((done.status, done.header("location")), (303, Some("/account")), "{}", done.text());
    assert!(is_signed_in(&visitor).await);
    told(&visitor.get("/account/second-factor").await, 200, "Turn off");
    assert_eq!(logged(&id, "second_factor_on").await["by"], json!(id));

    let code = code_of(&people(admin().await, "reset", &id).await);
    assert_eq!(use_code(&visitor, &code, "factora", SECOND).await.status, 303);
    Tokens::read(&house().try_login("factora", SECOND).await);
}
