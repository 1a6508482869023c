//! OAuth clients that an operator registers.

use crate::arguments::Arguments;
use crate::failure::Failure;
use crate::project::{Project, read_if_there};
use crate::records::{NULL, Target, bind, expect_add, now_millis, usable};
use crate::secrets::random_key;
use mcp_secure_gateway::account::Username;
use mcp_secure_gateway::id::TenantId;
use mcp_secure_gateway::oauth::client::{JWT_BEARER, TOKEN_EXCHANGE, hash_secret, shown_name};
use mcp_secure_gateway::oauth::key::Jwks;
use mcp_secure_gateway::oauth::redirect::RedirectUri;
use mcp_secure_gateway::oauth::registration::{SECRET_PREFIX, is_operators_id};
use mcp_secure_gateway::store::accounts::INSERT_TENANT;
use mcp_secure_gateway::store::clients::INSERT_OF_TENANT;
use std::path::PathBuf;

/// What a client proves itself with.
struct Proof {
    method: &'static str,
    secret: Option<String>,
    keys: Option<String>,
}

/// What a client may do without the person it acts for.
#[derive(Clone, Copy, Default)]
struct Beyond {
    /// Bring identity assertions of the OpenID provider.
    assertions: bool,
    /// Exchange tokens for others that the tenant's servers take.
    exchange: bool,
}

/// `client add ID …`
pub fn client(project: &Project, mut arguments: Arguments) -> Result<(), Failure> {
    let target = Target::read(&mut arguments)?;
    let tenant = usable(TenantId::parse(&arguments.required("--tenant")?))?;
    let name = arguments.value("--name")?;
    let redirects = arguments.values("--redirect")?;
    let account = arguments.value("--account")?.map(|name| usable(Username::parse(&name))).transpose()?;
    let beyond = Beyond { assertions: arguments.flag("--assertions"), exchange: arguments.flag("--exchange") };
    let method = arguments.value("--auth")?;
    let proof = Proof::read(method.as_deref(), arguments.value("--keys")?.map(PathBuf::from))?;
    expect_add(&mut arguments)?;
    let id = arguments.next("the client's id")?;
    arguments.finish()?;
    if !is_operators_id(&id) {
        return Err(Failure::Usage(
            "a client's id has 1 to 64 letters, digits, - and _, and does not begin with dyn_".into(),
        ));
    }
    let uris = redirect_uris(&redirects)?;
    let grants = grants(!redirects.is_empty(), account.is_some(), beyond)?;
    if (account.is_some() || beyond.assertions || beyond.exchange) && proof.method == "none" {
        return Err(Failure::Usage("a client that asks nobody proves who it is: --auth is not none".into()));
    }
    let name = shown_name(name.as_deref(), &id);
    let hash = proof.secret.as_deref().map(hash_secret);
    let now = now_millis();
    let row: [&str; 10] = [
        &id,
        tenant.as_str(),
        account.as_ref().map_or(NULL, Username::as_str),
        &name,
        &uris,
        proof.method,
        hash.as_deref().unwrap_or(NULL),
        proof.keys.as_deref().unwrap_or(NULL),
        &grants,
        &now,
    ];
    let sql = [bind(INSERT_TENANT, &[tenant.as_str(), tenant.as_str(), &now]), bind(INSERT_OF_TENANT, &row)];
    target.execute(project, &sql.join(";\n"))?;
    println!("The client {id} of the tenant {tenant} is there.");
    if let Some(secret) = proof.secret {
        println!("Its secret, shown this once: {secret}");
    }
    Ok(())
}

