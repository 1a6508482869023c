//! OAuth from the outside: a client of the authorization server, and a person with a browser that is only a jar of cookies.

use crate::Gateway;
use crate::client::{Answer, Tokens, note_secret, send};
use crate::seed::{PASSWORD, User};
use base64ct::{Base64UrlUnpadded, Encoding};
use reqwest::{Method, RequestBuilder, Url};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// A redirect URI of programs on a person's own machine.
pub const REDIRECT: &str = "http://127.0.0.1:51234/callback";
/// A verifier (RFC 7636 appendix B).
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

/// The challenge that a verifier answers.
pub fn challenge(verifier: &str) -> String {
    Base64UrlUnpadded::encode_string(&Sha256::digest(verifier))
}

/// A person with a browser: it keeps its cookies and goes nowhere by itself.
#[derive(Debug)]
pub struct Visitor {
    gateway: &'static Gateway,
    cookies: Mutex<BTreeMap<String, String>>,
}

impl Visitor {
    /// Somebody who was never here before.
    pub fn new(gateway: &'static Gateway) -> Self {
        Self { gateway, cookies: Mutex::default() }
    }

    /// Goes to a path of the gateway, or to a URL of it.
    pub async fn get(&self, place: &str) -> Answer {
        let path = place.strip_prefix(&self.gateway.url("")).unwrap_or(place);
        self.send(self.gateway.request(Method::GET, path)).await
    }

    /// Posts a page's form, as a browser does.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let request = self.gateway.request(Method::POST, path).header("origin", self.gateway.url(""));
        self.send(form(request.header("sec-fetch-site", "same-origin"), fields)).await
    }

    /// Sends any request with the cookies, and keeps those that come back.
    pub async fn send(&self, request: RequestBuilder) -> Answer {
        let cookies = self.cookies();
        let request = if cookies.is_empty() { request } else { request.header("cookie", cookies) };
        let answer = send(request).await;
        let mut kept = self.cookies.lock().unwrap_or_else(PoisonError::into_inner);
        for (_, set) in answer.headers.iter().filter(|(name, _)| name == "set-cookie") {
            let (pair, attributes) = set.split_once(';').expect("a cookie with attributes");
            let (name, value) = pair.split_once('=').expect("a cookie");
            assert_eq!(attributes.replace("; Max-Age=0", ""), " Path=/; Secure; HttpOnly; SameSite=Lax", "{name}");
            assert!(name.starts_with("__Host-"), "{name}");
            if attributes.ends_with("Max-Age=0") {
                kept.remove(name);
            } else {
                note_secret(value);
                kept.insert(name.to_owned(), value.to_owned());
            }
        }
        drop(kept);
        answer
    }

    /// What the browser sends as `Cookie`.
    pub fn cookies(&self) -> String {
        let kept = self.cookies.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    /// Fills in the sign-in page.
    pub async fn sign_in(&self, page: &Answer, user: &User) -> Answer {
        let ticket = hidden(page, "ticket");
        self.post("/oauth/login", &[("ticket", &ticket), ("username", &user.username), ("password", PASSWORD)]).await
    }

    /// Signs in at the account page.
    #[track_caller]
    pub fn at_home(gateway: &'static Gateway, user: &User) -> impl Future<Output = Self> {
        let user = user.clone();
        async move {
            let visitor = Self::new(gateway);
            let page = visitor.get("/account").await;
            let answer = visitor.sign_in(&page, &user).await;
            assert_eq!((answer.status, answer.header("location")), (303, Some("/account")), "{}", answer.text());
            visitor
        }
    }

    /// Goes where an app sends people, and signs in if asked: the consent page, or wherever the request ends instead.
    pub async fn ask(&self, request: &str, user: &User) -> Answer {
        let answer = self.get(request).await;
        if !answer.text().contains("name=\"password\"") {
            return answer;
        }
        let signed_in = self.sign_in(&answer, user).await;
        assert_eq!(signed_in.status, 303, "{}", signed_in.text());
        self.get(signed_in.must("location")).await
    }

    /// Goes where a program sends people, signs in and allows: the URL the browser is sent to.
    pub async fn allow(&self, request: &str, user: &User) -> String {
        let page = self.ask(request, user).await;
        let sent = self.decide(&page, "allow").await;
        assert!(Landing::of(&sent).find("code").is_some(), "{}", sent.text());
        sent.must("location").to_owned()
    }

    /// Decides on a consent page: where the browser is sent.
    pub async fn decide(&self, page: &Answer, decision: &str) -> Answer {
        let ticket = hidden(page, "ticket");
        self.post("/oauth/consent", &[("ticket", &ticket), ("decision", decision)]).await
    }
}

/// A client of the authorization server.
#[derive(Clone, Debug)]
pub struct App {
    /// The gateway.
    pub gateway: &'static Gateway,
    /// Its id.
    pub id: String,
    /// Its secret, if it has one; sent in the form.
    pub secret: Option<String>,
}

impl App {
    /// One that has registered itself: a public client at [`REDIRECT`], with these members besides.
    pub async fn register(gateway: &'static Gateway, members: Value) -> Self {
        let mut body = json!({
            "client_name": "Contract", "redirect_uris": [REDIRECT], "token_endpoint_auth_method": "none",
            "grant_types": ["authorization_code", "refresh_token"]
        });
        for (name, value) in members.as_object().into_iter().flatten() {
            body[name] = value.clone();
        }
        let told = send(gateway.request(Method::POST, "/oauth/register").json(&body)).await.json(201);
        let secret = told["client_secret"].as_str().map(str::to_owned);
        if let Some(secret) = &secret {
            note_secret(secret);
        }
        Self { gateway, id: told["client_id"].as_str().expect("an id").to_owned(), secret }
    }

