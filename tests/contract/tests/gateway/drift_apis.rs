//! HTTP APIs whose documents change: each operation is held to what was imported.

use crate::{World, gateway};
use gateway_contract::fake::{Reply, Server};
use gateway_contract::oauth::Visitor;
use gateway_contract::seed::Tools;
use gateway_contract::team::{SEEN, Team, refused, text, within};
use gateway_contract::{Gateway, Plan};
use reqwest::Method;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// An API with a document that changes while it runs. Every call is answered with its path.
struct Shop {
    server: Server,
    document: Arc<Mutex<Value>>,
}

impl Shop {
    fn start() -> Self {
        let document = Arc::new(Mutex::new(document()));
        let told = Arc::clone(&document);
        let server = Server::start(move |request| match request.path.as_str() {
            "/openapi.json" => match &*told.lock().unwrap_or_else(PoisonError::into_inner) {
                Value::Null => Reply::empty(404),
                document => Reply::json(200, document),
            },
            path => Reply::json(200, &json!({"path": path})),
        });
        Self { server, document }
    }

    /// Says this from now on.
    fn says(&self, change: impl FnOnce(&mut Value)) {
        let mut said = document();
        change(&mut said);
        *self.document.lock().unwrap_or_else(PoisonError::into_inner) = said;
    }

    /// The paths of calls that reached it.
    fn called(&self) -> Vec<String> {
        let asked = self.server.asked().into_iter().map(|request| request.path);
        asked.filter(|path| path != "/openapi.json").collect()
    }
}

fn document() -> Value {
    let order = json!({"operationId": "listOrders", "description": "Lists orders.",
        "parameters": [{"name": "state", "in": "query", "schema": {"type": "string"}}],
        "responses": {"200": {"description": "Orders"}}});
    let item = json!({"operationId": "listItems", "description": "Lists items.", "responses": {"200": {"description": "Items"}}});
    json!({"openapi": "3.1.0", "info": {"title": "Shop", "version": "1"}, "servers": [{"url": "/v1"}],
        "paths": {"/orders": {"get": order}, "/items": {"get": item}}})
}

/// Moves an operation to another path under its own name.
fn moved(document: &mut Value) {
    let paths = document["paths"].as_object_mut().expect("paths");
    let orders = paths.remove("/orders").expect("an operation");
    paths.insert("/all-orders".to_owned(), orders);
}

async fn started() -> (Team, Shop, String) {
    let (team, shop) = (Team::new(), Shop::start());
    let order = json!({"name": "shop", "url": shop.server.url("/openapi.json")});
    let made = team.make("owner", "/admin/upstreams/import", &order).await;
    let upstream = text(&made["upstream"], "id");
    assert_eq!(made["upstream"]["source"]["url"], order["url"], "{made}");
    (team, shop, upstream)
}

async fn scan(team: &Team, upstream: &str) -> Value {
    team.order("admin", Method::POST, &format!("/admin/upstreams/{upstream}/scan"), None).await.json(200)
}

async fn call(team: &Team, tool: &str, arguments: &Value) -> gateway_contract::client::Answer {
    gateway().execute(&team.token("agent").await, tool, arguments).await
}

async fn served(team: &Team, tool: &str) {
    within(SEEN, "served", || async { call(team, tool, &json!({})).await.status == 200 }).await;
}

async fn pins(team: &Team, query: &str) -> Vec<Value> {
    let page = team.order("auditor", Method::GET, &format!("/admin/pins?kind=tool&{query}"), None).await.json(200);
    page["items"].as_array().expect("items").clone()
}

