//! Statements of `store::pins`: what upstreams offer, as it was approved.

use super::of_servers::two_tenants_with_servers;
use super::{NOW, count, read, rows, run};
use mcp_secure_gateway::drift::definition::{Definition, Kind};
use mcp_secure_gateway::drift::neighbours::Neighbours;
use mcp_secure_gateway::drift::offer::Offer;
use mcp_secure_gateway::drift::pin::{Pin, Pins, Standing};
use mcp_secure_gateway::drift::reaction::{Author, FirstSight, Reaction};
use mcp_secure_gateway::drift::settle::{Facts, Step, settle};
use mcp_secure_gateway::drift::version::{Fingerprint, Version};
use mcp_secure_gateway::id::UpstreamId;
use mcp_secure_gateway::store::pins::{
    self, ChangesRow, NeighbourRow, PinRow, ReactionRow, SeenRow, StepRow, StoredVersion, VersionRow,
};
use mcp_secure_gateway::store::{accounts, upstreams};
use rusqlite::{Connection, params};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

const UPSTREAM: &str = "acme-files";
const NONE: Option<&str> = None;

fn team() -> Connection {
    let database = two_tenants_with_servers();
    database.execute("UPDATE users SET role = 'owner' WHERE id = 'u-1'", []).unwrap();
    run(&database, accounts::INSERT_USER, params!["u-4", "acme", "dev", "hash", 0, NOW]).unwrap();
    database.execute("UPDATE users SET role = 'developer' WHERE id = 'u-4'", []).unwrap();
    database
}

fn tool(name: &str, required: &[&str]) -> Version {
    let schema = json!({"type": "object", "properties": {"a": {}}, "required": required});
    let members: Map<String, Value> = [("inputSchema".to_owned(), schema)].into_iter().collect();
    Version::of(Definition::new(Kind::Tool, name, members))
}

fn stored(database: &Connection, tenant: &str) -> Pins {
    let rows: Vec<PinRow> = read(database, pins::PINS, params![tenant, UPSTREAM]);
    Pins::new(rows.into_iter().map(Pin::from))
}

fn versions(database: &Connection, known: &Pins) -> BTreeMap<Fingerprint, Version> {
    let ids: Vec<&str> = known.iter().map(|pin| pin.id.as_str()).collect();
    let values = params!["acme", serde_json::to_string(&ids).unwrap()];
    let rows: Vec<StoredVersion> = read(database, pins::VERSIONS, values);
    rows.iter().filter_map(StoredVersion::read).collect()
}

/// What one isolate decides from what is stored.
fn decided(database: &Connection, offer: &Offer, reaction: Reaction) -> Vec<Step> {
    let (upstream, known) = (UpstreamId::parse(UPSTREAM).unwrap(), stored(database, "acme"));
    let (versions, neighbours) = (versions(database, &known), Neighbours::default());
    let facts = Facts {
        upstream: &upstream,
        pins: &known,
        versions: &versions,
        neighbours: &neighbours,
        reaction,
        author: Author::Upstream,
    };
    settle(&facts, &known.unsettled(offer, true))
}

/// Stores it. How many pins were changed.
fn commit(database: &Connection, tenant: &str, steps: &[Step], now: i64) -> usize {
    let settled = serde_json::to_string(&steps.iter().map(StepRow::from).collect::<Vec<_>>()).unwrap();
    let kept = serde_json::to_string(&steps.iter().filter_map(VersionRow::of).collect::<Vec<_>>()).unwrap();
    let changed = run(database, pins::SETTLE, params![tenant, UPSTREAM, settled, now, NONE]).unwrap();
    run(database, pins::KEEP, params![tenant, UPSTREAM, kept, now]).unwrap();
    run(database, pins::NOTE, params![tenant, UPSTREAM, settled, now]).unwrap();
    changed
}

fn decide(database: &Connection, statement: &str, by: &str, pin: &Pin, version: &Version, now: i64) -> usize {
    let seen = [SeenRow { id: pin.id.as_str(), fingerprint: version.fingerprint().as_str() }];
    let seen = serde_json::to_string(&seen).unwrap();
    let done = run(database, statement, params!["acme", seen, now, by]).unwrap();
    let what = if statement == pins::APPROVE { "approved" } else { "refused" };
    run(database, pins::NOTE_DECISION, params!["acme", seen, now, by, what]).unwrap();
    run(database, pins::COUNT_CHANGES, params!["acme", seen]).unwrap();
    done
}