    /// Where it sends people: its own request, with these parameters in place of its own; an empty one is left out.
    pub fn request(&self, changes: &[(&str, &str)]) -> String {
        let challenge = challenge(VERIFIER);
        let own = [
            ("response_type", "code"),
            ("client_id", &self.id),
            ("redirect_uri", REDIRECT),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
            ("state", "a b&c=\u{e9}"),
        ];
        format!("/oauth/authorize?{}", query(&own, changes))
    }

    /// A code for this app, allowed by this user.
    pub async fn code(&self, user: &User, changes: &[(&str, &str)]) -> String {
        let visitor = Visitor::new(self.gateway);
        let page = visitor.ask(&self.request(changes), user).await;
        assert_eq!(page.status, 200, "{} {}", page.status, page.text());
        let sent = visitor.decide(&page, "allow").await;
        let answer = Landing::of(&sent);
        answer.find("code").unwrap_or_else(|| panic!("no code: {answer:?}")).to_owned()
    }

    /// Posts a form to the token endpoint, with its own credentials and these parameters in place of its own.
    pub async fn token(&self, fields: &[(&str, &str)], changes: &[(&str, &str)]) -> Answer {
        send(self.form("/oauth/token", fields, changes)).await
    }

    /// A form for an endpoint, with its own credentials.
    pub fn form(&self, path: &str, fields: &[(&str, &str)], changes: &[(&str, &str)]) -> RequestBuilder {
        let mut own = vec![("client_id", self.id.as_str())];
        own.extend(self.secret.as_deref().map(|secret| ("client_secret", secret)));
        own.extend(fields);
        let request = self.gateway.request(Method::POST, path);
        request.header("content-type", "application/x-www-form-urlencoded").body(query(&own, changes))
    }

    /// The answer to a code.
    pub async fn redeem(&self, code: &str, changes: &[(&str, &str)]) -> Answer {
        let fields = [("grant_type", "authorization_code"), ("code", code), ("code_verifier", VERIFIER)];
        self.token(&fields, changes).await
    }

    /// Tokens that this user allowed.
    pub async fn tokens(&self, user: &User, changes: &[(&str, &str)]) -> Tokens {
        let code = self.code(user, changes).await;
        Tokens::read(&self.redeem(&code, &[]).await)
    }

    /// The answer to a refresh token.
    pub async fn refresh(&self, token: &str, changes: &[(&str, &str)]) -> Answer {
        self.token(&[("grant_type", "refresh_token"), ("refresh_token", token)], changes).await
    }
}

/// Where a browser was sent to, with what the answer says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Landing {
    /// The redirect URI without its query.
    pub place: String,
    /// The parameters, in their order.
    pub query: Vec<(String, String)>,
}

impl Landing {
    /// The target of a redirect that must be one with 303.
    #[track_caller]
    pub fn of(answer: &Answer) -> Self {
        assert_eq!(answer.status, 303, "{} {}", answer.status, answer.text());
        assert_eq!(answer.must("cache-control"), "no-store");
        Self::at(answer.must("location"))
    }

    /// A URL a browser has arrived at.
    #[track_caller]
    pub fn at(url: &str) -> Self {
        let mut url: Url = url.parse().expect("a URL");
        let query: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        query.iter().filter(|(name, _)| name == "code").for_each(|(_, code)| note_secret(code));
        url.set_query(None);
        Self { place: url.into(), query }
    }

    /// The value of a parameter that is there once.
    pub fn find(&self, name: &str) -> Option<&str> {
        let mut found = self.query.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str());
        let first = found.next();
        assert!(found.next().is_none(), "{name} stands twice: {self:?}");
        first
    }
}

/// The value of a hidden field of a page.
#[track_caller]
pub fn hidden(page: &Answer, name: &str) -> String {
    let html = page.text();
    let start = format!("<input type=\"hidden\" name=\"{name}\" value=\"");
    let value = html.split_once(&start).and_then(|(_, rest)| rest.split('"').next());
    value.unwrap_or_else(|| panic!("no hidden {name}: {} {html}", page.status)).to_owned()
}

/// The code of an OAuth error that must have this status.
#[track_caller]
pub fn refused(answer: &Answer, status: u16) -> String {
    let body = answer.json(status);
    assert_eq!(body["correlation_id"].as_str(), Some(answer.must("x-correlation-id")), "{body}");
    assert_eq!(answer.must("cache-control"), "no-store");
    assert!(body["error_description"].as_str().is_some_and(|words| !words.is_empty()), "{body}");
    body["error"].as_str().expect("a code").to_owned()
}

/// A request with a form.
pub fn form(request: RequestBuilder, fields: &[(&str, &str)]) -> RequestBuilder {
    request.header("content-type", "application/x-www-form-urlencoded").body(query(fields, &[]))
}

/// Parameters as a query or a form has them: `changes` replace `own`, add to them, or leave them out when they are empty.
pub fn query(own: &[(&str, &str)], changes: &[(&str, &str)]) -> String {
    let mut url: Url = "http://x/".parse().expect("a URL");
    {
        let mut pairs = url.query_pairs_mut();
        for (name, value) in own.iter().filter(|(name, _)| changes.iter().all(|(changed, _)| changed != name)) {
            pairs.append_pair(name, value);
        }
        for (name, value) in changes.iter().filter(|(_, value)| !value.is_empty()) {
            pairs.append_pair(name, value);
        }
    }
    url.query().unwrap_or_default().to_owned()
}
