//! Rows an operator makes: users, upstreams and virtual servers, in the local database or in a deployed one, and fresh secrets.

use crate::arguments::Arguments;
use crate::database;
use crate::failure::Failure;
use crate::process::program;
use crate::project::{Project, read_if_there};
use crate::secrets::{random_bytes, random_key, value, write_missing};
use mcp_secure_gateway::account::one_time::{BYTES, OneTimeCode, RESET_LIFE};
use mcp_secure_gateway::account::password::{NewPassword, Owner};
use mcp_secure_gateway::account::{DEMO_USERNAME, Username};
use mcp_secure_gateway::catalogue::endpoint::{Face, PrefixMode, ServerName};
use mcp_secure_gateway::catalogue::naming::Prefix;
use mcp_secure_gateway::config::Profile;
use mcp_secure_gateway::credential::secret::{Bearer, Secret};
use mcp_secure_gateway::id::{ServerId, TenantId, UpstreamId, UserId};
use mcp_secure_gateway::outbound::{HeaderValue, OutboundUrl};
use mcp_secure_gateway::secret::SecretText;
use mcp_secure_gateway::store::accounts::{INSERT_TENANT, INSERT_USER};
use mcp_secure_gateway::store::codes::INSERT_OPERATORS_RESET;
use mcp_secure_gateway::store::credentials::{INSERT_OPERATORS, credential_place};
use mcp_secure_gateway::store::people::MAKE_ADMIN;
use mcp_secure_gateway::store::servers::{INSERT_SERVER, INSERT_SERVER_UPSTREAM, write_chosen};
use mcp_secure_gateway::store::upstreams::{INSERT_UPSTREAM, SET_CACHE_SECONDS};
use mcp_secure_gateway::time::Timestamp;
use mcp_secure_gateway::token::read_key;
use mcp_secure_gateway::token::seal::RootKey;
use std::fmt::Display;
use std::path::PathBuf;

/// Which database the rows go to.
pub struct Target {
    state: Option<PathBuf>,
    remote: bool,
    environment: Option<String>,
}

/// `secret`
pub fn secret(_: &Project, arguments: Arguments) -> Result<(), Failure> {
    arguments.finish()?;
    println!("{}", random_key()?);
    Ok(())
}

/// `user add NAME …` and `user reset NAME …`
pub fn user(project: &Project, mut arguments: Arguments) -> Result<(), Failure> {
    let target = Target::read(&mut arguments)?;
    let tenant = usable(TenantId::parse(&arguments.required("--tenant")?))?;
    match arguments.next("add or reset")?.as_str() {
        "add" => add_user(project, arguments, &target, &tenant),
        "reset" => reset_user(project, arguments, &target, &tenant),
        other => Err(Failure::Usage(format!("{other} is not understood here; add and reset are"))),
    }
}

/// A code that sets a new password: for an administrator whom no other administrator can help.
fn reset_user(project: &Project, mut arguments: Arguments, target: &Target, tenant: &TenantId) -> Result<(), Failure> {
    let username = usable(Username::parse(&arguments.next("the user's name")?))?;
    arguments.finish()?;
    let code = OneTimeCode::from_bytes(&random_bytes::<BYTES>()?);
    let now = Timestamp::from_millis(usable(now_millis().parse::<u64>())?);
    let (made, end) = (now.millis().to_string(), now.plus(RESET_LIFE).millis().to_string());
    let row = [&code.hash(), tenant.as_str(), username.as_str(), &made, &end];
    target.execute(project, &bind(INSERT_OPERATORS_RESET, &row))?;
    println!("A code for {} to set a new password with, at /join, within 24 hours and once:", username.as_str());
    println!("{}", code.shown().expose());
    Ok(())
}

fn add_user(project: &Project, mut arguments: Arguments, target: &Target, tenant: &TenantId) -> Result<(), Failure> {
    let given = arguments.value("--password-from")?.map(|variable| from_environment(&variable)).transpose()?;
    let admin = arguments.flag("--admin");
    let username = usable(Username::parse(&arguments.next("the user's name")?))?;
    arguments.finish()?;
    if username.as_str() == DEMO_USERNAME {
        return Err(Failure::Usage("the demo account belongs to `cargo xtask dev` and works nowhere else".into()));
    }
    let shown = given.is_none();
    let password = given.map_or_else(random_key, Ok)?;
    let owner = Owner { username: &username, tenant, issuer: "" };
    let chosen = usable(NewPassword::check(SecretText::new(password.clone()), owner))?;
    let hash = usable(chosen.hash(&random_bytes()?))?;
    let id = UserId::from_bytes(&random_bytes::<16>()?);
    let now = now_millis();
    let mut sql = vec![
        bind(INSERT_TENANT, &[tenant.as_str(), tenant.as_str(), &now]),
        bind(INSERT_USER, &[id.as_str(), tenant.as_str(), username.as_str(), &hash, "0", &now]),
    ];
    if admin {
        sql.push(bind(MAKE_ADMIN, &[tenant.as_str(), id.as_str()]));
    }
    target.execute(project, &sql.join(";\n"))?;
    println!("The user {} of the tenant {tenant} is there.", username.as_str());
    if shown {
        println!("Its password, shown this once: {password}");
    }
    Ok(())
}

