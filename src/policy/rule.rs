//! Rules: an effect, whom and what it is about, and perhaps a condition.
//!
//! A rule is one JSON object, and every member but `name` and `effect` may be left out:
//!
//! ```json
//! {"name": "Agents pay little", "effect": "allow", "actions": ["see", "call"],
//!  "who": {"roles": ["agent"], "users": [], "keys": [], "clients": [], "groups": ["billing"]},
//!  "what": {"tools": ["pay__*"], "upstreams": ["pay"], "read_only": false},
//!  "when": "arguments.amount < 100"}
//! ```
//!
//! The entries of a list are alternatives, and all lists have to hold; a list that is empty or not there says nothing. Of
//! `tools`, `prompts` and `resources`, which name things of different kinds, one has to hold.

use super::condition::Condition;
use super::document::{Fault, InvalidRule, Object};
use super::facts::{Kind, Subject, Thing};
use super::glob::Globs;
use crate::account::role::Role;
use crate::catalogue::naming::Prefix;
use crate::id::{ApiKeyId, UserId};
use crate::json::{self, Caps};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Limits on the document of a rule: 64 KiB, 4 levels.
pub const CAPS: Caps = Caps { max_bytes: 64 * 1024, max_depth: 4 };
/// Longest name of a rule, in characters.
pub const MAX_NAME: usize = 64;
/// Longest name of a group or id of a client, in bytes.
const MAX_TEXT: usize = 512;

const MEMBERS: [&str; 6] = ["name", "effect", "actions", "who", "what", "when"];
const OF_WHO: [&str; 5] = ["roles", "users", "keys", "clients", "groups"];
const OF_WHAT: [&str; 8] =
    ["tools", "prompts", "resources", "upstreams", "read_only", "destructive", "idempotent", "open_world"];

/// What a rule does where it holds. In the order in which they win.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub enum Effect {
    /// Refuses.
    Deny,
    /// Admits a call once somebody has approved it.
    Approve,
    /// Admits.
    Allow,
}

/// A rule, checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Its name, for people.
    pub name: String,
    /// What it does.
    pub effect: Effect,
    /// Whether it is about seeing.
    pub sees: bool,
    /// Whether it is about calling.
    pub calls: bool,
    /// Whom it is about.
    pub who: Who,
    /// What it is about.
    pub what: What,
    /// When it holds.
    pub when: Option<Condition>,
}

/// Whom a rule is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Who {
    roles: Vec<Role>,
    users: Vec<UserId>,
    keys: Vec<ApiKeyId>,
    clients: Vec<String>,
    groups: Vec<String>,
}

/// What a rule is about. One with a hint is about tools only.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct What {
    tools: Option<Globs>,
    prompts: Option<Globs>,
    resources: Option<Globs>,
    upstreams: Vec<Prefix>,
    read_only: Option<bool>,
    destructive: Option<bool>,
    idempotent: Option<bool>,
    open_world: Option<bool>,
}

impl Rule {
    /// Reads a document.
    pub fn parse(bytes: &[u8]) -> Result<Self, InvalidRule> {
        let value = json::parse_object(bytes, CAPS).map_err(|error| Fault::Json(error).at(String::new()))?;
        Self::read(&value)
    }

    /// Reads a document that is already one reading of JSON.
    pub fn read(value: &Value) -> Result<Self, InvalidRule> {
        let rule = Object::read(Some(value), "", &MEMBERS)?;
        let (sees, calls) = read_actions(&rule)?;
        let read = Self {
            name: read_name(&rule)?,
            effect: read_effect(&rule)?,
            sees,
            calls,
            who: Who::read(&Object::read(rule.member("who"), "/who", &OF_WHO)?)?,
            what: What::read(&Object::read(rule.member("what"), "/what", &OF_WHAT)?)?,
            when: read_when(&rule)?,
        };
        if !read.calls && read.effect == Effect::Approve {
            return Err(rule.wrong("actions", Fault::ApprovesNoCall));
        }
        if !read.calls && read.when.as_ref().is_some_and(Condition::mentions_arguments) {
            return Err(rule.wrong("when", Fault::SeesNoArguments));
        }
        Ok(read)
    }
}

fn read_name(rule: &Object<'_>) -> Result<String, InvalidRule> {
    let name = rule.text("name")?.ok_or_else(|| rule.wrong("name", Fault::Missing))?;
    let fits = (1..=MAX_NAME).contains(&name.chars().count()) && !name.chars().any(char::is_control);
    let form = Fault::Form("1 to 64 characters without control characters, and not blank");
    if fits && !name.trim().is_empty() { Ok(name.to_owned()) } else { Err(rule.wrong("name", form)) }
}

