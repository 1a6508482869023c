//! What holds of any policies, subjects, things and arguments.

use super::facts::{Hints, Kind, Narrowing, Subject, Thing};
use super::judge::{Ask, Basis, DefaultEffect, Judgement, Policies};
use super::rule::Rule;
use super::sample;
use crate::account::role::Role;
use crate::catalogue::naming::Prefix;
use crate::id::{ApiKeyId, RuleId};
use crate::time::Timestamp;
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::{Just, Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest};
use proptest::sample::{select, subsequence};
use serde_json::{Map, Value, json};

const CONDITIONS: [&str; 16] = [
    "arguments.n > 1",
    "arguments.n == 1 || subject.role == 'agent'",
    "arguments.b && subject.service",
    "has(arguments.n)",
    "!has(arguments.n) || arguments.n < 2",
    "'b' in arguments",
    "arguments.l.all(e, e > 1)",
    "subject.role == 'owner' ? arguments.b : arguments.n > 0",
    "'ops' in subject.groups",
    "subject.user > 1",
    "subject.key != null",
    "tool.read_only || tool.upstream == 'gh'",
    "tool.name.endsWith('read') && network != null",
    "now.hour < 12 && now.weekday in [1, 2, 3, 4, 5]",
    "arguments.n",
    "true",
];
const NAMES: [&str; 5] = ["gh__read", "gh__write", "db__read", "time", "db__drop"];
const PATTERNS: [&str; 6] = ["gh__*", "*__read", "time", "*", "db__drop", "*r*"];

fn some(of: &'static [&'static str]) -> impl Strategy<Value = Vec<&'static str>> {
    prop_oneof![3 => Just(vec![]), 2 => subsequence(of.to_vec(), 1..=2)]
}

fn who() -> impl Strategy<Value = Value> {
    let parts = (some(&["owner", "agent", "auditor"]), some(&["u-1", "u-2"]), some(&["k", "l"]), some(&["ops", "dev"]));
    parts.prop_map(
        |(roles, users, keys, groups)| json!({"roles": roles, "users": users, "keys": keys, "groups": groups}),
    )
}

fn what() -> impl Strategy<Value = Value> {
    let parts = (some(&PATTERNS), some(&PATTERNS), some(&["gh", "db"]), option::weighted(0.2, any::<bool>()));
    parts.prop_map(|(tools, prompts, upstreams, read_only)| {
        let mut what = json!({"tools": tools, "prompts": prompts, "upstreams": upstreams});
        if let Some(read_only) = read_only {
            what["read_only"] = json!(read_only);
        }
        what
    })
}

fn rule_of(effects: &'static [&'static str]) -> impl Strategy<Value = Rule> {
    let when = option::weighted(0.6, select(&CONDITIONS[..]));
    let parts = (select(effects), some(&["see", "call"]), who(), what(), when);
    parts.prop_filter_map("a rule that is none", |(effect, actions, who, what, when)| {
        let mut rule = json!({"name": "R", "effect": effect, "actions": actions, "who": who, "what": what});
        if let Some(when) = when {
            rule["when"] = json!(when);
        }
        Rule::read(&rule).ok()
    })
}

fn rules() -> impl Strategy<Value = Vec<(RuleId, Rule)>> {
    let named = |(at, rule)| (RuleId::parse(&format!("r-{at}")).unwrap(), rule);
    vec(rule_of(&["allow", "deny", "approve"]), 0..6)
        .prop_map(move |rules| rules.into_iter().enumerate().map(named).collect())
}

fn default() -> impl Strategy<Value = DefaultEffect> {
    select(vec![DefaultEffect::Allow, DefaultEffect::Deny])
}

fn narrowing() -> impl Strategy<Value = Narrowing> {
    let lists = (option::of(subsequence(PATTERNS.to_vec(), 0..=2)), option::of(subsequence(vec!["gh", "db"], 0..=2)));
    lists.prop_map(|(tools, upstreams)| Narrowing::parse(tools.as_deref(), upstreams.as_deref()).unwrap())
}