/// `upstream add NAME URL …`
pub fn upstream(project: &Project, mut arguments: Arguments) -> Result<(), Failure> {
    let target = Target::read(&mut arguments)?;
    let tenant = usable(TenantId::parse(&arguments.required("--tenant")?))?;
    let token = arguments.value("--token-from")?.map(|variable| bearer_token(&variable)).transpose()?;
    let key = arguments.value("--key-from")?.map(|variable| from_environment(&variable)).transpose()?;
    let cache = arguments.value("--cache-seconds")?.unwrap_or_else(|| "0".to_owned());
    let cache: u32 = usable(cache.parse())?;
    expect_add(&mut arguments)?;
    let name = arguments.next("the upstream's name")?;
    let name = usable(Prefix::parse(&name))?;
    let url = arguments.next("the upstream's URL")?;
    arguments.finish()?;
    let profile = if target.remote { Profile::Production } else { Profile::Local };
    let origin = usable(OutboundUrl::parse(&url, profile.reach()))?.origin();
    let id = UpstreamId::from_bytes(&random_bytes::<16>()?);
    let now = now_millis();
    let row = [id.as_str(), tenant.as_str(), name.as_str(), &url, NULL, &now];
    let mut sql = vec![bind(INSERT_TENANT, &[tenant.as_str(), tenant.as_str(), &now]), bind(INSERT_UPSTREAM, &row)];
    let seconds = cache.to_string();
    sql.push(bind(SET_CACHE_SECONDS, &[tenant.as_str(), name.as_str(), &seconds]));
    if let Some(token) = token {
        let root = root_key(project, &target, key)?;
        sql.push(credential((&tenant, &id), &origin, token, (&root, &now))?);
    }
    target.execute(project, &sql.join(";\n"))?;
    println!("The tools of {url} are there for the tenant {tenant} as {}__….", name.as_str());
    Ok(())
}

/// A bearer token that everybody's calls show to an upstream.
fn credential(
    (tenant, upstream): (&TenantId, &UpstreamId),
    origin: &str,
    token: String,
    (root, now): (&RootKey, &str),
) -> Result<String, Failure> {
    let secret = Secret::Bearer(Bearer { token: SecretText::new(token) });
    let place = credential_place((tenant, None), upstream, secret.kind(), origin);
    let text = SecretText::new(usable(serde_json::to_string(&secret))?);
    let sealed = usable(root.seal(&text, &place, random_bytes()?))?;
    let id = UpstreamId::from_bytes(&random_bytes::<16>()?);
    let row = [id.as_str(), tenant.as_str(), upstream.as_str(), secret.kind(), origin, &sealed, "{}", now];
    Ok(bind(INSERT_OPERATORS, &row))
}

/// `server add NAME …`
pub fn server(project: &Project, mut arguments: Arguments) -> Result<(), Failure> {
    let target = Target::read(&mut arguments)?;
    let tenant = usable(TenantId::parse(&arguments.required("--tenant")?))?;
    let upstreams = listed(&arguments.required("--upstream")?);
    let upstreams: Result<Vec<Prefix>, Failure> = upstreams.iter().map(|name| usable(Prefix::parse(name))).collect();
    let upstreams = upstreams?;
    let mode = arguments.value("--prefix")?.map_or(Ok(PrefixMode::Always), |text| prefix_mode(&text))?;
    let own_tools = if arguments.flag("--own-tools") { "1" } else { "0" };
    let chosen = patterns(&mut arguments, "--only")?;
    let face = arguments.value("--face")?.map_or(Ok(Face::ALL), |text| face(&text))?;
    let pinned = patterns(&mut arguments, "--pinned")?;
    if pinned != NULL && face != Face::SEARCH {
        return Err(Failure::Usage("--pinned goes with --face search: any other face lists every tool".into()));
    }
    expect_add(&mut arguments)?;
    let name = usable(ServerName::parse(&arguments.next("the server's name")?))?;
    arguments.finish()?;
    let id = ServerId::from_bytes(&random_bytes::<16>()?);
    let row = [id.as_str(), tenant.as_str(), name.as_str(), mode.as_str(), own_tools, &now_millis(), face, &pinned];
    let mut sql = vec![bind(INSERT_SERVER, &row)];
    for (position, upstream) in upstreams.iter().enumerate() {
        let row = [id.as_str(), tenant.as_str(), upstream.as_str(), &position.to_string(), &chosen];
        sql.push(bind(INSERT_SERVER_UPSTREAM, &row));
    }
    target.execute(project, &sql.join(";\n"))?;
    println!("The server {} of the tenant {tenant} is there.", name.as_str());
    Ok(())
}

impl Target {
    pub fn read(arguments: &mut Arguments) -> Result<Self, Failure> {
        let state = arguments.value("--state")?.map(PathBuf::from);
        let remote = arguments.flag("--remote");
        let environment = arguments.value("--env")?;
        if remote != environment.is_some() || (remote && state.is_some()) {
            return Err(Failure::Usage("--remote and --env NAME go together, and not with --state".into()));
        }
        Ok(Self { state, remote, environment })
    }

