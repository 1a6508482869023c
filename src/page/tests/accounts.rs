//! The pages of people, and of how they sign in.

use super::forms;
use crate::account::role::Role;
use crate::page::{
    ApprovalLine, ApprovalsPage, CodePage, ConnectionLine, ConnectionsPage, JoinPage, MadeCode, OfferedSecret,
    PasswordPage, PeoplePage, PersonLine, SecondFactorPage, SetupPage,
};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// Every page, with `text` in every place a text goes.
pub fn pages(text: &str) -> Vec<String> {
    let line = |role, disabled, own| PersonLine { id: text, username: text, role, second_factor: true, disabled, own };
    let people =
        [line(Role::Admin, false, true), line(Role::Developer, true, false), line(Role::Developer, false, false)];
    let made = Some(MadeCode { code: text, purpose: text, place: text, life: text });
    let notice = Some(text);
    let offered = Some(OfferedSecret { text, link: text });
    let waiting = ApprovalLine { id: text, username: text, tool: text, arguments: text, asked: text, decidable: true };
    let connection = |connected| ConnectionLine { credential: text, upstream: text, connected };
    let connections = [connection(Some(text)), connection(None)];
    let factor = SecondFactorPage { action: text, back: text, ticket: text, offered, notice };
    vec![
        SetupPage { action: text, ticket: text, tenant: text, username: text, notice }.render(),
        JoinPage { action: text, ticket: text, username: text, notice }.render(),
        PeoplePage { tenant: text, action: text, back: text, csrf: text, people: &people, made, notice }.render(),
        PasswordPage { username: text, action: text, back: text, csrf: text, notice }.render(),
        factor.render(),
        SecondFactorPage { offered: None, ..factor }.render(),
        CodePage { client: Some(text), action: text, ticket: text, notice }.render(),
        ConnectionsPage { username: text, action: text, back: text, csrf: text, connections: &connections, notice }
            .render(),
        ApprovalsPage { tenant: text, action: text, back: text, csrf: text, waiting: &[waiting], notice }.render(),
    ]
}

#[test]
fn what_each_form_of_a_newcomer_sends() {
    let setup = SetupPage { action: "/setup", ticket: "t", tenant: "acme", username: "ada", notice: None }.render();
    assert_eq!(forms(&setup), ["/setup: ticket=t token tenant=acme username=ada password again"]);
    let join = JoinPage { action: "/join", ticket: "t", username: "ada", notice: None }.render();
    assert_eq!(forms(&join), ["/join: ticket=t code username=ada password again"]);
    for html in [setup, join] {
        assert_eq!(html.matches("autocomplete=\"new-password\"").count(), 2);
        assert!(!html.contains("role=\"alert\"") && !html.contains("onpaste"));
    }
}

#[test]
fn what_each_form_of_a_person_sends() {
    let page = PasswordPage { username: "ada", action: "/p", back: "/account", csrf: "c", notice: Some("No.") };
    assert_eq!(forms(&page.render()), ["/p: csrf=c current password again"]);
    assert!(page.render().contains("role=\"alert\">No.</p>") && page.render().contains("<a href=\"/account\">"));
    let page = CodePage { client: Some("Claude"), action: "/c", ticket: "t", notice: None };
    assert_eq!(forms(&page.render()), ["/c: ticket=t code"]);
    assert!(page.render().contains("to continue to <bdi class=\"name\">Claude</bdi>"));
    assert!(!CodePage { client: None, ..page }.render().contains("to continue"));
}

#[test]
fn what_each_form_of_a_connection_sends() {
    let line = |credential, connected| ConnectionLine { credential, upstream: "files", connected };
    let connections = [line("c-1", None), line("c-2", Some("2026-11-27 12:00 UTC"))];
    let page = ConnectionsPage {
        username: "ada",
        action: "/account/connections",
        back: "/account",
        csrf: "t",
        connections: &connections,
        notice: None,
    };
    let html = page.render();
    assert!(html.contains("value=\"connect\"") && html.contains("value=\"disconnect\""), "{html}");
    assert_eq!(html.matches("name=\"csrf\" value=\"t\"").count(), 2);
    assert!(ConnectionsPage { connections: &[], ..page }.render().contains("No server here"));
}

#[test]
fn a_second_factor_is_offered_with_its_secret_or_turned_off_without() {
    let offered = Some(OfferedSecret { text: "GEZDGNBVGY3TQOJQ", link: "otpauth://totp/gw:ada?secret=GEZD&issuer=gw" });
    let page = SecondFactorPage { action: "/f", back: "/account", ticket: "t", offered, notice: None };
    let html = page.render();
    assert!(html.contains("<p class=\"code\">GEZD GNBV GY3T QOJQ</p>"), "{html}");
    assert!(html.contains("<a href=\"otpauth://totp/gw:ada?secret=GEZD&#38;issuer=gw\">"), "{html}");
    assert!(html.contains("<svg class=\"picture\" viewBox=\"-4 -4 "), "{html}");
    assert!(html.contains(">Turn on</button>") && !html.contains("Turn off"));
    let html = SecondFactorPage { offered: None, ..page }.render();
    assert!(html.contains(">Turn off</button>") && !html.contains("otpauth"));
    assert_eq!(forms(&html), ["/f: ticket=t code"]);
}

#[test]
fn everybody_has_the_forms_that_change_something_but_not_the_one_who_looks() {
    let line = |id, disabled, own| PersonLine {
        id,
        username: id,
        role: if own { Role::Admin } else { Role::Developer },
        second_factor: false,
        disabled,
        own,
    };
    let people = [line("ada", false, true), line("bob", false, false), line("eve", true, false)];
    let page = PeoplePage {
        tenant: "acme",
        action: "/people",
        back: "/account",
        csrf: "c",
        people: &people,
        made: None,
        notice: None,
    };
    let html = page.render();
    assert_eq!(
        forms(&html),
        [
            "/people: csrf=c do=invite-developer do=invite-admin do=invite-auditor",
            "/people: csrf=c user=bob do=reset do=disable",
            "/people: csrf=c user=eve do=reset do=enable",
        ]
    );
    assert_eq!((html.matches("Administrator<").count(), html.matches(">Developer").count()), (1, 2));
    assert!(html.contains("Developer · disabled") && !html.contains("is not shown again"));
    let made = Some(MadeCode { code: "ABCD-EFGH", purpose: "join acme", place: "https://gw/join", life: "7 days" });
    let html = PeoplePage { made, ..page }.render();
    assert!(html.contains("<p class=\"code\">ABCD-EFGH</p>") && html.contains("A code to join acme"));
    assert!(!format!("{made:?}").contains("ABCD"));
}

#[test]
fn a_call_that_waits_is_decided_by_who_may() {
    let line = |id, decidable| ApprovalLine {
        id,
        username: "bob",
        tool: "files__write",
        arguments: "{}",
        asked: "27 Nov 2026, 06:28 UTC",
        decidable,
    };
    let waiting = [line("a-1", true), line("a-2", false)];
    let page = ApprovalsPage {
        tenant: "acme",
        action: "/approvals",
        back: "/account",
        csrf: "c",
        waiting: &waiting,
        notice: None,
    };
    let html = page.render();
    assert_eq!(forms(&html), ["/approvals: csrf=c approval=a-1 do=approve do=refuse"]);
    assert!(html.contains("files__write") && html.contains("An administrator decides."));
    assert!(ApprovalsPage { waiting: &[], ..page }.render().contains("Nothing waits"));
}
