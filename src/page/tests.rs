use super::{
    AccountPage, Bounds, ConsentPage, ErrorPage, External, LoginPage, PartLine, ScopeLine, SessionKind, SessionLine,
    SignedOutPage, StatusPage, Verification,
};
use crate::entropy::provenance::Report;
use crate::time::{Lifetime, Timestamp};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

mod accounts;

const HOSTILE: [&str; 6] = [
    "</title></bdi></main><script>alert(1)</script>",
    "\" autofocus onfocus=\"alert(1)",
    "' onfocus='alert(1)",
    "&lt;b&gt; &quot; &#39; <b>",
    "{{ client }} {% raw %} <!-- -->",
    "\u{202E}evil\u{2069}\u{2069} \0 \u{FEFF}\r\n",
];

/// A session every text of which is `text`.
fn line(text: &str, kind: SessionKind) -> SessionLine<'_> {
    let current = kind == SessionKind::Browser;
    SessionLine { id: text, client: text, kind, scope: text, resource: text, opened: text, last_used: text, current }
}

/// Every page, with `text` in every place a text goes.
fn pages(text: &str) -> Vec<String> {
    let scopes = [ScopeLine { name: text, words: text }];
    let sessions = [SessionKind::Browser, SessionKind::App, SessionKind::PasswordLogin].map(|kind| line(text, kind));
    let consent = |client_verified_by| ConsentPage {
        action: text,
        ticket: text,
        client: text,
        client_verified_by,
        redirect_host: text,
        localhost_only: true,
        username: text,
        resource: text,
        scopes: &scopes,
        switch_account_action: text,
    };
    let account = AccountPage {
        username: text,
        tenant: text,
        csrf: text,
        links: &[(text, text)],
        sessions: &sessions,
        logout_action: text,
        revoke_action: text,
        notice: Some(text),
    };
    let external = Some(External { name: text, action: text });
    let login =
        LoginPage { client: Some(text), action: text, ticket: text, username: text, notice: Some(text), external };
    let verifications = [Verification::Operator, Verification::Domain(text), Verification::Nobody];
    let mut pages = vec![login.render(), account.render(), SignedOutPage.render()];
    pages.push(ErrorPage { title: text, detail: text, correlation: text }.render());
    pages.extend(verifications.map(|verification| consent(verification).render()));
    pages.push(status(text));
    pages.extend(accounts::pages(text));
    pages
}

fn status(text: &str) -> String {
    let second = Lifetime::from_seconds(1);
    let mut randomness = Report::unasked(&[]);
    text.clone_into(&mut randomness.provenance.statement);
    StatusPage {
        as_of: Timestamp::from_seconds(0),
        version: text,
        parts: &[PartLine { name: text, works: true, took: second }],
        randomness: &randomness,
        measured: None,
        bounds: Bounds { revocation: second, decision: second, access_token: second, call: second, scan: second },
    }
    .render()
}

/// The tags of a page with the names of their attributes, as a browser would read them.
fn skeleton(html: &str) -> Vec<String> {
    let mut tags = Vec::new();
    let mut rest = html;
    while let Some((_, after)) = rest.split_once('<') {
        let (mut tag, mut quoted, mut end) = (String::new(), false, after.len());
        for (at, letter) in after.char_indices() {
            match letter {
                '"' => quoted = !quoted,
                '>' if !quoted => {
                    end = at;
                    break;
                }
                _ if !quoted => tag.push(letter),
                _ => {}
            }
        }
        tags.push(tag);
        rest = &after[end..];
    }
    tags
}

/// What each form of a page sends where, without its hidden secrets: `action: name name=value …`.
fn forms(html: &str) -> Vec<String> {
    let attribute = |tag: &str, name: &str| {
        let (_, after) = tag.split_once(&format!(" {name}=\""))?;
        after.split('"').next().map(str::to_owned)
    };
    let form = |text: &str| {
        let (own, fields) = text.split_once('>').unwrap();
        assert_eq!(attribute(own, "method").as_deref(), Some("post"), "{own}");
        let mut told = attribute(own, "action").unwrap() + ":";
        let fields = fields.split("</form>").next().unwrap();
        for tag in fields.split('<').filter(|tag| tag.starts_with("input") || tag.starts_with("button")) {
            if let Some(name) = attribute(tag, "name") {
                told.extend([" ", &name]);
            }
            told.extend(attribute(tag, "value").map(|value| format!("={value}")));
        }
        told
    };
    html.split("<form").skip(1).map(form).collect()
}