    pub fn execute(&self, project: &Project, sql: &str) -> Result<(), Failure> {
        match &self.environment {
            Some(environment) if self.remote => {
                let mut command = program(project, project.npm_tool("wrangler"));
                command.args(["d1", "execute", "DB", "--remote", "--yes", "--env", environment, "--command", sql]);
                database::insert(&mut command)
            }
            _ => {
                let state = self.state.clone().unwrap_or_else(|| project.state());
                database::execute(project, &std::path::absolute(&state).map_err(Failure::at(&state))?, sql)
            }
        }
    }
}

/// The key that seals credentials: that of `.dev.vars` for a local database, and one the operator names for a deployed one.
fn root_key(project: &Project, target: &Target, given: Option<String>) -> Result<RootKey, Failure> {
    let key = match given {
        Some(key) => key,
        None if target.remote => {
            return Err(Failure::Usage("--key-from must name the variable with ENCRYPTION_KEY".into()));
        }
        None => {
            let _one_at_a_time = project.lock()?;
            write_missing(project)?;
            let text = read_if_there(&project.path(".dev.vars"))?.unwrap_or_default();
            value(&text, "ENCRYPTION_KEY").unwrap_or_default().to_owned()
        }
    };
    usable(read_key(&|_| Some(key.clone()), "ENCRYPTION_KEY")).map(RootKey::new)
}

/// What stands for SQL's NULL among the values of [`bind`]. No value has a NUL character in it.
pub const NULL: &str = "\0";

/// A statement with its `?N` replaced by literals: `wrangler d1 execute` takes no bindings.
pub fn bind(statement: &str, values: &[&str]) -> String {
    let mut pieces = statement.split('?');
    let mut sql = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let digits = piece.len() - piece.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, rest) = piece.split_at(digits);
        let value = number.parse::<usize>().ok().and_then(|number| values.get(number.checked_sub(1)?));
        match value {
            Some(&NULL) | None => sql.push_str("NULL"),
            Some(value) => sql.extend(["'", &value.replace('\'', "''"), "'"]),
        }
        sql.push_str(rest);
    }
    sql
}

pub fn expect_add(arguments: &mut Arguments) -> Result<(), Failure> {
    match arguments.next("add")?.as_str() {
        "add" => Ok(()),
        other => Err(Failure::Usage(format!("{other} is not understood here; add is"))),
    }
}

/// The texts between commas.
fn listed(text: &str) -> Vec<String> {
    text.split(',').map(str::to_owned).collect()
}

/// The column for the patterns of an option that may be given several times.
fn patterns(arguments: &mut Arguments, option: &str) -> Result<String, Failure> {
    let all: Vec<String> = arguments.values(option)?.iter().flat_map(|text| listed(text)).collect();
    if all.is_empty() { Ok(NULL.to_owned()) } else { usable(write_chosen(&all)) }
}

fn face(text: &str) -> Result<&'static str, Failure> {
    let unknown = || Failure::Usage(format!("--face is all or search, not {text}"));
    [Face::ALL, Face::SEARCH].into_iter().find(|face| *face == text).ok_or_else(unknown)
}

fn prefix_mode(text: &str) -> Result<PrefixMode, Failure> {
    let unknown = || Failure::Usage(format!("--prefix is always, conflict or never, not {text}"));
    PrefixMode::parse(text).ok_or_else(unknown)
}

fn from_environment(variable: &str) -> Result<String, Failure> {
    std::env::var(variable).map_err(|_| Failure::Usage(format!("the environment variable {variable} is not set")))
}

/// A token that an `Authorization` field can carry.
fn bearer_token(variable: &str) -> Result<String, Failure> {
    let token = from_environment(variable)?;
    if token.is_empty() || HeaderValue::parse(format!("Bearer {token}")).is_err() {
        return Err(Failure::Usage(format!("the environment variable {variable} holds no bearer token")));
    }
    Ok(token)
}

pub fn usable<T, E: Display>(outcome: Result<T, E>) -> Result<T, Failure> {
    outcome.map_err(|error| Failure::Usage(error.to_string()))
}

#[allow(clippy::disallowed_methods, reason = "this program runs on the host, where the clock is there to be read")]
pub fn now_millis() -> String {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| since.as_millis()).to_string()
}

#[cfg(test)]
mod tests {
    use super::{NULL, bind};

    #[test]
    fn a_literal_cannot_end_early() {
        let sql = bind("INSERT INTO t VALUES (?1, ?2, ?1)", &["a'); DROP TABLE t; --", NULL]);
        assert_eq!(sql, "INSERT INTO t VALUES ('a''); DROP TABLE t; --', NULL, 'a''); DROP TABLE t; --')");
    }

    #[test]
    fn a_question_mark_in_a_value_is_not_a_place() {
        assert_eq!(bind("VALUES (?1, ?2)", &["x?2", "y"]), "VALUES ('x?2', 'y')");
    }
}
