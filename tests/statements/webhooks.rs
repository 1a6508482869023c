//! Statements of `store::webhooks`: where tenants are told, and what becomes of messages.

use super::{NOW, count, read, rows, run, two_tenants};
use mcp_secure_gateway::admin::webhook::{MessageView, WebhookView};
use mcp_secure_gateway::id::TenantId;
use mcp_secure_gateway::store::webhooks::{self, DueRow, MessageRow, OlderSecretRow, WebhookRow, secret_place};
use rusqlite::{Connection, params};

const NONE: Option<&str> = None;

fn make(database: &Connection, tenant: &str, id: &str) -> Result<usize, String> {
    run(database, webhooks::MAKE, params![tenant, id, "https://hooks.example.com/", "v2.k.sealed", "u-1", NOW])
}

fn due(database: &Connection, now: i64, tenant: Option<&str>) -> Vec<DueRow> {
    read(database, webhooks::DUE, params![now, 10, tenant])
}

fn messages(database: &Connection, tenant: &str, webhook: &str) -> Vec<MessageView> {
    let rows: Vec<MessageRow> = read(database, webhooks::MESSAGES, params![tenant, webhook]);
    rows.into_iter().map(MessageView::from).collect()
}

fn messages_to(database: &Connection, webhook: &str) -> i64 {
    let statement = "SELECT COUNT(*) FROM messages WHERE webhook_id = ?1";
    database.query_row(statement, [webhook], |row| row.get(0)).unwrap()
}

#[test]
fn a_tenant_has_its_own_webhooks_fifty_at_most() {
    let database = two_tenants();
    for at in 0..52 {
        assert_eq!(make(&database, "acme", &format!("w-{at:02}")), Ok(usize::from(at < 50)));
    }
    let found = |tenant: &str| {
        let rows: Vec<WebhookRow> = read(&database, webhooks::WEBHOOKS, params![tenant, "w-47", 10]);
        rows.into_iter().map(|row| WebhookView::from(row).id).collect::<Vec<_>>()
    };
    assert_eq!((found("acme"), found("zeta")), (vec!["w-48".into(), "w-49".into()], vec![]));
    assert_eq!(rows(&database, webhooks::WEBHOOK, params!["zeta", "w-00"]).len(), 0);
    assert_eq!(rows(&database, webhooks::WEBHOOK, params!["acme", "w-00"]).len(), 1);
    assert_eq!(run(&database, webhooks::DELETE, params!["zeta", "w-00"]), Ok(0));
    assert_eq!(run(&database, webhooks::DELETE, params!["acme", "w-00"]), Ok(1));
}

#[test]
fn a_message_is_laid_down_once_for_each_webhook_of_its_tenant() {
    let database = two_tenants();
    for (tenant, id) in [("acme", "w-1"), ("acme", "w-2"), ("zeta", "w-3")] {
        make(&database, tenant, id).unwrap();
    }
    let lay = |name: &str| run(&database, webhooks::LAY_DOWN, params!["acme", name, "{}", NOW]);
    assert_eq!((lay("one"), lay("one")), (Ok(2), Ok(0)));
    let lay_for = |tenant: &str| run(&database, webhooks::LAY_DOWN_FOR, params![tenant, "two", "{}", NOW, "w-1"]);
    assert_eq!((lay_for("zeta"), lay_for("acme")), (Ok(0), Ok(1)));
    assert_eq!((due(&database, NOW, NONE).len(), due(&database, NOW, Some("zeta")).len()), (3, 0));
    assert_eq!((messages(&database, "acme", "w-1").len(), messages(&database, "zeta", "w-1").len()), (2, 0));
    for at in 0..1_000 {
        lay(&format!("more-{at}")).unwrap();
    }
    assert_eq!(
        (messages_to(&database, "w-1"), messages_to(&database, "w-2")),
        (1_000, 1_000),
        "a thousand wait at most"
    );
    database.execute("DELETE FROM messages WHERE id LIKE '%more%'", []).unwrap();
    assert_eq!(run(&database, webhooks::DELETE, params!["acme", "w-1"]), Ok(1));
    assert_eq!(count(&database, "messages"), 1, "a webhook goes with its messages");
}

#[test]
fn a_message_is_taken_by_one_and_tried_again_until_it_is_sent_or_given_up() {
    let database = two_tenants();
    make(&database, "acme", "w-1").unwrap();
    run(&database, webhooks::LAY_DOWN, params!["acme", "one", "{}", NOW]).unwrap();
    let row = due(&database, NOW, Some("acme")).pop().unwrap();
    let take = || run(&database, webhooks::TAKE, params![row.id, i64::try_from(row.due_at).unwrap(), NOW + 60_000]);
    assert_eq!((take(), take()), (Ok(1), Ok(0)));
    assert!(due(&database, NOW, NONE).is_empty() && due(&database, NOW + 60_000, NONE).len() == 1, "a lost attempt");
    run(&database, webhooks::FAILED, params![row.id, "answered with HTTP status 500", NOW + 30_000]).unwrap();
    let message = messages(&database, "acme", "w-1").pop().unwrap();
    assert_eq!((message.attempts, message.failure.is_some(), message.sent_at), (1, true, None));
    run(&database, webhooks::SENT, params![row.id, NOW + 31_000]).unwrap();
    assert_eq!(run(&database, webhooks::FAILED, params![row.id, "late", NOW]), Ok(0), "it was sent");
    let message = messages(&database, "acme", "w-1").pop().unwrap();
    assert!(message.sent_at.is_some() && message.due_at.is_none() && message.failure.is_none());
    assert_eq!(run(&database, webhooks::DELETE_OLD, params![NOW]), Ok(0));
    assert_eq!(run(&database, webhooks::DELETE_OLD, params![NOW + 1]), Ok(1));
}

#[test]
fn a_secret_that_an_older_key_sealed_is_found_and_replaced() {
    let database = two_tenants();
    make(&database, "acme", "w-1").unwrap();
    let older = |prefix: &str| read::<OlderSecretRow>(&database, webhooks::OLDER_SECRETS, params!["acme", prefix, 10]);
    assert!(older("v2.k.").is_empty());
    let row = older("v2.n.").pop().unwrap();
    let reseal = |read: &str| run(&database, webhooks::RESEAL, params!["acme", row.id, read, "v2.n.sealed"]);
    assert_eq!((reseal("other"), reseal(&row.sealed)), (Ok(0), Ok(1)));
    assert!(older("v2.n.").is_empty());
    let tenant = |id: &str| TenantId::parse(id).unwrap();
    assert_ne!(secret_place(&tenant("acme"), "w"), secret_place(&tenant("zeta"), "w"));
}
