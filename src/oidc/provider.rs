//! The one OpenID provider an operator trusts beside the gateway's own accounts.

use crate::config::{ConfigProblem, Lookup, Profile, optional, required};
use crate::id::TenantId;
use crate::outbound::OutboundUrl;
use crate::scope::Scope;
use crate::secret::SecretText;

/// Every setting of a provider. The first four are there together or not at all.
const NAMES: [&str; 7] = [
    "OIDC_ISSUER",
    "OIDC_CLIENT_ID",
    "OIDC_TENANT",
    "OIDC_NAME",
    "OIDC_CLIENT_SECRET",
    "OIDC_SCOPES",
    "OIDC_GROUPS_CLAIM",
];
/// What is asked for where the operator does not say.
const SCOPES: &str = "openid profile email";
/// Longest name that stands on the button, in characters.
const MAX_NAME: usize = 40;
/// Longest client id, secret or name of a claim, in bytes.
const MAX_CREDENTIAL: usize = 512;

/// A provider, and this gateway as its client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provider {
    /// Its issuer, to the letter: `iss` of all that it signs.
    pub issuer: String,
    /// The same as an address.
    pub url: OutboundUrl,
    /// This gateway's id there.
    pub client_id: String,
    /// This gateway's secret there; without one it is a public client, and its proof key is all it has.
    pub client_secret: Option<SecretText>,
    /// The tenant its people belong to.
    pub tenant: TenantId,
    /// What the button says.
    pub name: String,
    /// What is asked for; `openid` is among it.
    pub scopes: Scope,
    /// The claim of its ID tokens that says somebody's groups; without one, administrators say them.
    pub groups_claim: Option<String>,
}

impl Provider {
    /// Reads `OIDC_ISSUER`, `OIDC_CLIENT_ID`, `OIDC_TENANT`, `OIDC_NAME`, and the optional `OIDC_CLIENT_SECRET`,
    /// `OIDC_SCOPES` and `OIDC_GROUPS_CLAIM`. Without any of them there is no provider; with some of the required ones only, what is missing is
    /// named. The issuer is `https`, or in the local profile `http` on a loopback host.
    pub fn read(lookup: Lookup<'_>, profile: Profile) -> Result<Option<Self>, Vec<ConfigProblem>> {
        if NAMES.iter().all(|name| optional(lookup, name).is_none()) {
            return Ok(None);
        }
        let mut problems = Vec::new();
        let issuer = note(required(lookup, "OIDC_ISSUER"), &mut problems);
        let url = issuer.as_ref().and_then(|issuer| note(address(issuer, profile), &mut problems));
        let client_id = note(required(lookup, "OIDC_CLIENT_ID"), &mut problems);
        let client_id = client_id.and_then(|id| note(credential("OIDC_CLIENT_ID", id), &mut problems));
        let secret = optional(lookup, "OIDC_CLIENT_SECRET");
        let secret = note(secret.map(|text| credential("OIDC_CLIENT_SECRET", text)).transpose(), &mut problems);
        let tenant = note(required(lookup, "OIDC_TENANT").and_then(|text| read_tenant(&text)), &mut problems);
        let name = note(required(lookup, "OIDC_NAME").and_then(shown), &mut problems);
        let scopes = optional(lookup, "OIDC_SCOPES");
        let scopes = note(read_scopes(scopes.as_deref().unwrap_or(SCOPES)), &mut problems);
        let claim = optional(lookup, "OIDC_GROUPS_CLAIM");
        let claim = note(claim.map(|text| credential("OIDC_GROUPS_CLAIM", text)).transpose(), &mut problems);
        match (issuer.zip(url), client_id.zip(secret), tenant.zip(name), scopes.zip(claim)) {
            (Some((issuer, url)), Some((client_id, secret)), Some((tenant, name)), Some((scopes, groups_claim))) => {
                let client_secret = secret.map(SecretText::new);
                Ok(Some(Self { issuer, url, client_id, client_secret, tenant, name, scopes, groups_claim }))
            }
            _ => Err(problems),
        }
    }

    /// Where the provider sends the browser back to.
    pub fn callback(gateway: &str) -> String {
        format!("{gateway}/oauth/callback")
    }
}

fn note<T>(read: Result<T, ConfigProblem>, problems: &mut Vec<ConfigProblem>) -> Option<T> {
    read.map_err(|problem| problems.push(problem)).ok()
}

fn address(issuer: &str, profile: Profile) -> Result<OutboundUrl, ConfigProblem> {
    let refused = |why: String| ConfigProblem::new("OIDC_ISSUER", why);
    let url =
        OutboundUrl::parse(issuer, profile.reach()).map_err(|refusal| refused(format!("is refused: {refusal}")))?;
    if url.url().query().is_some() {
        return Err(refused("must have no query".into()));
    }
    Ok(url)
}

fn read_tenant(text: &str) -> Result<TenantId, ConfigProblem> {
    TenantId::parse(text).map_err(|_| ConfigProblem::new("OIDC_TENANT", "must be the id of a tenant"))
}