impl Proof {
    fn read(method: Option<&str>, keys: Option<PathBuf>) -> Result<Self, Failure> {
        let with_secret =
            |method| Ok(Self { method, secret: Some(format!("{SECRET_PREFIX}{}", random_key()?)), keys: None });
        match (method, keys) {
            (Some("private_key_jwt"), Some(file)) => {
                Ok(Self { method: "private_key_jwt", secret: None, keys: Some(public_keys(&file)?) })
            }
            (Some("private_key_jwt"), None) | (_, Some(_)) => {
                Err(Failure::Usage("--auth private_key_jwt and --keys FILE go together".into()))
            }
            (Some("none"), None) => Ok(Self { method: "none", secret: None, keys: None }),
            (Some("client_secret_post"), None) => with_secret("client_secret_post"),
            (Some("client_secret_basic") | None, None) => with_secret("client_secret_basic"),
            (Some(other), None) => Err(Failure::Usage(format!("--auth {other} is not understood"))),
        }
    }
}

/// A JSON Web Key Set of public keys.
fn public_keys(file: &PathBuf) -> Result<String, Failure> {
    let text = read_if_there(file)?.ok_or_else(|| Failure::Usage(format!("{} is not there", file.display())))?;
    let keys: Option<Jwks> = serde_json::from_str::<Jwks>(&text).ok().and_then(Jwks::checked);
    let keys = keys
        .ok_or_else(|| Failure::Usage(format!("{} is no JSON Web Key Set of 1 to 10 public keys", file.display())))?;
    usable(serde_json::to_string(&keys))
}

/// The URIs as they are stored. One of a program's own scheme works where `REDIRECT_SCHEMES` names the scheme.
fn redirect_uris(texts: &[String]) -> Result<String, Failure> {
    for text in texts {
        let scheme = text.split(':').next().unwrap_or_default().to_owned();
        usable(RedirectUri::parse(text, &[scheme]))?;
    }
    usable(serde_json::to_string(texts))
}

fn grants(for_people: bool, for_itself: bool, beyond: Beyond) -> Result<String, Failure> {
    let names = [
        (for_people, "authorization_code refresh_token"),
        (for_itself, "client_credentials"),
        (beyond.assertions, JWT_BEARER),
        (beyond.exchange, TOKEN_EXCHANGE),
    ];
    let granted: Vec<&str> = names.into_iter().filter_map(|(granted, name)| granted.then_some(name)).collect();
    if granted.is_empty() {
        return Err(Failure::Usage("a client needs --redirect, --account, --assertions or --exchange".into()));
    }
    Ok(granted.join(" "))
}

#[cfg(test)]
mod tests {
    use super::{Beyond, Proof, grants, redirect_uris};

    #[test]
    fn a_client_is_for_people_or_for_itself() {
        let nothing = Beyond::default();
        assert!(grants(false, false, nothing).is_err());
        assert_eq!(grants(false, true, nothing).ok().as_deref(), Some("client_credentials"));
        assert_eq!(grants(true, false, nothing).ok().as_deref(), Some("authorization_code refresh_token"));
        let both = Beyond { assertions: true, exchange: true };
        assert_eq!(
            grants(false, false, both).ok().as_deref(),
            Some("urn:ietf:params:oauth:grant-type:jwt-bearer urn:ietf:params:oauth:grant-type:token-exchange")
        );
    }

    #[test]
    fn redirect_uris_are_checked() {
        let stored = |text: &str| redirect_uris(&[text.to_owned()]).ok();
        assert_eq!(stored("com.example.app:/done").as_deref(), Some(r#"["com.example.app:/done"]"#));
        assert!(stored("javascript:alert(1)").is_none() && stored("http://evil.example/").is_none());
    }

    #[test]
    fn a_secret_is_made_unless_it_is_not_wanted() {
        assert!(Proof::read(None, None).is_ok_and(|proof| proof.secret.is_some()));
        assert!(Proof::read(Some("none"), None).is_ok_and(|proof| proof.secret.is_none()));
        for (method, keys) in [(Some("magic"), None), (Some("private_key_jwt"), None), (None, Some("x".into()))] {
            assert!(Proof::read(method, keys).is_err(), "{method:?}");
        }
    }
}
