//! Clients whose id is the address of a document that describes them (draft-ietf-oauth-client-id-metadata-document).

use crate::gateway;
use ed25519_dalek::{Signer, SigningKey};
use gateway_contract::client::{Answer, Tokens, send};
use gateway_contract::fake::{Reply, Request, Server, closed_port};
use gateway_contract::oauth::{App, Landing, REDIRECT, Visitor, refused};
use gateway_contract::seed::{Tools, User};
use gateway_contract::token::{self, encode};
use reqwest::Method;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Longest document, in bytes.
const MOST: usize = 5 * 1024;

/// A document of the client that is described where this request went, with these members in place of its own.
fn document(request: &Request, changes: &Value) -> Value {
    let host = request.header("host").expect("a host");
    let mut document = json!({
        "client_id": format!("http://{host}{}", request.path), "client_name": "Described", "redirect_uris": [REDIRECT],
        "grant_types": ["authorization_code", "refresh_token"], "token_endpoint_auth_method": "none"
    });
    for (name, value) in changes.as_object().into_iter().flatten() {
        document[name] = value.clone();
    }
    document
}

/// A good document that is this long.
fn padded(request: &Request, length: usize) -> Reply {
    let bare = document(request, &json!({"padding": ""})).to_string().len();
    Reply::json(200, &document(request, &json!({"padding": "x".repeat(length - bare)})))
}

/// A site whose every path answers in a way of its own.
fn site() -> Server {
    Server::start(|request| {
        let with = |changes: Value| Reply::json(200, &document(request, &changes));
        match request.path.as_str() {
            "/good" => with(json!({})),
            "/fresh" => with(json!({})).with("Cache-Control", "no-store"),
            "/exact" => padded(request, MOST),
            "/large" => padded(request, MOST + 1),
            "/elsewhere" => with(json!({"client_id": "https://app.example/client.json"})),
            "/nobody" => with(json!({"client_id": null})),
            "/slash" => with(json!({"client_id": "http://127.0.0.1/slash/"})),
            "/secret" => with(json!({"client_secret": "mgk_shared"})),
            "/basic" => with(json!({"token_endpoint_auth_method": "client_secret_basic"})),
            "/nameless" => with(json!({"client_name": null})),
            "/nowhere" => with(json!({"redirect_uris": []})),
            "/script" => with(json!({"redirect_uris": ["javascript:alert(1)"]})),
            "/moved" => Reply::empty(302).with("Location", "/good"),
            "/page" => Reply::text(200, "text/html", document(request, &json!({})).to_string()),
            "/broken" => Reply::text(200, "application/json", "{\"client_id\":"),
            "/list" => Reply::json(200, &json!([document(request, &json!({}))])),
            "/twice" => {
                let text = document(request, &json!({})).to_string();
                Reply::text(200, "application/json", text.replacen('{', "{\"client_name\":\"Other\",", 1))
            }
            "/created" => Reply::json(201, &document(request, &json!({}))),
            "/failing" => Reply::json(500, &document(request, &json!({}))),
            "/cut" => Reply::Cut,
            "/slow" => Reply::Late(Duration::from_secs(20), Box::new(with(json!({})))),
            _ => Reply::empty(404),
        }
    })
}

fn described(site: &Server, path: &str) -> App {
    App { gateway: gateway(), id: site.url(path), secret: None }
}

fn person() -> User {
    gateway().user(Tools::Own)
}

/// How often a path of the site was asked for.
fn asked(site: &Server, path: &str) -> usize {
    site.asked().iter().filter(|request| request.path == path).count()
}

/// A client that cannot be known is told to the person, and nobody is sent anywhere.
#[track_caller]
fn is_a_page(answer: &Answer, case: &str) {
    assert_eq!((answer.status, answer.header("location")), (400, None), "{case}: {}", answer.text());
    assert_eq!(answer.media_type(), "text/html", "{case}");
    assert!(answer.text().contains("This app cannot go on"), "{case}: {}", answer.text());
}

#[tokio::test]
async fn a_client_is_what_the_document_at_its_id_says() {
    let (site, user, visitor) = (site(), person(), Visitor::new(gateway()));
    let app = described(&site, "/good");
    let page = visitor.ask(&app.request(&[]), &user).await;
    let identified = "Identified by <bdi class=\"host\">127.0.0.1</bdi>";
    for told in [identified, "Described", "any program on this computer"] {
        assert!(page.text().contains(told), "{told}: {}", page.text());
    }
    let landing = Landing::of(&visitor.decide(&page, "allow").await);
    let first = Tokens::read(&app.redeem(landing.find("code").expect("a code"), &[]).await);
    assert_eq!(first.claims()["client_id"], app.id);
    let second = Tokens::read(&app.refresh(&first.refresh, &[]).await);
    assert!(gateway().is_let_in(&second.access).await);
    assert!(visitor.get("/account").await.text().contains("Described"));
    assert_eq!(send(app.form("/oauth/revoke", &[("token", &second.refresh)], &[])).await.status, 200);
    assert!(!gateway().is_let_in(&second.access).await);
    assert_eq!(asked(&site, "/good"), 1, "it is believed for a while");
    let request = &site.asked()[0];
    assert_eq!((request.method.as_str(), request.header("accept")), ("GET", Some("application/json")));
    assert_eq!((request.header("cookie"), request.header("authorization")), (None, None));
}

#[tokio::test]
async fn a_document_is_believed_as_long_as_it_says() {
    let site = site();
    let app = described(&site, "/fresh");
    for times in 1..=2 {
        assert_eq!(Visitor::new(gateway()).get(&app.request(&[])).await.status, 200);
        assert_eq!(asked(&site, "/fresh"), times);
    }
}

