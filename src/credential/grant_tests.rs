use super::{Came, Flow, Grant, Step, Tokens};
use crate::credential::sample::grant;
use crate::credential::secret::Authentication;
use crate::outbound::{OutboundAnswer, OutboundFailure, OutboundRequest};
use crate::secret::SecretText;
use crate::time::{Lifetime, Timestamp};
use serde_json::{Value, json};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const NOW: Timestamp = Timestamp::from_seconds(10_000);

fn at(seconds: u64) -> Timestamp {
    NOW.plus(Lifetime::from_seconds(seconds))
}

fn tokens(refresh: Option<&str>, life: Option<u64>) -> Tokens {
    Tokens {
        access: SecretText::new("access-1"),
        refresh: refresh.map(SecretText::new),
        got_at: NOW,
        expires_at: life.map(at),
    }
}

#[allow(clippy::needless_pass_by_value, clippy::unnecessary_wraps, reason = "a literal, in the form of the door")]
fn answer(status: u16, body: Value) -> Result<OutboundAnswer, OutboundFailure> {
    let headers = vec![("content-type".to_owned(), "application/json;charset=UTF-8".to_owned())];
    Ok(OutboundAnswer { status, headers, body: body.to_string().into_bytes() })
}

fn granted(more: &Value) -> Result<OutboundAnswer, OutboundFailure> {
    let mut body = json!({"access_token": "access-2", "token_type": "bearer", "expires_in": 3600});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    answer(200, body)
}

fn body(request: &OutboundRequest) -> &str {
    std::str::from_utf8(request.body.as_deref().unwrap()).unwrap()
}

