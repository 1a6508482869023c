//! Clients that an operator registered: for people, and for themselves.

use crate::gateway;
use ed25519_dalek::{Signer, SigningKey};
use gateway_contract::client::{Answer, Tokens, note_secret, send};
use gateway_contract::oauth::{App, Landing, REDIRECT, VERIFIER, Visitor, form, refused};
use gateway_contract::program;
use gateway_contract::seed::{Tools, User, disabled_colleague};
use gateway_contract::token::{self, encode, part};
use reqwest::Method;
use serde_json::{Value, json};
use std::process::Output;
use std::time::{SystemTime, UNIX_EPOCH};

const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

fn add(id: &str, user: &User, more: &[&str]) -> Output {
    gateway().add(&[&["client", "add", id, "--tenant", &user.tenant], more].concat(), &[])
}

/// Registers a client: its secret, if it has one.
#[track_caller]
fn added(id: &str, user: &User, more: &[&str]) -> Option<String> {
    let output = add(id, user, more);
    let (printed, complaint) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{printed}{complaint}");
    let secret = printed.lines().find_map(|line| line.strip_prefix("Its secret, shown this once: "))?;
    note_secret(secret);
    Some(secret.to_owned())
}

fn person() -> User {
    gateway().user(Tools::Own)
}

async fn post(fields: &[(&str, &str)]) -> Answer {
    send(form(gateway().request(Method::POST, "/oauth/token"), fields)).await
}

/// The access token of an answer without a refresh token.
#[track_caller]
fn access(answer: &Answer) -> String {
    let body = answer.json(200);
    assert_eq!((body["token_type"].as_str(), body.get("refresh_token")), (Some("bearer"), None), "{body}");
    let token = body["access_token"].as_str().expect("a token").to_owned();
    note_secret(&token);
    token
}

#[tokio::test]
async fn a_client_with_an_account_gets_tokens_for_it_and_no_more() {
    let user = person();
    let id = format!("robot-{}", user.id);
    let secret = added(&id, &user, &["--name", "Build robot", "--account", &user.username]).expect("a secret");
    let ask = |secret: String, more: Vec<(&'static str, String)>| {
        let id = id.clone();
        async move {
            let mut fields = vec![("grant_type", "client_credentials")];
            fields.extend(more.iter().map(|(name, value)| (*name, value.as_str())));
            send(form(gateway().request(Method::POST, "/oauth/token").basic_auth(id, Some(secret)), &fields)).await
        }
    };
    let token = access(&ask(secret.clone(), vec![("scope", "tools:read".into())]).await);
    let claims = part(&token, 1);
    assert_eq!((claims["sub"].as_str(), claims["client_id"].as_str()), (Some(user.id.as_str()), Some(id.as_str())));
    assert_eq!((&claims["scope"], &claims["aud"]), (&json!("tools:read"), &json!(gateway().url("/mcp"))));
    assert_eq!(gateway().get_as(&token, "/mcp/tools").await.status, 200);
    let call = gateway().request(Method::POST, "/mcp/execute").bearer_auth(&token);
    send(call.json(&json!({"tool": "server_time"}))).await.problem(403);
    let server = gateway().url("/mcp/files");
    let token = access(&ask(secret.clone(), vec![("resource", server.clone())]).await);
    assert_eq!(part(&token, 1)["aud"], server);
    for (secret, more, status, error) in [
        ("mgk_wrong".to_owned(), vec![], 401, "invalid_client"),
        (secret.clone(), vec![("scope", "admin".to_owned())], 400, "invalid_scope"),
        (secret.clone(), vec![("resource", "https://elsewhere.example/".to_owned())], 400, "invalid_target"),
        (secret.clone(), vec![("client_secret", secret.clone()), ("client_id", id.clone())], 400, "invalid_request"),
        (secret.clone(), vec![("client_id", "another".to_owned())], 400, "invalid_request"),
    ] {
        assert_eq!(refused(&ask(secret, more.clone()).await, status), error, "{more:?}");
    }
    let posted = [("grant_type", "client_credentials"), ("client_id", id.as_str()), ("client_secret", secret.as_str())];
    assert_eq!(refused(&post(&posted).await, 401), "invalid_client", "it registered another way");
    // It has no redirect URI: nobody can be asked in its name.
    let app = App { gateway: gateway(), id: id.clone(), secret: Some(secret.clone()) };
    assert_eq!(Visitor::new(gateway()).get(&app.request(&[])).await.status, 400);
    gateway().sql(&format!("UPDATE users SET disabled_at = 1 WHERE id = '{}'", user.id));
    assert_eq!(refused(&ask(secret, vec![]).await, 400), "invalid_grant");
}

