//! What may be shown of what an upstream said: approved versions, and nothing else.

use super::definition::{Definition, Kind, SERVER};
use super::pin::{Pin, Pins, Standing};
use super::reaction::{Reaction, Standing as Shown};
use super::version::{Fingerprint, Version};
use crate::mcp::wire::{Prompt, Resource, ResourceTemplate, Tool};
use crate::upstream::survey::{Introduction, Survey};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What is shown of an upstream.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Served {
    /// Its lists, with the pinned definitions.
    pub survey: Survey,
    /// What is withheld: calls of it are refused.
    pub withheld: BTreeSet<(Kind, String)>,
}

/// The versions that are needed to show what is pinned in the place of what is withheld.
pub fn wanted(pins: &Pins, reaction: Reaction) -> impl Iterator<Item = &Pin> {
    let shown = reaction.quarantined == Shown::Pinned;
    pins.iter().filter(move |pin| shown && pin.is_withheld() && pin.approved.is_some() && !pin.absent)
}

/// What is left of a survey. An item is shown if its pin is approved and it is the approved version to the letter. In the
/// place of one that is withheld stands the approved version, where the tenant wants that and it can be read.
pub fn serve(survey: Survey, pins: &Pins, versions: &BTreeMap<Fingerprint, Version>, reaction: Reaction) -> Served {
    let keeper = Keeper { pins, versions, shown: reaction.quarantined == Shown::Pinned };
    let is_withheld = |pin: &&Pin| pin.is_withheld() && !pin.absent;
    let requests = survey.requests;
    let tool = |tool: &Tool| Definition::of_tool(tool).sending(requests.get(&tool.name));
    Served {
        withheld: pins.iter().filter(is_withheld).map(|pin| (pin.kind, pin.name.clone())).collect(),
        survey: Survey {
            introduction: keeper.introduction(survey.introduction),
            tools: keeper.kept(survey.tools, tool, tool_of),
            prompts: keeper.kept(survey.prompts, Definition::of_prompt, |one| Some(prompt_of(one))),
            resources: keeper.kept(survey.resources, Definition::of_resource, |one| Some(resource_of(one))),
            templates: keeper.kept(survey.templates, Definition::of_template, |one| Some(template_of(one))),
            // Nobody who is shown a tool is told what it sends.
            requests: BTreeMap::new(),
            unusable: survey.unusable,
        },
    }
}

struct Keeper<'a> {
    pins: &'a Pins,
    versions: &'a BTreeMap<Fingerprint, Version>,
    shown: bool,
}

impl Keeper<'_> {
    fn kept<T>(
        &self,
        items: Vec<T>,
        define: impl Fn(&T) -> Definition,
        restore: impl Fn(&Definition) -> Option<T>,
    ) -> Vec<T> {
        let keep = |item: T| {
            let version = Version::of(define(&item));
            let pin = self.pins.get(version.kind(), version.name())?;
            match pin.standing {
                Standing::Approved => (pin.approved.as_ref() == Some(version.fingerprint())).then_some(item),
                Standing::Held | Standing::Quarantined | Standing::Refused => restore(self.pinned(pin)?.definition()),
            }
        };
        items.into_iter().filter_map(keep).collect()
    }

    /// The approved version of something that is withheld, where it is shown.
    fn pinned(&self, pin: &Pin) -> Option<&Version> {
        if self.shown { self.versions.get(pin.approved.as_ref()?) } else { None }
    }

    /// What the upstream says of itself: nothing of it where that is not approved, but what it offers, which decides what it
    /// is asked for and is seen by no model.
    fn introduction(&self, said: Introduction) -> Introduction {
        let version = Version::of(Definition::of_introduction(&said));
        let pin = self.pins.get(Kind::Server, SERVER);
        let approved =
            |pin: &&Pin| pin.standing == Standing::Approved && pin.approved.as_ref() == Some(version.fingerprint());
        if pin.as_ref().is_some_and(approved) {
            return said;
        }
        let pinned = pin.and_then(|pin| self.pinned(pin)).map(|version| &version.definition().members);
        let object = |name: &str| pinned.and_then(|members| members.get(name)?.as_object().cloned());
        let instructions = pinned.and_then(|members| members.get("instructions")?.as_str().map(str::to_owned));
        Introduction { offered: said.offered, server: object("serverInfo"), instructions }
    }
}

fn tool_of(definition: &Definition) -> Option<Tool> {
    let mut members = definition.members.clone();
    members.insert("name".to_owned(), Value::String(definition.name.clone()));
    serde_json::from_value(Value::Object(members)).ok()
}

fn prompt_of(definition: &Definition) -> Prompt {
    Prompt { name: definition.name.clone(), rest: definition.members.clone() }
}

fn resource_of(definition: &Definition) -> Resource {
    Resource { uri: definition.name.clone(), rest: definition.members.clone() }
}

fn template_of(definition: &Definition) -> ResourceTemplate {
    ResourceTemplate { uri_template: definition.name.clone(), rest: definition.members.clone() }
}

#[cfg(test)]
#[path = "serve_tests.rs"]
mod tests;