#[test]
fn the_sign_in_page_sends_its_ticket_a_username_and_a_password() {
    let page = LoginPage {
        client: Some("Claude"),
        action: "/login",
        ticket: "t1",
        username: "ada",
        notice: None,
        external: None,
    };
    let html = page.render();
    assert_eq!(forms(&html), ["/login: ticket=t1 username=ada password"]);
    assert!(html.contains("to continue to <bdi class=\"name\">Claude</bdi>") && !html.contains("role=\"alert\""));
    for wanted in ["autocomplete=\"username\"", "type=\"password\" autocomplete=\"current-password\""] {
        assert!(html.contains(wanted), "{wanted}");
    }
    let alone = LoginPage { client: None, notice: Some("Username or password is wrong"), ..page }.render();
    assert!(!alone.contains("to continue"));
    assert!(alone.contains("role=\"alert\">Username or password is wrong</p>"));
    assert!(!html.contains("Continue with"));
}

#[test]
fn the_sign_in_page_leads_to_another_provider_with_its_ticket_alone() {
    let external = Some(External { name: "Example", action: "/elsewhere" });
    let html =
        LoginPage { client: None, action: "/login", ticket: "t1", username: "", notice: None, external }.render();
    assert_eq!(forms(&html), ["/login: ticket=t1 username= password", "/elsewhere: ticket=t1"]);
    assert!(html.contains("Continue with <bdi>Example</bdi></button>"));
}