#[tokio::test]
async fn a_malformed_authorization_header_is_refused_with_a_challenge() {
    for header in ["Basic", "Basic !!!", "Basic eA==", "Bearer x", "basic", "Basic OjE=", "Basic YTo="] {
        let request = form(gateway().request(Method::POST, "/oauth/token"), &[("grant_type", "client_credentials")]);
        let answer = send(request.header("authorization", header)).await;
        assert_eq!(refused(&answer, 401), "invalid_client", "{header}");
        assert!(answer.must("www-authenticate").starts_with("Basic "));
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs()
}

fn signed(key: &SigningKey, header: &Value, claims: &Value) -> String {
    token::signed(header, claims, |input| key.sign(input).to_bytes().to_vec())
}

/// Claims of an assertion that is good once.
fn claims(id: &str, jti: &str) -> Value {
    json!({"iss": id, "sub": id, "aud": gateway().url(""), "iat": now(), "exp": now() + 60, "jti": jti})
}

async fn assert_with(assertion: &str) -> Answer {
    post(&[("grant_type", "client_credentials"), ("client_assertion_type", ASSERTION), ("client_assertion", assertion)])
        .await
}

fn keys_file(name: &str, jwk: &Value) -> String {
    let file = gateway().state().join(format!("{name}.jwks.json"));
    std::fs::write(&file, json!({"keys": [jwk]}).to_string()).expect("a file");
    file.to_str().expect("a path").to_owned()
}

#[tokio::test]
async fn a_client_that_signs_with_ed25519_is_believed_once_for_each_assertion() {
    let user = person();
    let id = format!("signer-{}", user.id);
    let (key, other) = (SigningKey::from_bytes(&[7; 32]), SigningKey::from_bytes(&[8; 32]));
    let x = encode(key.verifying_key().as_bytes());
    let file = keys_file(&id, &json!({"kty": "OKP", "crv": "Ed25519", "x": x, "kid": "k1"}));
    added(&id, &user, &["--account", &user.username, "--auth", "private_key_jwt", "--keys", &file]);
    let header = json!({"alg": "EdDSA", "kid": "k1"});
    let good = signed(&key, &header, &claims(&id, "assertion-0001"));
    assert_eq!(part(&access(&assert_with(&good).await), 1)["sub"], user.id);
    assert_eq!(refused(&assert_with(&good).await, 401), "invalid_client", "it was used");
    let endpoint = {
        let mut claims = claims(&id, "assertion-0002");
        claims["aud"] = json!(gateway().url("/oauth/token"));
        claims
    };
    access(&assert_with(&signed(&key, &header, &endpoint)).await);
    let wrong = |name: &str, value: Value| {
        let mut claims = claims(&id, "assertion-0003");
        claims[name] = value;
        signed(&key, &header, &claims)
    };
    let fresh = || claims(&id, "assertion-0004");
    let none = format!("{}.{}.", encode(br#"{"alg":"none"}"#), encode(fresh().to_string().as_bytes()));
    for assertion in [
        wrong("aud", json!("https://elsewhere.example")),
        wrong("aud", json!([gateway().url(""), "https://elsewhere.example"])),
        wrong("exp", json!(now() - 60)),
        wrong("exp", json!(now() + 3600)),
        wrong("nbf", json!(now() + 600)),
        wrong("iss", json!("somebody")),
        wrong("sub", json!("somebody")),
        wrong("jti", Value::Null),
        wrong("jti", json!("short")),
        signed(&other, &header, &fresh()),
        signed(&key, &json!({"alg": "ES256", "kid": "k1"}), &fresh()),
        signed(&key, &json!({"alg": "HS256", "kid": "k1"}), &fresh()),
        signed(&key, &json!({"alg": "EdDSA", "kid": "k2"}), &fresh()),
        signed(&key, &json!({"alg": "EdDSA", "kid": "k1", "crit": ["b64"]}), &fresh()),
        none,
        "x.y.z".to_owned(),
    ] {
        assert_eq!(refused(&assert_with(&assertion).await, 401), "invalid_client", "{assertion}");
    }
    access(&assert_with(&signed(&key, &header, &fresh())).await);
    assert_eq!(
        refused(&post(&[("grant_type", "client_credentials"), ("client_id", &id)]).await, 401),
        "invalid_client"
    );
}

/// Runs a script of Node.js: what it prints, as JSON.
fn node(script: &str, argument: &Value) -> Value {
    let output = program("node").args(["--input-type=module", "-e", script, &argument.to_string()]).output();
    let output = output.expect("node");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

#[tokio::test]
async fn a_client_that_signs_with_es256_is_believed() {
    const MAKE: &str = r#"import { generateKeyPairSync } from "node:crypto";
        const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
        console.log(JSON.stringify([publicKey.export({ format: "jwk" }), privateKey.export({ format: "jwk" })]));"#;
    const SIGN: &str = r#"import { createPrivateKey, sign } from "node:crypto";
        const [jwk, input] = JSON.parse(process.argv[1]);
        const key = createPrivateKey({ key: jwk, format: "jwk" });
        const signature = sign("sha256", Buffer.from(input), { key, dsaEncoding: "ieee-p1363" });
        console.log(JSON.stringify(`${input}.${signature.toString("base64url")}`));"#;
    let user = person();
    let id = format!("es256-{}", user.id);
    let keys = node(MAKE, &Value::Null);
    let file = keys_file(&id, &keys[0]);
    added(&id, &user, &["--account", &user.username, "--auth", "private_key_jwt", "--keys", &file]);
    let input =
        format!("{}.{}", encode(br#"{"alg":"ES256"}"#), encode(claims(&id, "es256-assertion").to_string().as_bytes()));
    let assertion = node(SIGN, &json!([keys[1], input])).as_str().expect("an assertion").to_owned();
    let changed = assertion.replacen(&input, &input.replacen("ey", "fy", 1), 1);
    assert_eq!(refused(&assert_with(&changed).await, 401), "invalid_client");
    assert_eq!(part(&access(&assert_with(&assertion).await), 1)["client_id"], id);
    let private = keys_file(&format!("{id}-private"), &keys[1]);
    let output = add("never", &user, &["--account", &user.username, "--auth", "private_key_jwt", "--keys", &private]);
    assert!(!output.status.success() && String::from_utf8_lossy(&output.stderr).contains("public keys"));
}

#[tokio::test]
async fn an_operators_client_is_vouched_for_and_serves_its_own_tenant() {
    let (user, stranger) = (person(), person());
    let id = format!("tool-{}", user.id);
    let none = added(&id, &user, &["--name", "Desk tool", "--redirect", REDIRECT, "--auth", "none"]);
    assert!(none.is_none());
    let app = App { gateway: gateway(), id, secret: None };
    let visitor = Visitor::new(gateway());
    let page = visitor.ask(&app.request(&[("redirect_uri", "")]), &user).await;
    assert!(
        page.text().contains("Registered by your operator") && page.text().contains("Desk tool"),
        "{}",
        page.text()
    );
    let landing = Landing::of(&visitor.decide(&page, "allow").await);
    let tokens = Tokens::read(&app.redeem(landing.find("code").expect("a code"), &[]).await);
    assert_eq!(tokens.claims()["client_id"], app.id);
    let other = Visitor::at_home(gateway(), &stranger).await;
    let landing = Landing::of(&other.get(&app.request(&[])).await);
    assert_eq!((landing.find("error"), landing.find("code")), (Some("access_denied"), None));
    gateway().sql(&format!("UPDATE oauth_clients SET disabled_at = 1 WHERE id = '{}'", app.id));
    assert_eq!(refused(&app.refresh(&tokens.refresh, &[]).await, 401), "invalid_client");
    assert_eq!(visitor.get(&app.request(&[])).await.status, 400);
}

#[tokio::test]
async fn a_person_who_may_not_come_in_any_more_gives_a_client_nothing() {
    let user = disabled_colleague(&person());
    let app = App::register(gateway(), json!({})).await;
    gateway().sql(&format!("UPDATE users SET disabled_at = NULL WHERE id = '{}'", user.id));
    let (code, tokens) = (app.code(&user, &[]).await, app.tokens(&user, &[]).await);
    let visitor = Visitor::at_home(gateway(), &user).await;
    gateway().sql(&format!("UPDATE users SET disabled_at = 2 WHERE id = '{}'", user.id));
    assert_eq!(refused(&app.redeem(&code, &[]).await, 400), "invalid_grant");
    assert_eq!(refused(&app.refresh(&tokens.refresh, &[]).await, 400), "invalid_grant");
    assert!(visitor.get("/account").await.text().contains("name=\"password\""));
}

#[tokio::test]
async fn a_client_that_could_not_work_is_not_made() {
    let user = person();
    let elsewhere = person();
    let redirect = ["--redirect", REDIRECT];
    for (id, more, told) in [
        ("a-1", &[][..], "a client needs --redirect"),
        ("dyn_x", &redirect, "does not begin with dyn_"),
        ("a b", &redirect, "letters, digits"),
        ("a-2", &["--redirect", "http://evil.example/"], "redirect URI"),
        ("a-3", &["--redirect", "javascript:x"], "redirect URI"),
        ("a-4", &["--account", &user.username, "--auth", "none"], "proves who it is"),
        ("a-5", &["--account", &elsewhere.username], "does not have all that was named"),
        ("a-6", &["--redirect", REDIRECT, "--auth", "magic"], "not understood"),
        ("a-7", &["--redirect", REDIRECT, "--auth", "private_key_jwt"], "go together"),
    ] {
        let output = add(id, &user, more);
        let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && complaint.contains(told), "{id}: {complaint}");
    }
    let fields =
        [("grant_type", "authorization_code"), ("code", "x"), ("code_verifier", VERIFIER), ("client_id", "a-5")];
    assert_eq!(refused(&post(&fields).await, 401), "invalid_client");
}