#[tokio::test]
async fn a_document_that_cannot_be_used_makes_no_client() {
    let site = site();
    let visitor = Visitor::new(gateway());
    assert_eq!(visitor.get(&described(&site, "/exact").request(&[])).await.status, 200, "5 KiB are allowed");
    for path in [
        "/large",
        "/elsewhere",
        "/nobody",
        "/slash",
        "/secret",
        "/basic",
        "/nameless",
        "/nowhere",
        "/script",
        "/moved",
        "/page",
        "/broken",
        "/list",
        "/twice",
        "/created",
        "/failing",
        "/cut",
        "/missing",
    ] {
        let app = described(&site, path);
        is_a_page(&visitor.get(&app.request(&[])).await, path);
        assert_eq!(asked(&site, path), 1, "{path}");
        assert_eq!(refused(&app.redeem("x", &[]).await, 401), "invalid_client", "{path}");
    }
    assert_eq!(asked(&site, "/good"), 0, "a redirect was followed");
    let gone = App { id: format!("http://127.0.0.1:{}/client", closed_port()), ..described(&site, "") };
    is_a_page(&visitor.get(&gone.request(&[])).await, "nobody listens");
}

#[tokio::test]
async fn a_document_that_comes_too_late_is_not_waited_for() {
    let site = site();
    let start = Instant::now();
    is_a_page(&Visitor::new(gateway()).get(&described(&site, "/slow").request(&[])).await, "slow");
    let took = start.elapsed();
    assert!((Duration::from_secs(4)..Duration::from_secs(10)).contains(&took), "{took:?}");
}

#[tokio::test]
async fn an_id_that_may_not_be_an_address_of_a_document_is_not_asked_for() {
    let site = site();
    let (visitor, place) = (Visitor::new(gateway()), site.url(""));
    let port = place.rsplit(':').next().expect("a port").to_owned();
    for id in [
        place.clone(),
        format!("{place}/"),
        format!("{place}/good?x=1"),
        format!("{place}/good#x"),
        format!("{place}/a/../good"),
        format!("HTTP://127.0.0.1:{port}/good"),
        format!("http://user@127.0.0.1:{port}/good"),
        format!("http://127.1:{port}/good"),
        format!("http://2130706433:{port}/good"),
        "http://app.example/client".to_owned(),
        "https://10.0.0.1/client".to_owned(),
        "https://169.254.169.254/latest".to_owned(),
        "https://[::ffff:127.0.0.1]/client".to_owned(),
        "file:///etc/passwd".to_owned(),
        "data:application/json,{}".to_owned(),
    ] {
        let app = App { gateway: gateway(), id: id.clone(), secret: None };
        is_a_page(&visitor.get(&app.request(&[])).await, &id);
    }
    assert_eq!(site.asked().len(), 0, "{:?}", site.asked());
}

#[tokio::test]
async fn a_redirect_uri_that_is_not_in_the_document_is_a_page() {
    let site = site();
    let app = described(&site, "/good");
    for uri in ["http://127.0.0.1:51234/other", "https://evil.example/callback"] {
        is_a_page(&Visitor::new(gateway()).get(&app.request(&[("redirect_uri", uri)])).await, uri);
    }
    let secret = app.redeem("x", &[("client_secret", "mgk_x")]).await;
    assert_eq!(refused(&secret, 401), "invalid_client", "a public client has no secret to show");
}

#[tokio::test]
async fn a_document_that_failed_is_asked_for_again() {
    static THERE: AtomicBool = AtomicBool::new(false);
    let site = Server::start(|request| {
        let there = THERE.load(Ordering::SeqCst);
        if there { Reply::json(200, &document(request, &json!({}))) } else { Reply::empty(503) }
    });
    let (app, visitor) = (described(&site, "/late"), Visitor::new(gateway()));
    is_a_page(&visitor.get(&app.request(&[])).await, "before");
    THERE.store(true, Ordering::SeqCst);
    assert_eq!(visitor.get(&app.request(&[])).await.status, 200);
}

#[tokio::test]
async fn a_client_whose_document_has_its_keys_must_sign() {
    let key = SigningKey::from_bytes(&[21; 32]);
    let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": encode(key.verifying_key().as_bytes()), "kid": "k1"});
    let keys = json!({"token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": [jwk]}});
    let site = Server::start(move |request| Reply::json(200, &document(request, &keys)));
    let app = described(&site, "/signed");
    let code = app.code(&person(), &[]).await;
    assert_eq!(refused(&app.redeem(&code, &[]).await, 401), "invalid_client");
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    let assertion = |key: &SigningKey, jti: &str| {
        let claims = json!({
            "iss": app.id, "sub": app.id, "aud": gateway().url(""), "iat": now, "exp": now + 60, "jti": jti
        });
        token::signed(&json!({"alg": "EdDSA", "kid": "k1"}), &claims, |input| key.sign(input).to_bytes().to_vec())
    };
    let with = |assertion: String| {
        let (app, code) = (app.clone(), code.clone());
        async move {
            let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
            app.redeem(&code, &[("client_assertion_type", kind), ("client_assertion", &assertion)]).await
        }
    };
    let stranger = assertion(&SigningKey::from_bytes(&[22; 32]), "document-0001");
    assert_eq!(refused(&with(stranger).await, 401), "invalid_client");
    let tokens = Tokens::read(&with(assertion(&key, "document-0002")).await);
    assert_eq!(tokens.claims()["client_id"], app.id);
    let listed = gateway().request(Method::GET, "/mcp/tools").bearer_auth(&tokens.access);
    assert_eq!(send(listed).await.status, 200);
}