fn subject() -> impl Strategy<Value = Subject> {
    let parts = (select(Role::ALL.to_vec()), some(&["ops", "dev"]), option::of(select(vec!["k", "l"])), any::<bool>());
    parts.prop_map(|(role, groups, key, service)| Subject {
        role,
        service,
        groups: groups.into_iter().map(str::to_owned).collect(),
        key: key.map(|key| ApiKeyId::parse(key).unwrap()),
        network: service.then(|| "192.0.2.1".to_owned()),
        ..sample::subject()
    })
}

#[derive(Clone, Debug)]
struct AnyThing(Kind, &'static str, Option<Prefix>, bool);

impl AnyThing {
    fn thing(&self) -> Thing<'_> {
        let hints = Hints { read_only: self.3, ..Hints::of(None) };
        Thing { kind: self.0, name: self.1, upstream: self.2.as_ref(), hints }
    }
}

fn thing() -> impl Strategy<Value = AnyThing> {
    let kind = prop_oneof![4 => Just(Kind::Tool), 1 => Just(Kind::Prompt), 1 => Just(Kind::Resource)];
    let upstream = |name: &str| name.split_once("__").map(|(upstream, _)| Prefix::parse(upstream).unwrap());
    (kind, select(&NAMES[..]), any::<bool>())
        .prop_map(move |(kind, name, reads)| AnyThing(kind, name, upstream(name), reads))
}

fn arguments() -> impl Strategy<Value = Map<String, Value>> {
    let value = select(vec![json!(true), json!(0), json!(1), json!(5), json!([1, 2]), json!([5]), json!("x")]);
    btree_map("[bnl]", value, 0..4).prop_map(|members| members.into_iter().collect())
}

fn now() -> impl Strategy<Value = Timestamp> {
    (0_u64..168).prop_map(|hour| Timestamp::from_seconds(1_795_771_800 + hour * 3600))
}

/// How much a judgement admits.
fn rank(judgement: Judgement<'_>) -> u8 {
    match judgement {
        Judgement::Hidden { .. } => 0,
        Judgement::Refused { .. } => 1,
        Judgement::NeedsApproval { .. } => 2,
        Judgement::Allowed { .. } => 3,
    }
}

proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(512))]

    #[test]
    fn what_a_call_is_admitted_for_is_listed_and_what_is_hidden_is_admitted_with_no_arguments(
        rules in rules(), default in default(), subject in subject(), narrowing in narrowing(), thing in thing(),
        many in vec(arguments(), 1..5), now in now(),
    ) {
        let policies = Policies::new(rules, default);
        let subject = Subject { narrowing, ..subject };
        let seen = policies.judge(&subject, &thing.thing(), Ask::See, now);
        prop_assert!([0, 3].contains(&rank(seen)), "{:?}", seen);
        for arguments in &many {
            let called = policies.judge(&subject, &thing.thing(), Ask::Call(arguments), now);
            prop_assert!(seen.admits() || !called.admits(), "{:?} {:?}", seen, called);
            prop_assert_eq!(seen.admits(), rank(called) > 0, "{:?} {:?}", seen, called);
        }
    }

    #[test]
    fn what_is_listed_for_its_arguments_is_admitted_with_some(
        effect in select(vec!["allow", "approve"]), subject in subject(), thing in thing(), wanted in 0_i64..9,
    ) {
        let role = if subject.role.calls() { subject.role } else { Role::Agent };
        let subject = Subject { role, ..subject };
        let when = format!("arguments.n == {wanted}");
        let policies = sample::policies(&[("r", json!({"name": "R", "effect": effect, "when": when}))], DefaultEffect::Deny);
        let thing = thing.thing();
        prop_assert!(policies.judge(&subject, &thing, Ask::See, sample::NOW).admits());
        let (good, bad) = (sample::object(json!({"n": wanted})), sample::object(json!({"n": wanted + 1})));
        prop_assert!(policies.judge(&subject, &thing, Ask::Call(&good), sample::NOW).admits());
        prop_assert!(!policies.judge(&subject, &thing, Ask::Call(&bad), sample::NOW).admits());
    }

    #[test]
    fn another_deny_admits_no_more_and_another_allow_no_less(
        rules in rules(), default in default(), subject in subject(), thing in thing(), arguments in arguments(),
        deny in rule_of(&["deny"]), allow in rule_of(&["allow"]), now in now(), id in "[a-z]",
    ) {
        let with = |rule: Option<Rule>| {
            let added = rule.map(|rule| (RuleId::parse(&id).unwrap(), rule));
            Policies::new(rules.clone().into_iter().chain(added), default)
        };
        let (plain, denying, allowing) = (with(None), with(Some(deny)), with(Some(allow)));
        for ask in [Ask::See, Ask::Call(&arguments)] {
            let of = |policies: &Policies| rank(policies.judge(&subject, &thing.thing(), ask, now));
            prop_assert!(of(&denying) <= of(&plain) && of(&plain) <= of(&allowing));
        }
    }

    #[test]
    fn the_order_of_rules_does_not_matter(
        (rules, shuffled) in rules().prop_flat_map(|rules| (Just(rules.clone()), Just(rules).prop_shuffle())),
        default in default(), subject in subject(), thing in thing(), arguments in arguments(), now in now(),
    ) {
        let (one, other) = (Policies::new(rules, default), Policies::new(shuffled, default));
        for ask in [Ask::See, Ask::Call(&arguments)] {
            let of = |policies: &Policies| format!("{:?}", policies.judge(&subject, &thing.thing(), ask, now));
            prop_assert_eq!(of(&one), of(&other));
        }
    }

    #[test]
    fn a_keys_narrowing_takes_away_and_changes_nothing_else(
        rules in rules(), default in default(), subject in subject(), narrowing in narrowing(), thing in thing(),
        arguments in arguments(), now in now(),
    ) {
        let policies = Policies::new(rules, default);
        let narrowed = Subject { narrowing, ..subject.clone() };
        let inside = narrowed.narrowing.leaves(&thing.thing());
        for ask in [Ask::See, Ask::Call(&arguments)] {
            let wide = policies.judge(&subject, &thing.thing(), ask, now);
            let narrow = policies.judge(&narrowed, &thing.thing(), ask, now);
            let expected = if inside { wide } else { Judgement::Hidden { by: Basis::Key } };
            prop_assert_eq!(narrow, expected);
        }
    }

    #[test]
    fn many_things_are_judged_as_each_by_itself(
        rules in rules(), default in default(), subject in subject(), things in vec(thing(), 1..5), arguments in arguments(),
        now in now(),
    ) {
        let policies = Policies::new(rules, default);
        let applicable = policies.about(&subject, now);
        for thing in &things {
            for ask in [Ask::See, Ask::Call(&arguments)] {
                let alone = policies.judge(&subject, &thing.thing(), ask, now);
                prop_assert_eq!(applicable.judge(&thing.thing(), ask), alone);
            }
        }
    }

    #[test]
    fn an_explanation_decides_what_the_judgement_decides(
        rules in rules(), default in default(), subject in subject(), narrowing in narrowing(), thing in thing(),
        arguments in arguments(), now in now(),
    ) {
        let count = rules.len();
        let policies = Policies::new(rules, default);
        let subject = Subject { narrowing, ..subject };
        for ask in [Ask::See, Ask::Call(&arguments)] {
            let explained = policies.explain(&subject, &thing.thing(), ask, now);
            prop_assert_eq!(explained.judgement, policies.judge(&subject, &thing.thing(), ask, now));
            prop_assert_eq!(explained.rules.len(), count);
        }
    }

    #[test]
    fn an_auditor_never_calls_and_sees_what_is_not_denied(
        rules in rules(), default in default(), subject in subject(), thing in thing(), arguments in arguments(), now in now(),
    ) {
        let policies = Policies::new(rules.clone(), default);
        let auditor = Subject { role: Role::Auditor, ..subject };
        prop_assert!(!policies.judge(&auditor, &thing.thing(), Ask::Call(&arguments), now).admits());
        let undenied = rules.into_iter().filter(|(_, rule)| rule.effect != super::rule::Effect::Deny);
        prop_assert!(Policies::new(undenied, default).judge(&auditor, &thing.thing(), Ask::See, now).admits());
    }
}
