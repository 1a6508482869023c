//! All settings of a gateway, read together and refused together.

use crate::config::{ConfigProblem, Lookup, Profile, number, optional, required};
use crate::entropy::generator::Salt;
use crate::entropy::provider::Providers;
use crate::gate::bucket::Policy;
use crate::oauth::redirect::is_private_scheme;
use crate::oidc::provider::Provider;
use crate::secret::SecretText;
use crate::sql::given::Given;
use crate::time::Lifetime;
use crate::token::jwks::KeyRing;
use crate::token::seal::RootKey;
use crate::token::{read_key, read_optional_key};
use crate::tool::builtin::weather::WeatherSettings;
use crate::trace::settings::Collector;
use crate::upstream::UpstreamLimits;
use url::{Host, Url};

/// A credential an operator chose is long enough that nobody guesses it.
const SHORTEST_OPERATOR_TOKEN: usize = 32;

/// What an operator decided. Made once per isolate.
#[derive(Debug)]
pub struct Settings {
    /// Where this gateway runs.
    pub profile: Profile,
    /// The gateway's public origin, without a trailing slash: `iss` of its tokens. Only configuration says it, never a
    /// request header.
    pub issuer: String,
    /// The resource the tokens are for: the MCP endpoint.
    pub resource: String,
    /// Signing keys.
    pub keys: KeyRing,
    /// The root secret for stored credentials and refresh tokens.
    pub root: RootKey,
    /// What goes into every seed of the random generator, derived from the root secret.
    pub entropy_salt: Salt,
    /// What an operator's own tools show to read status and metrics; without it nobody may.
    pub metrics_token: Option<SecretText>,
    /// What the operator shows to make, suspend and delete tenants; without it nobody may.
    pub operator_token: Option<SecretText>,
    /// What whoever sets the gateway up shows to make its first administrator; without it nobody may.
    pub bootstrap_token: Option<SecretText>,
    /// Calls of one principal.
    pub calls: Policy,
    /// Logins from one address.
    pub logins: Policy,
    /// Clients that register or are looked up from one address.
    pub registrations: Policy,
    /// Schemes of programs on people's own machines that redirect URIs may have (RFC 8252 section 7.1).
    pub redirect_schemes: Vec<String>,
    /// Life of a lease: the bound of a revocation.
    pub lease_life: Lifetime,
    /// Life of an access token.
    pub access_life: Lifetime,
    /// Life of a session, however often it is refreshed.
    pub session_life: Lifetime,
    /// Quantum providers.
    pub providers: Providers,
    /// Where the weather service is.
    pub weather: WeatherSettings,
    /// Limits towards upstreams.
    pub upstreams: UpstreamLimits,
    /// Which databases are whose.
    pub databases: Given,
    /// The OpenID provider whose people may sign in, if the operator trusts one.
    pub oidc: Option<Provider>,
    /// Who collects traces, if anybody does.
    pub collector: Option<Collector>,
    host: String,
    allowed_origins: Vec<String>,
}

impl Settings {
    /// Reads every setting. All that is wrong is reported at once.
    pub fn read(lookup: Lookup<'_>) -> Result<Self, Vec<ConfigProblem>> {
        let mut problems = Vec::new();
        let profile = keep(Profile::read(lookup), &mut problems);
        let issuer = profile.and_then(|profile| keep(read_issuer(lookup, profile), &mut problems));
        let keys = keep(KeyRing::read(lookup), &mut problems);
        let root = keep(read_root(lookup), &mut problems);
        let providers = profile.and_then(|profile| keep_all(Providers::read(lookup, profile), &mut problems));
        let oidc = profile.and_then(|profile| keep_all(Provider::read(lookup, profile), &mut problems));
        let numbers = keep(Numbers::read(lookup), &mut problems);
        let outside = profile.and_then(|profile| keep(Outside::read(lookup, profile), &mut problems));
        let identity = profile.zip(issuer).zip(keys.zip(root));
        match (identity, providers.zip(oidc), numbers, outside) {
            (
                Some(((profile, (issuer, host)), (keys, (entropy_salt, root)))),
                Some((providers, oidc)),
                Some(numbers),
                Some(outside),
            ) => Ok(Self {
                profile,
                resource: format!("{issuer}/mcp"),
                issuer,
                keys,
                entropy_salt,
                root,
                metrics_token: outside.metrics_token,
                operator_token: outside.operator_token,
                bootstrap_token: outside.bootstrap_token,
                calls: numbers.calls,
                logins: numbers.logins,
                registrations: numbers.registrations,
                redirect_schemes: outside.redirect_schemes,
                lease_life: numbers.lease_life,
                access_life: numbers.access_life,
                session_life: numbers.session_life,
                providers,
                weather: outside.weather,
                upstreams: outside.upstreams,
                databases: outside.databases,
                oidc,
                collector: outside.collector,
                host,
                allowed_origins: outside.allowed_origins,
            }),
            _ => Err(problems),
        }
    }