fn consent(client_verified_by: Verification<'_>) -> ConsentPage<'_> {
    ConsentPage {
        action: "/consent",
        ticket: "t2",
        client: "Claude",
        client_verified_by,
        redirect_host: "claude.example",
        localhost_only: false,
        username: "ada",
        resource: "https://gateway.example/mcp",
        scopes: &[ScopeLine { name: "tools:call", words: "Call your tools" }],
        switch_account_action: "/switch",
    }
}

#[test]
fn the_consent_page_sends_one_of_two_decisions_or_another_account() {
    let html = consent(Verification::Operator).render();
    assert_eq!(forms(&html), ["/consent: ticket=t2 decision=deny decision=allow", "/switch: ticket=t2"]);
}

#[test]
fn the_consent_page_says_who_where_to_what_and_for_whom() {
    let html = consent(Verification::Operator).render();
    for wanted in [
        "<bdi class=\"name\">Claude</bdi>",
        "<bdi class=\"host\">claude.example</bdi>",
        "<bdi class=\"host\">https://gateway.example/mcp</bdi>",
        "Call your tools <code>tools:call</code>",
        "<bdi class=\"name\">ada</bdi>",
    ] {
        assert!(html.contains(wanted), "{wanted}: {html}");
    }
}

#[test]
fn the_consent_page_says_who_vouches_for_the_client() {
    let told = [
        (Verification::Operator, "Registered by your operator"),
        (Verification::Domain("claude.example"), "Identified by <bdi class=\"host\">claude.example</bdi>"),
        (Verification::Nobody, "Nobody has checked"),
        (Verification::Gateway, "Part of this gateway"),
    ];
    for (verification, words) in told {
        let html = consent(verification).render();
        for (other, others_words) in told {
            assert_eq!(html.contains(others_words), other == verification, "{verification:?}, {words}");
        }
    }
}

#[test]
fn the_consent_page_warns_of_a_client_of_this_computer() {
    let warning = "any program on this computer can pose as it";
    let page = consent(Verification::Nobody);
    assert!(!page.render().contains(warning));
    assert!(ConsentPage { localhost_only: true, redirect_host: "localhost", ..page }.render().contains(warning));
}

fn account<'a>(sessions: &'a [SessionLine<'a>]) -> AccountPage<'a> {
    AccountPage {
        username: "ada",
        tenant: "acme",
        csrf: "c1",
        links: &[("/account/password", "Password")],
        sessions,
        logout_action: "/logout",
        revoke_action: "/revoke",
        notice: None,
    }
}

#[test]
fn every_session_of_the_account_page_has_a_form_that_ends_it() {
    let named = |id, kind| SessionLine { id, ..line("x", kind) };
    let sessions = [
        named("s1", SessionKind::Browser),
        named("s2", SessionKind::App),
        named("s3", SessionKind::PasswordLogin),
        named("s4", SessionKind::App),
    ];
    let html = account(&sessions).render();
    let mut wanted = vec!["/logout: csrf=c1".to_owned()];
    wanted.extend(["s2", "s4", "s1", "s3"].map(|id| format!("/revoke: csrf=c1 session={id}")));
    assert_eq!(forms(&html), wanted);
    let (apps, sign_ins) = html.split_once("Sign-ins").unwrap();
    assert_eq!(apps.matches("/revoke").count(), 2);
    assert_eq!(sign_ins.matches("This browser").count(), 1);
    assert!(!apps.contains("This browser"));
}

#[test]
fn an_account_without_sessions_says_so() {
    let html = account(&[]).render();
    assert!(html.contains("<a href=\"/account/password\">Password</a>"));
    assert_eq!(forms(&html), ["/logout: csrf=c1"]);
    assert!(html.contains("No app has access") && html.contains("No sign-in is open"));
    assert!(!html.contains("role=\"status\""));
    let told = AccountPage { notice: Some("Access ended"), ..account(&[]) }.render();
    assert!(told.contains("role=\"status\">Access ended</p>"));
}

#[test]
fn a_consent_without_scopes_says_what_is_left() {
    let html = ConsentPage { scopes: &[], ..consent(Verification::Operator) }.render();
    assert!(html.contains("Nothing but know who you are") && !html.contains("<ul"));
}

#[test]
fn an_error_says_what_went_wrong_and_its_reference() {
    let html = ErrorPage { title: "Too late", detail: "Start again.", correlation: "abc-1" }.render();
    for wanted in ["<title>Too late · ", "<h1>Too late</h1>", "<p>Start again.</p>", "<code>abc-1</code>"] {
        assert!(html.contains(wanted), "{wanted}");
    }
    assert_eq!(forms(&html).len() + forms(&SignedOutPage.render()).len(), 0);
}

#[test]
fn every_page_is_a_document_that_loads_only_files_of_its_own_origin() {
    for html in pages("x") {
        assert!(html.starts_with("<!doctype html>\n<html lang=\"en\">"), "{html}");
        for wanted in ["<meta charset=\"utf-8\">", "name=\"viewport\"", "<title>", "<h1>", "</html>"] {
            assert_eq!(html.matches(wanted).count(), 1, "{wanted}: {html}");
        }
        for loaded in html.split(" href=\"").skip(1).chain(html.split(" src=\"").skip(1)) {
            // The last one is a link that a person follows, here with the text of every place.
            let own = ["/pages/style.css\"", "/pages/icon.svg\"", "x\""];
            assert!(own.iter().any(|file| loaded.starts_with(file)), "{loaded}");
        }
        for absent in ["<script", " style=", "<style", " on"] {
            assert!(!skeleton(&html).iter().any(|tag| format!("<{tag}").contains(absent)), "{absent}: {html}");
        }
    }
}

#[test]
fn every_field_has_a_label() {
    for html in pages("x") {
        for field in html.split("<input ").skip(1).filter(|field| !field.starts_with("type=\"hidden\"")) {
            let id = field.split("id=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
            assert_eq!(html.matches(&format!("<label for=\"{id}\">")).count(), 1, "{field}");
        }
    }
}

/// Neither a tag nor an attribute comes from what a page shows, and nothing of it ends a direction it did not begin.
fn stays_text(text: &str) {
    let plain = pages("x");
    for (html, plain) in pages(text).iter().zip(&plain) {
        assert_eq!(skeleton(html), skeleton(plain), "{text:?}");
    }
}

#[test]
fn hostile_text_stays_text_on_every_page() {
    for text in HOSTILE {
        stays_text(text);
    }
}

#[test]
fn what_a_client_says_of_itself_cannot_turn_the_words_around_it() {
    let client = "\u{202E}\u{2069}elpmaxe";
    let html = ConsentPage { client, redirect_host: client, ..consent(Verification::Domain(client)) }.render();
    assert!(html.contains("<bdi class=\"name\">\u{FFFD}\u{FFFD}elpmaxe</bdi>"));
    assert_eq!(html.matches("<bdi class=\"host\">\u{FFFD}\u{FFFD}elpmaxe</bdi>").count(), 2);
    assert!(!html.contains(['\u{202E}', '\u{2069}']));
}

#[cfg(not(target_arch = "wasm32"))]
mod properties {
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_text_stays_text_on_every_page(text in "[^\\s].{0,40}", tail in "[<>\"'&/=\\u{202A}-\\u{202E}]{0,12}") {
            super::stays_text(&(text + &tail));
        }
    }
}