fn history(database: &Connection, pin: &Pin) -> Vec<(String, Option<String>)> {
    let rows = rows(database, pins::HISTORY, params!["acme", pin.id.as_str()]);
    let text = |value: &Value| value.as_str().map(str::to_owned);
    rows.iter().map(|row| (text(&row["happening"]).unwrap(), text(&row["made_by"]))).collect()
}

#[test]
fn two_isolates_that_settle_one_offer_make_one_pin_with_one_history() {
    let database = team();
    let (old, new) = (Offer::new([tool("add", &[])]), Offer::new([tool("add", &["a"])]));
    let both = [&old, &old].map(|offer| decided(&database, offer, Reaction::default()));
    assert_eq!(both.map(|steps| commit(&database, "acme", &steps, NOW)), [1, 0]);
    let both = [&new, &new].map(|offer| decided(&database, offer, Reaction::default()));
    assert_eq!(both.map(|steps| commit(&database, "acme", &steps, NOW + 1)), [1, 0]);
    let known = stored(&database, "acme");
    let pin = known.get(Kind::Tool, "add").unwrap();
    assert_eq!((pin.standing, pin.version), (Standing::Quarantined, 2));
    assert_eq!(history(&database, pin), [("quarantined".into(), None), ("accepted".into(), None)]);
    assert_eq!(count(&database, "pin_versions"), 2);
    // What was decided from an older state changes nothing.
    assert_eq!(commit(&database, "acme", &decided(&team(), &old, Reaction::default()), NOW), 0);
}

#[test]
fn pins_belong_to_the_tenant_of_their_upstream_and_go_with_it() {
    let database = team();
    let steps = decided(&database, &Offer::new([tool("add", &[])]), Reaction::default());
    assert_eq!(commit(&database, "zeta", &steps, NOW), 0, "the upstream is another tenant's");
    assert_eq!(commit(&database, "acme", &steps, NOW), 1);
    assert!(stored(&database, "zeta").is_empty());
    let pin = stored(&database, "acme").get(Kind::Tool, "add").unwrap().clone();
    for (tenant, found) in [("acme", 1), ("zeta", 0)] {
        assert_eq!(rows(&database, pins::PIN, params![tenant, pin.id.as_str()]).len(), found);
        assert_eq!(rows(&database, pins::HISTORY, params![tenant, pin.id.as_str()]).len(), found);
        assert_eq!(rows(&database, pins::VERSIONS_OF, params![tenant, pin.id.as_str()]).len(), found);
        let page = params![tenant, "", 10, NONE, NONE, NONE, 0];
        assert_eq!(rows(&database, pins::PINS_PAGE, page).len(), found);
    }
    assert_eq!(run(&database, upstreams::DELETE_UPSTREAM, params!["acme", UPSTREAM]), Ok(1));
    for table in ["pins", "pin_versions", "pin_history"] {
        assert_eq!(count(&database, table), 0, "{table}");
    }
}

#[test]
fn a_person_who_looks_after_the_tenant_approves_what_was_seen_and_nothing_else() {
    let database = team();
    let (old, new) = (tool("add", &[]), tool("add", &["a"]));
    for offer in [&old, &new] {
        commit(&database, "acme", &decided(&database, &Offer::new([offer.clone()]), Reaction::default()), NOW);
    }
    let pin = || stored(&database, "acme").get(Kind::Tool, "add").unwrap().clone();
    assert_eq!(decide(&database, pins::APPROVE, "u-4", &pin(), &new, NOW + 5), 0, "a developer");
    assert_eq!(decide(&database, pins::APPROVE, "u-1", &pin(), &tool("add", &["b"]), NOW + 5), 0, "never seen");
    let before = rows(&database, "SELECT pins FROM upstreams WHERE id = ?1", params![UPSTREAM]);
    assert_eq!(decide(&database, pins::APPROVE, "u-1", &pin(), &new, NOW + 6), 1);
    assert_ne!(before, rows(&database, "SELECT pins FROM upstreams WHERE id = ?1", params![UPSTREAM]));
    assert_eq!((pin().standing, pin().approved.as_ref()), (Standing::Approved, Some(new.fingerprint())));
    assert_eq!(decide(&database, pins::APPROVE, "u-1", &pin(), &new, NOW + 7), 0, "it is approved already");
    assert_eq!(history(&database, &pin())[0], ("approved".into(), Some("u-1".into())));
    // Back to the version before: what the upstream offers now waits again.
    assert_eq!(decide(&database, pins::APPROVE, "u-1", &pin(), &old, NOW + 8), 1);
    let steps = decided(&database, &Offer::new([new.clone()]), Reaction::default());
    assert_eq!(commit(&database, "acme", &steps, NOW + 9), 1);
    assert_eq!(pin().standing, Standing::Quarantined);
    assert_eq!(decide(&database, pins::REFUSE, "u-1", &pin(), &old, NOW + 10), 0, "that is not what waits");
    assert_eq!(decide(&database, pins::REFUSE, "u-1", &pin(), &new, NOW + 10), 1);
    assert_eq!((pin().standing, pin().proposed.as_ref()), (Standing::Refused, Some(new.fingerprint())));
    assert!(decided(&database, &Offer::new([new]), Reaction::default()).is_empty(), "it was refused, and is no news");
    let told: Vec<_> = history(&database, &pin()).into_iter().map(|(happening, _)| happening).collect();
    assert_eq!(told, ["refused", "quarantined", "approved", "approved", "quarantined", "accepted"]);
}