    /// Whether a request's `Host` (with its port) is this gateway's. On a developer's machine every loopback name is, at
    /// any port; so a gateway in the local profile answers nobody who is not on its machine.
    pub fn serves_host(&self, host: &str) -> bool {
        host.eq_ignore_ascii_case(&self.host) || (self.profile == Profile::Local && is_loopback(host))
    }

    /// Whether a request's `Origin` is this gateway's own.
    pub fn serves_origin(&self, origin: &str) -> bool {
        match self.profile {
            Profile::Production => origin.eq_ignore_ascii_case(&self.issuer),
            Profile::Local => origin.strip_prefix("http://").is_some_and(is_loopback),
        }
    }

    /// Whether a request's `Origin` is one that the operator allows beside it, to the letter.
    pub fn lists_origin(&self, origin: &str) -> bool {
        self.allowed_origins.iter().any(|allowed| allowed == origin)
    }
}

struct Outside {
    metrics_token: Option<SecretText>,
    operator_token: Option<SecretText>,
    bootstrap_token: Option<SecretText>,
    weather: WeatherSettings,
    upstreams: UpstreamLimits,
    databases: Given,
    collector: Option<Collector>,
    allowed_origins: Vec<String>,
    redirect_schemes: Vec<String>,
}

impl Outside {
    fn read(lookup: Lookup<'_>, profile: Profile) -> Result<Self, ConfigProblem> {
        let weather = WeatherSettings::read(lookup, profile.reach())?;
        let metrics_token = read_operator_token(lookup, "METRICS_TOKEN")?;
        let operator_token = read_operator_token(lookup, "OPERATOR_TOKEN")?;
        let bootstrap_token = read_operator_token(lookup, "BOOTSTRAP_TOKEN")?;
        let allowed_origins = read_origins(lookup)?;
        let redirect_schemes = read_schemes(lookup)?;
        let upstreams = UpstreamLimits::read(lookup)?;
        let databases = Given::read(lookup)?;
        let collector = Collector::read(lookup, profile)?;
        Ok(Self {
            metrics_token,
            operator_token,
            bootstrap_token,
            weather,
            upstreams,
            databases,
            collector,
            allowed_origins,
            redirect_schemes,
        })
    }
}

struct Numbers {
    calls: Policy,
    logins: Policy,
    registrations: Policy,
    lease_life: Lifetime,
    access_life: Lifetime,
    session_life: Lifetime,
}

impl Numbers {
    fn read(lookup: Lookup<'_>) -> Result<Self, ConfigProblem> {
        let rate = |name: &str, default, top| {
            number(lookup, name, default, 1..=top).map(|value| u32::try_from(value).unwrap_or(u32::MAX))
        };
        Ok(Self {
            calls: Policy {
                burst: rate("RATE_LIMIT_BURST", 20, 1_000_000)?,
                per_minute: rate("RATE_LIMIT_PER_MINUTE", 600, 60_000_000)?,
            },
            logins: Policy {
                burst: rate("LOGIN_SOURCE_BURST", 30, 1_000_000)?,
                per_minute: rate("LOGIN_SOURCE_PER_MINUTE", 30, 60_000_000)?,
            },
            registrations: Policy {
                burst: rate("REGISTRATION_SOURCE_BURST", 20, 1_000_000)?,
                per_minute: rate("REGISTRATION_SOURCE_PER_MINUTE", 2, 60_000_000)?,
            },
            lease_life: Lifetime::from_millis(number(lookup, "LEASE_MILLIS", 1000, 0..=1000)?),
            access_life: Lifetime::from_seconds(number(lookup, "ACCESS_TOKEN_SECONDS", 600, 60..=3600)?),
            session_life: Lifetime::from_seconds(number(lookup, "SESSION_SECONDS", 2_592_000, 3600..=31_536_000)?),
        })
    }
}