#[tokio::test]
async fn an_operation_that_changes_in_the_document_is_quarantined_and_its_approval_takes_the_new_one_into_use() {
    let (team, shop, upstream) = started().await;
    served(&team, "shop__listOrders").await;
    assert_eq!(scan(&team, &upstream).await["works"], true);
    assert_eq!(pins(&team, "standing=approved").await.len(), 2);
    assert_eq!(scan(&team, &upstream).await["happened"], 0, "nothing changed");
    shop.says(moved);
    let scanned = scan(&team, &upstream).await;
    let news = &scanned["news"][0];
    assert_eq!(
        (&news["name"], &news["happening"], &news["verdict"]),
        (&json!("listOrders"), &json!("quarantined"), &json!("breaking")),
        "{scanned}"
    );
    assert!(news["diff"].to_string().contains("/all-orders"), "a person reads what is sent now: {news}");
    let before = shop.called().len();
    let answer = call(&team, "shop__listOrders", &json!({})).await;
    assert!(text(&refused(&answer, 409, "conflict"), "detail").contains("administrator"), "{}", answer.text());
    assert_eq!(shop.called().len(), before, "nothing was sent");
    served(&team, "shop__listItems").await;
    let page = Visitor::at_home(gateway(), &team.member("admin")).await.get("/account/drift").await;
    assert!(page.text().contains("listOrders") && page.text().contains("/all-orders"), "{}", page.text());
    let waiting = pins(&team, "standing=waiting").await;
    let decision = json!({"fingerprint": waiting[0]["proposed"], "approve": true});
    let path = format!("/admin/pins/{}", text(&waiting[0], "id"));
    assert_eq!(team.order("admin", Method::POST, &path, Some(&decision)).await.json(200)["standing"], "approved");
    served(&team, "shop__listOrders").await;
    assert_eq!(shop.called().last().map(String::as_str), Some("/v1/all-orders"));
}

#[tokio::test]
async fn what_an_operation_takes_besides_is_accepted_and_on_record_as_the_gateways_own_decision() {
    let (team, shop, upstream) = started().await;
    scan(&team, &upstream).await;
    shop.says(|document| {
        let parameters = document["paths"]["/orders"]["get"]["parameters"].as_array_mut().expect("parameters");
        parameters.push(json!({"name": "limit", "in": "query", "schema": {"type": "integer"}}));
        document["paths"]["/items"]["get"]["description"] = "Lists all items.".into();
    });
    let scanned = scan(&team, &upstream).await;
    assert_eq!((&scanned["happened"], &scanned["news"]), (&json!(2), &json!([])), "{scanned}");
    let takes = || async { call(&team, "shop__listOrders", &json!({"limit": 3})).await.status == 200 };
    within(SEEN, "taken", takes).await;
    let last = shop.server.asked().pop().expect("a call");
    assert_eq!(last.query, [("limit".to_owned(), "3".to_owned())]);
    let records =
        team.order("auditor", Method::GET, "/admin/audit?kind=drift.happened&limit=200", None).await.json(200);
    let records: Vec<&Value> =
        records["items"].as_array().expect("records").iter().map(|item| &item["record"]).collect();
    let is_gateways = |record: &Value| record["actor"] == json!({"credential": {"kind": "gateway"}});
    let told = |reason: &str| {
        records.iter().any(|it| is_gateways(it) && it["outcome"] == "accepted" && it["reason"] == reason)
    };
    for reason in ["tool, cosmetic", "tool, additive"] {
        assert!(told(reason), "{reason}: {records:?}");
    }
    let event = |line: &String| line.contains("drift.happened") && line.contains("additive") && line.contains("shop");
    within(SEEN, "logged", || async { gateway().lines().iter().any(event) }).await;
}

#[tokio::test]
async fn a_document_that_is_away_or_broken_takes_nothing_away_and_says_so() {
    let (team, shop, upstream) = started().await;
    served(&team, "shop__listOrders").await;
    for (said, words) in [(Value::Null, "404"), (json!({"openapi": "2.0"}), "cannot be used")] {
        shop.says(|document| *document = said);
        let scanned = scan(&team, &upstream).await;
        assert_eq!(scanned["works"], false, "{scanned}");
        assert!(
            text(&scanned, "problem").contains("document") && text(&scanned, "problem").contains(words),
            "{scanned}"
        );
        assert_eq!(call(&team, "shop__listOrders", &json!({})).await.status, 200);
    }
}