fn fetched(grant: &Grant, tokens: Option<&Tokens>, now: Timestamp) -> (OutboundRequest, Option<SecretText>) {
    match grant.step(tokens, now) {
        Step::Fetch { request, meanwhile } => (request, meanwhile),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_token_is_used_while_it_lasts_and_renewed_before_it_ends() {
    let own = grant(Flow::ClientCredentials);
    let kept = tokens(None, Some(3600));
    assert_eq!(own.step(Some(&kept), at(3539)), Step::Use(SecretText::new("access-1")));
    assert_eq!(fetched(&own, Some(&kept), at(3540)).1, Some(SecretText::new("access-1")), "still good meanwhile");
    assert_eq!(fetched(&own, Some(&kept), at(3600)).1, None);
    assert_eq!(fetched(&own, None, NOW).1, None);
    let short = tokens(None, Some(20));
    assert!(!short.is_due(at(9)) && short.is_due(at(10)), "half of a short life is used");
    assert!(!tokens(None, None).is_due(at(1_000_000)));
    assert!(matches!(own.step(Some(&kept.ended(at(5))), at(5)), Step::Fetch { meanwhile: None, .. }));
}

#[test]
fn client_credentials_are_shown_to_the_token_endpoint_as_the_server_wants_them() {
    let mut own = grant(Flow::ClientCredentials);
    let (request, _) = fetched(&own, None, NOW);
    let form = "grant_type=client_credentials&scope=read+write&resource=https%3A%2F%2Fapi.example.com%2Fmcp";
    assert_eq!((body(&request), request.url.origin().as_str()), (form, "https://login.example.com"));
    let basic = request.headers.iter().find(|(name, _)| name == "authorization").unwrap();
    // gate+way:s%2B%2F
    assert_eq!(basic.1.expose(), "Basic Z2F0ZSt3YXk6cyUyQiUyRg==");
    own.client.authentication = Authentication::ClientSecretPost;
    let (request, _) = fetched(&own, None, NOW);
    assert_eq!(body(&request), format!("{form}&client_id=gate+way&client_secret=s%2B%2F"));
    assert!(request.headers.iter().all(|(name, _)| name != "authorization") && !format!("{own:?}").contains("s+/"));
}

#[test]
fn a_connection_is_renewed_by_its_refresh_token_or_by_a_person() {
    let own = grant(Flow::Connection);
    assert_eq!(own.step(None, NOW), Step::ConnectAgain);
    assert_eq!(own.step(Some(&tokens(None, Some(60))), at(60)), Step::ConnectAgain);
    assert!(matches!(own.step(Some(&tokens(None, Some(60))), at(59)), Step::Use(_)), "as long as it lasts");
    let (request, _) = fetched(&own, Some(&tokens(Some("r-1"), Some(60))), at(60));
    let form = "grant_type=refresh_token&refresh_token=r-1&resource=https%3A%2F%2Fapi.example.com%2Fmcp";
    assert_eq!(body(&request), form);
    let redeemed = own.redeem(&SecretText::new("c"), "v", "https://gw.example.com/connect/callback");
    assert!(body(&redeemed).starts_with("grant_type=authorization_code&code=c&redirect_uri=https%3A%2F%2Fgw"));
    assert!(body(&redeemed).contains("&code_verifier=v&resource="));
}

#[test]
fn an_answer_becomes_tokens_and_a_refresh_token_that_is_not_replaced_stays() {
    let own = grant(Flow::Connection);
    let before = tokens(Some("r-1"), Some(60));
    let came = |more: Value| match own.on_answer(granted(&more), Some(&before), NOW) {
        Came::Tokens(tokens) => tokens,
        other => panic!("{other:?}"),
    };
    let kept = came(json!({}));
    assert_eq!((kept.access.expose(), kept.refresh.as_ref().unwrap().expose()), ("access-2", "r-1"));
    assert_eq!((kept.got_at, kept.expires_at), (NOW, Some(at(3600))));
    assert_eq!(came(json!({"refresh_token": "r-2"})).refresh, Some(SecretText::new("r-2")));
    assert_eq!(came(json!({"expires_in": null})).expires_at, Some(at(3600)), "assumed, where another can be had");
    let text = serde_json::to_string(&kept).unwrap();
    assert_eq!(serde_json::from_str::<Tokens>(&text).unwrap(), kept);
    assert!(!format!("{kept:?}").contains("access-2"));
    let alone = own.on_answer(granted(&json!({"expires_in": null})), None, NOW);
    assert!(matches!(alone, Came::Tokens(Tokens { expires_at: None, refresh: None, .. })), "{alone:?}");
}

#[test]
fn an_answer_that_is_not_what_the_specification_says_is_none() {
    let own = grant(Flow::ClientCredentials);
    for more in [
        json!({"token_type": "mac"}),
        json!({"token_type": 1}),
        json!({"access_token": ""}),
        json!({"access_token": "a\nb"}),
        json!({"access_token": 7}),
        json!({"access_token": "x".repeat(8193)}),
        json!({"refresh_token": 7}),
        json!({"expires_in": "soon"}),
        json!({"expires_in": -1}),
    ] {
        assert_eq!(own.on_answer(granted(&more), None, NOW), Came::Away, "{more:.80}");
    }
    let html = OutboundAnswer { status: 200, headers: vec![], body: b"<p>".to_vec() };
    assert_eq!(own.on_answer(Ok(html), None, NOW), Came::Away);
}

#[test]
fn a_refusal_says_whose_turn_it_is() {
    let (own, connected) = (grant(Flow::ClientCredentials), grant(Flow::Connection));
    let refused = |error: &str| answer(400, json!({"error": error}));
    assert_eq!(connected.on_answer(refused("invalid_grant"), None, NOW), Came::ConnectAgain);
    assert_eq!(connected.on_answer(refused("invalid_client"), None, NOW), Came::Refused);
    assert_eq!(own.on_answer(refused("invalid_grant"), None, NOW), Came::Refused);
    assert_eq!(own.on_answer(answer(401, json!({"error": "invalid_client"})), None, NOW), Came::Refused);
    for away in [answer(503, json!({})), answer(429, json!({"error": "slow_down"})), Err(OutboundFailure::Timeout)] {
        assert_eq!(connected.on_answer(away, None, NOW), Came::Away);
    }
}