fn keep<T>(outcome: Result<T, ConfigProblem>, problems: &mut Vec<ConfigProblem>) -> Option<T> {
    outcome.map_err(|problem| problems.push(problem)).ok()
}

fn keep_all<T>(outcome: Result<T, Vec<ConfigProblem>>, problems: &mut Vec<ConfigProblem>) -> Option<T> {
    outcome.map_err(|more| problems.extend(more)).ok()
}

fn read_operator_token(lookup: Lookup<'_>, name: &str) -> Result<Option<SecretText>, ConfigProblem> {
    match optional(lookup, name) {
        Some(token) if token.len() < SHORTEST_OPERATOR_TOKEN => {
            Err(ConfigProblem::new(name, "must have 32 characters at least"))
        }
        token => Ok(token.map(SecretText::new)),
    }
}

/// The root secret with the one before it, and what goes into every seed.
fn read_root(lookup: Lookup<'_>) -> Result<(Salt, RootKey), ConfigProblem> {
    let current = read_key(lookup, "ENCRYPTION_KEY")?;
    let previous = read_optional_key(lookup, "ENCRYPTION_KEY_PREVIOUS")?;
    Ok((Salt::derive(current.expose()), RootKey::new(current).after(previous)))
}

/// The issuer without its trailing slash, and its host with port.
fn read_issuer(lookup: Lookup<'_>, profile: Profile) -> Result<(String, String), ConfigProblem> {
    let text = required(lookup, "ISSUER")?;
    let wrong = |problem: &str| ConfigProblem::new("ISSUER", problem);
    let url = Url::parse(&text).map_err(|_| wrong("must be an absolute URL"))?;
    let origin = url.origin().ascii_serialization();
    if text.trim_end_matches('/') != origin {
        return Err(wrong("must be an origin: scheme, host and port, and nothing else"));
    }
    let secure = url.scheme() == "https" && profile == Profile::Production;
    let local = url.scheme() == "http" && profile == Profile::Local;
    if !secure && !local {
        return Err(wrong("must be https in production, and http on a loopback host in the local profile"));
    }
    let host = origin.split_once("://").map(|(_, host)| host.to_owned()).unwrap_or_default();
    if local != is_loopback(&host) {
        return Err(wrong("must be a public host in production, and a loopback host in the local profile"));
    }
    Ok((origin, host))
}

/// Origins as browsers write them (RFC 6454 section 6.2), by commas. There is no wildcard, and `null` is nobody's.
fn read_origins(lookup: Lookup<'_>) -> Result<Vec<String>, ConfigProblem> {
    let listed = optional(lookup, "ALLOWED_ORIGINS").unwrap_or_default();
    let origins: Vec<String> =
        listed.split(',').map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned).collect();
    if origins.iter().all(|origin| is_origin(origin)) {
        return Ok(origins);
    }
    Err(ConfigProblem::new(
        "ALLOWED_ORIGINS",
        "must be origins by commas, each as a browser writes it: https, or http on a loopback host",
    ))
}

/// Schemes by commas, as they stand in a URL (RFC 3986 section 3.1, in lower case).
fn read_schemes(lookup: Lookup<'_>) -> Result<Vec<String>, ConfigProblem> {
    let listed = optional(lookup, "REDIRECT_SCHEMES").unwrap_or_default();
    let schemes: Vec<String> =
        listed.split(',').map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned).collect();
    if schemes.iter().all(|scheme| is_private_scheme(scheme)) {
        return Ok(schemes);
    }
    Err(ConfigProblem::new(
        "REDIRECT_SCHEMES",
        "must be schemes of programs by commas, in lower case, such as com.example.app; none that a browser opens itself",
    ))
}

fn is_origin(text: &str) -> bool {
    let Ok(url) = Url::parse(text) else { return false };
    let secure = url.scheme() == "https" || text.strip_prefix("http://").is_some_and(is_loopback);
    // A star would be a letter of the name, and not what its writer means.
    secure && !text.contains('*') && url.origin().ascii_serialization() == text
}

fn is_loopback(host: &str) -> bool {
    let Ok(url) = Url::parse(&format!("http://{host}/")) else { return false };
    let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    let loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    bare && loopback
}

#[cfg(test)]
mod tests;