#[tokio::test]
async fn an_api_that_its_document_moves_to_another_origin_gets_nothing_until_an_administrator_moves_it_too() {
    let (team, shop, upstream) = started().await;
    let elsewhere = Server::start(|request| Reply::json(200, &json!({"path": request.path})));
    served(&team, "shop__listOrders").await;
    let base = elsewhere.url("/v1");
    shop.says(|document| document["servers"][0]["url"] = base.as_str().into());
    let scanned = scan(&team, &upstream).await;
    let news = scanned["news"].as_array().expect("news");
    assert!(news.len() == 2 && news.iter().all(|one| one["happening"] == "quarantined"), "{scanned}");
    refused(&call(&team, "shop__listOrders", &json!({})).await, 409, "conflict");
    let seen: Vec<Value> = pins(&team, "standing=waiting")
        .await
        .iter()
        .map(|pin| json!({"id": pin["id"], "fingerprint": pin["proposed"]}))
        .collect();
    team.order("admin", Method::POST, "/admin/pins/approve", Some(&json!({"pins": seen}))).await.json(200);
    let unmoved = || async { call(&team, "shop__listOrders", &json!({})).await.status == 502 };
    within(SEEN, "not configured", unmoved).await;
    assert!(elsewhere.asked().is_empty(), "nobody said that the upstream is there");
    let path = format!("/admin/upstreams/{upstream}");
    team.order("owner", Method::PATCH, &path, Some(&json!({"url": base}))).await.json(200);
    served(&team, "shop__listOrders").await;
    assert_eq!(elsewhere.asked().len(), 1);
}

#[tokio::test]
async fn what_an_administrator_writes_by_hand_is_approved_by_that_and_is_not_fetched_again() {
    let (team, shop, upstream) = started().await;
    served(&team, "shop__listOrders").await;
    let path = format!("/admin/upstreams/{upstream}");
    let read = team.order("owner", Method::GET, &path, None).await.json(200);
    let renamed = team.order("owner", Method::PATCH, &path, Some(&json!({"name": "shop2"}))).await.json(200);
    assert_eq!(renamed["source"], read["source"], "a name is no description");
    let mut api = read["api"].clone();
    api["tools"][0]["path"] = "/by-hand".into();
    let changed = team.order("owner", Method::PATCH, &path, Some(&json!({"api": api}))).await.json(200);
    assert!(changed["source"].is_null(), "{changed}");
    within(SEEN, "served as written", || async {
        let answer = call(&team, "shop2__listOrders", &json!({})).await;
        answer.status == 200 && answer.text().contains("/v1/by-hand")
    })
    .await;
    let before = shop.server.asked().len();
    let scanned = scan(&team, &upstream).await;
    assert_eq!((&scanned["works"], &scanned["happened"]), (&json!(true), &json!(0)), "{scanned}");
    assert_eq!(shop.server.asked().len(), before, "there is nothing to fetch");
    assert!(pins(&team, "standing=waiting").await.is_empty());
}

#[tokio::test]
async fn a_document_is_fetched_again_on_a_schedule_though_nobody_calls() {
    let world = World::shared();
    let shop = Shop::start();
    let plan = Plan::default().with_accounts(world.addresses()).with("UPSTREAM_SCAN_SECONDS", "1");
    let gateway = Gateway::start(&plan);
    let user = gateway.user(Tools::Own);
    let source = json!({"url": shop.server.url("/openapi.json")});
    gateway.sql("UPDATE upstreams SET disabled_at = 1;");
    gateway.upstream(&user, "shop", &shop.server.url("/v1"));
    let empty = json!({"base": shop.server.url("/v1"), "tools": []});
    gateway
        .sql(&format!("UPDATE upstreams SET kind = 'http', api = '{empty}', source = '{source}' WHERE name = 'shop';"));
    let run = || async { gateway.get("/cdn-cgi/handler/scheduled").await.status };
    assert_eq!(run().await, 200);
    shop.says(moved);
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    assert_eq!(run().await, 200);
    let drifted =
        |line: &String| line.contains("drift.happened") && line.contains("quarantined") && line.contains("listOrders");
    within(SEEN, "noticed", || async { gateway.lines().iter().any(drifted) }).await;
    assert!(shop.called().is_empty());
}