/// Visible ASCII: it stands in headers and forms, and its text is what the provider compares.
fn credential(name: &str, text: String) -> Result<String, ConfigProblem> {
    let fits = text.len() <= MAX_CREDENTIAL && text.bytes().all(|byte| byte.is_ascii_graphic());
    fits.then_some(text).ok_or_else(|| ConfigProblem::new(name, "must be at most 512 visible ASCII characters"))
}

fn shown(name: String) -> Result<String, ConfigProblem> {
    let fits = name.chars().count() <= MAX_NAME && !name.chars().any(char::is_control) && name.trim() == name;
    fits.then_some(name).ok_or_else(|| ConfigProblem::new("OIDC_NAME", "must be at most 40 characters on one line"))
}

fn read_scopes(text: &str) -> Result<Scope, ConfigProblem> {
    let scopes = Scope::parse(text).ok().filter(|scopes| scopes.allows("openid"));
    scopes.ok_or_else(|| ConfigProblem::new("OIDC_SCOPES", "must be scopes by single spaces, openid among them"))
}

#[cfg(test)]
mod tests {
    use super::Provider;
    use crate::config::Profile;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const GOOD: [(&str, &str); 4] = [
        ("OIDC_ISSUER", "https://login.example.com/realms/a"),
        ("OIDC_CLIENT_ID", "gateway"),
        ("OIDC_TENANT", "acme"),
        ("OIDC_NAME", "Example"),
    ];

    fn read(profile: Profile, changes: &[(&str, &str)]) -> Result<Option<Provider>, String> {
        let lookup = |name: &str| {
            let set = changes.iter().find(|(other, _)| *other == name);
            set.or_else(|| GOOD.iter().find(|(other, _)| *other == name)).map(|(_, value)| (*value).to_owned())
        };
        Provider::read(&lookup, profile)
            .map_err(|problems| problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
    }

    #[test]
    fn a_provider_is_read_whole_with_its_defaults() {
        let provider = read(Profile::Production, &[]).unwrap().unwrap();
        assert_eq!((provider.issuer.as_str(), provider.client_id.as_str()), (GOOD[0].1, "gateway"));
        assert_eq!((provider.scopes.to_string().as_str(), provider.client_secret), ("email openid profile", None));
        let secret = read(Profile::Production, &[("OIDC_CLIENT_SECRET", "hidden"), ("OIDC_SCOPES", "openid")]);
        let secret = secret.unwrap().unwrap();
        assert_eq!(
            (secret.client_secret.as_ref().unwrap().expose(), secret.scopes.to_string()),
            ("hidden", "openid".into())
        );
        assert!(!format!("{secret:?}").contains("hidden"));
        assert_eq!(Provider::callback("https://gw.example.com"), "https://gw.example.com/oauth/callback");
    }

    #[test]
    fn without_any_setting_there_is_no_provider_and_with_some_all_that_is_missing_is_named() {
        let none: Vec<(&str, &str)> = GOOD.iter().map(|(name, _)| (*name, "")).collect();
        assert_eq!(read(Profile::Production, &none), Ok(None));
        for (name, _) in GOOD {
            assert_eq!(read(Profile::Production, &[(name, "")]), Err(format!("{name} is missing")));
        }
        for lone in ["OIDC_CLIENT_SECRET", "OIDC_SCOPES"] {
            let mut changes = none.clone();
            changes.push((lone, "openid"));
            assert_eq!(read(Profile::Production, &changes).unwrap_err().matches("is missing").count(), 4, "{lone}");
        }
    }

    #[test]
    fn an_issuer_is_an_address_that_may_be_asked() {
        for bad in [
            "login.example.com",
            "http://login.example.com",
            "https://127.0.0.1",
            "https://login.example.com/?a=b",
            "https://login.example.com/#a",
            "https://a@login.example.com",
            "https://login.example.com:8443",
        ] {
            assert!(
                read(Profile::Production, &[("OIDC_ISSUER", bad)]).unwrap_err().starts_with("OIDC_ISSUER "),
                "{bad}"
            );
        }
        let loopback = [("OIDC_ISSUER", "http://127.0.0.1:9000")];
        assert!(read(Profile::Local, &loopback).is_ok() && read(Profile::Production, &loopback).is_err());
    }

    #[test]
    fn a_value_that_says_something_else_is_refused_by_its_name_alone() {
        for (name, bad) in [
            ("OIDC_CLIENT_ID", "a b"),
            ("OIDC_CLIENT_ID", &*"x".repeat(513)),
            ("OIDC_CLIENT_SECRET", "a\nb"),
            ("OIDC_TENANT", "a/b"),
            ("OIDC_NAME", "two\nlines"),
            ("OIDC_NAME", &*"x".repeat(41)),
            ("OIDC_NAME", " padded "),
            ("OIDC_SCOPES", "profile email"),
            ("OIDC_SCOPES", "openid  email"),
        ] {
            let problem = read(Profile::Production, &[(name, bad)]).unwrap_err();
            assert!(problem.starts_with(name) && !problem.contains(bad), "{problem}");
        }
    }
}