#[test]
fn what_waits_is_found_by_its_upstream_its_standing_and_its_kind() {
    let database = team();
    let review = Reaction { first_sight: FirstSight::Review, ..Reaction::default() };
    commit(&database, "acme", &decided(&database, &Offer::new([tool("held", &[])]), review), NOW);
    let both = Offer::new([tool("held", &[]), tool("good", &[])]);
    commit(&database, "acme", &decided(&database, &both, Reaction::default()), NOW);
    let found = |upstream: Option<&str>, standing: Option<&str>, kind: Option<&str>, waiting: u8| {
        let values = params!["acme", "", 10, upstream, standing, kind, waiting];
        let names = rows(&database, pins::PINS_PAGE, values);
        let mut names: Vec<_> = names.iter().map(|row| row["name"].as_str().unwrap().to_owned()).collect();
        names.sort();
        names
    };
    assert_eq!(found(NONE, NONE, NONE, 0), ["good", "held"]);
    assert_eq!(
        (found(NONE, NONE, NONE, 1), found(NONE, Some("approved"), NONE, 0)),
        (vec!["held".into()], vec!["good".into()])
    );
    assert_eq!(found(Some("files"), NONE, Some("tool"), 0), ["good", "held"]);
    assert!(found(Some("calendar"), NONE, NONE, 0).is_empty() && found(NONE, NONE, Some("prompt"), 0).is_empty());
    let neighbours = |upstream: &str| {
        let rows: Vec<NeighbourRow> = read(&database, pins::NEIGHBOURS, params!["acme", upstream]);
        rows.into_iter().map(|row| row.name).collect::<Vec<_>>()
    };
    assert_eq!((neighbours("acme-calendar"), neighbours(UPSTREAM)), (vec!["good".into()], vec![]));
}