fn read_effect(rule: &Object<'_>) -> Result<Effect, InvalidRule> {
    match rule.text("effect")? {
        Some("allow") => Ok(Effect::Allow),
        Some("deny") => Ok(Effect::Deny),
        Some("approve") => Ok(Effect::Approve),
        Some(_) => Err(rule.wrong("effect", Fault::Form("allow, deny or approve"))),
        None => Err(rule.wrong("effect", Fault::Missing)),
    }
}

/// Whether it is about seeing, and about calling: about both when nothing is said.
fn read_actions(rule: &Object<'_>) -> Result<(bool, bool), InvalidRule> {
    let known = |text: &str| match text {
        "see" => Ok(true),
        "call" => Ok(false),
        _ => Err(Fault::Form("see or call")),
    };
    let actions = rule.list("actions", known)?;
    let all = actions.is_empty();
    Ok((all || actions.contains(&true), all || actions.contains(&false)))
}

fn read_when(rule: &Object<'_>) -> Result<Option<Condition>, InvalidRule> {
    let parse = |text| Condition::parse(text).map_err(|fault| rule.wrong("when", Fault::Condition(fault)));
    rule.text("when")?.map(parse).transpose()
}

fn read_text(text: &str) -> Result<String, Fault> {
    let fits = (1..=MAX_TEXT).contains(&text.len()) && !text.chars().any(char::is_control);
    if fits { Ok(text.to_owned()) } else { Err(Fault::Form("1 to 512 bytes without control characters")) }
}

impl Who {
    fn read(who: &Object<'_>) -> Result<Self, InvalidRule> {
        const ID: Fault = Fault::Form("an id: 1 to 64 characters of A-Z, a-z, 0-9, '-', '_'");
        const ROLE: Fault = Fault::Form("owner, admin, developer, auditor or agent");
        Ok(Self {
            roles: who.list("roles", |text| Role::parse(text).ok_or(ROLE))?,
            users: who.list("users", |text| UserId::parse(text).map_err(|_| ID))?,
            keys: who.list("keys", |text| ApiKeyId::parse(text).map_err(|_| ID))?,
            clients: who.list("clients", read_text)?,
            groups: who.list("groups", read_text)?,
        })
    }

    /// Whether it is about this subject.
    pub fn holds(&self, subject: &Subject) -> bool {
        among(&self.roles, Some(&subject.role))
            && among(&self.users, Some(&subject.user))
            && among(&self.keys, subject.key.as_ref())
            && among(&self.clients, subject.client.as_ref())
            && (self.groups.is_empty() || subject.groups.iter().any(|group| self.groups.contains(group)))
    }
}

/// Whether a list says nothing, or names this.
fn among<T: PartialEq>(list: &[T], one: Option<&T>) -> bool {
    list.is_empty() || one.is_some_and(|one| list.contains(one))
}

impl What {
    fn read(what: &Object<'_>) -> Result<Self, InvalidRule> {
        let globs = |name: &str| {
            let texts = what.list(name, |text| Globs::check(text).map(|()| text).map_err(Fault::Glob))?;
            let globs = Globs::parse(&texts).map_err(|fault| what.wrong(name, Fault::Glob(fault)))?;
            Ok((!texts.is_empty()).then_some(globs))
        };
        Ok(Self {
            tools: globs("tools")?,
            prompts: globs("prompts")?,
            resources: globs("resources")?,
            upstreams: what.list("upstreams", |text| Prefix::parse(text).map_err(Fault::Upstream))?,
            read_only: what.truth("read_only")?,
            destructive: what.truth("destructive")?,
            idempotent: what.truth("idempotent")?,
            open_world: what.truth("open_world")?,
        })
    }

    /// Whether it is about this thing.
    pub fn holds(&self, thing: &Thing<'_>) -> bool {
        among(&self.upstreams, thing.upstream) && self.hints_hold(thing) && self.names_hold(thing)
    }

    fn hints_hold(&self, thing: &Thing<'_>) -> bool {
        let hints = thing.hints;
        let said = [
            (self.read_only, hints.read_only),
            (self.destructive, hints.destructive),
            (self.idempotent, hints.idempotent),
            (self.open_world, hints.open_world),
        ];
        said.into_iter().all(|(wanted, is)| wanted.is_none_or(|wanted| thing.kind == Kind::Tool && wanted == is))
    }

    fn names_hold(&self, thing: &Thing<'_>) -> bool {
        let globs = match thing.kind {
            Kind::Tool => &self.tools,
            Kind::Prompt => &self.prompts,
            Kind::Resource => &self.resources,
        };
        match globs {
            Some(globs) => globs.fit(thing.name),
            None => self.tools.is_none() && self.prompts.is_none() && self.resources.is_none(),
        }
    }
}

#[cfg(test)]
#[path = "rule_tests.rs"]
mod tests;