#[test]
fn upstreams_are_asked_in_turn_and_none_of_a_tenant_that_is_suspended() {
    let database = team();
    let due = |before: i64| {
        let rows = rows(&database, pins::TO_SCAN, params![before, 10]);
        rows.iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(due(NOW), ["acme-calendar", "acme-files", "zeta-calendar", "zeta-files"]);
    run(&database, pins::SCANNED, params!["acme", "acme-calendar", NOW - 1]).unwrap();
    run(&database, pins::SCANNED, params!["zeta", "acme-files", NOW]).unwrap();
    assert_eq!(due(NOW), ["acme-files", "zeta-calendar", "zeta-files", "acme-calendar"]);
    database.execute("UPDATE tenants SET disabled_at = 1 WHERE id = 'zeta'", []).unwrap();
    assert_eq!(due(NOW - 1), ["acme-files"]);
}

#[test]
fn what_is_agreed_on_is_replaced_in_the_version_that_was_read_and_counts_as_a_change() {
    let database = team();
    let agreed = |tenant: &str| read::<ReactionRow>(&database, pins::REACTION, params![tenant, UPSTREAM]).pop();
    let row = agreed("acme").unwrap();
    assert_eq!((row.reaction, row.version), (None, 1));
    assert!(agreed("zeta").is_none());
    let set = |tenant: &str, version: u32| {
        run(&database, pins::SET_REACTION, params![tenant, UPSTREAM, "{}", version, NOW + 1])
    };
    assert_eq!((set("zeta", 1), set("acme", 2), set("acme", 1), set("acme", 1)), (Ok(0), Ok(0), Ok(1), Ok(0)));
    let row = agreed("acme").unwrap();
    assert_eq!((row.reaction.as_deref(), row.version), (Some("{}"), 2));
    let changes = || read::<ChangesRow>(&database, pins::CHANGES, params!["acme", UPSTREAM]).pop().map(|row| row.pins);
    assert_eq!(changes(), Some(1));
    assert_eq!(run(&database, pins::COUNT_CHANGE, params!["zeta", UPSTREAM]), Ok(0));
    assert_eq!(run(&database, pins::COUNT_CHANGE, params!["acme", UPSTREAM]), Ok(1));
    assert_eq!(changes(), Some(2));
}

#[test]
fn of_a_thing_that_changes_all_the_time_the_newest_versions_stay_and_those_that_count() {
    let database = team();
    commit(&database, "acme", &decided(&database, &Offer::new([tool("add", &[])]), Reaction::default()), NOW);
    let id = stored(&database, "acme").get(Kind::Tool, "add").unwrap().id.to_string();
    for at in 1..=150 {
        let values = params![id, format!("{at:064}"), "{}", NOW + at];
        run(&database, "INSERT INTO pin_versions VALUES (?1, ?2, ?3, ?4)", values).unwrap();
        let values = params![id, at + 1, "accepted", "identical", NOW + at];
        run(
            &database,
            "INSERT INTO pin_history (pin_id, version, happening, verdict, at) VALUES (?1, ?2, ?3, ?4, ?5)",
            values,
        )
        .unwrap();
    }
    for tenant in ["zeta", "acme"] {
        let deleted = run(&database, pins::FORGET_VERSIONS, params![tenant, UPSTREAM]).unwrap();
        assert_eq!(deleted, if tenant == "acme" { 50 } else { 0 });
    }
    // The approved one is the oldest of all, and stays.
    assert_eq!(count(&database, "pin_versions"), 101);
    database.execute("UPDATE pins SET version = 1050", []).unwrap();
    assert_eq!(run(&database, pins::FORGET_HISTORY, params!["acme", UPSTREAM]), Ok(50));
    assert_eq!(count(&database, "pin_history"), 101);
}

#[test]
fn a_description_that_was_replaced_settles_nothing_and_one_written_by_hand_is_fetched_no_more() {
    let database = team();
    database.execute("UPDATE upstreams SET kind = 'http', api = '{}' WHERE id = ?1", [UPSTREAM]).unwrap();
    let due = || rows(&database, pins::TO_SCAN, params![NOW, 20]).iter().any(|row| row["id"] == UPSTREAM);
    assert!(!due(), "nobody says where its document is");
    assert_eq!(run(&database, upstreams::SET_SOURCE, params!["zeta", UPSTREAM, "{}"]), Ok(0), "another tenant's");
    assert_eq!(run(&database, upstreams::SET_SOURCE, params!["acme", UPSTREAM, "{}"]), Ok(1));
    assert!(due());
    let steps = decided(&database, &Offer::new([tool("add", &[])]), Reaction::default());
    let settled = serde_json::to_string(&steps.iter().map(StepRow::from).collect::<Vec<_>>()).unwrap();
    let settle = |version: u32| run(&database, pins::SETTLE, params!["acme", UPSTREAM, settled, NOW, version]);
    let renew =
        |version: u32| run(&database, upstreams::RENEW_API, params!["acme", UPSTREAM, version, r#"{"tools":[]}"#, NOW]);
    assert_eq!((renew(1), renew(1)), (Ok(1), Ok(0)), "somebody else was first");
    assert_eq!((settle(1), settle(2)), (Ok(0), Ok(1)));
    let source = |version: u32| rows(&database, upstreams::SOURCE, params!["acme", UPSTREAM, version]);
    assert_eq!((source(1).len(), &source(2)[0]["api"]), (0, &json!(r#"{"tools":[]}"#)));
    assert_eq!(run(&database, upstreams::FORGET_SOURCE, params!["acme", UPSTREAM, 1]), Ok(0));
    assert_eq!(run(&database, upstreams::FORGET_SOURCE, params!["acme", UPSTREAM, 2]), Ok(1));
    assert!(source(2).is_empty() && renew(2) == Ok(0) && !due());
}
