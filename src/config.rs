//! Settings: read once from the Worker's variables and secrets, checked as a whole, and refused as a whole.
//!
//! Each room reads its own settings with the tools of this file (`entropy` its providers, `token` its keys); this file
//! holds what several rooms share. `.dev.vars.example` and `docs/` list every name.

use crate::outbound::Reach;

/// Where the settings come from: the value of a variable or secret, `None` when it is not set. An empty value counts as not set.
pub type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// One thing wrong with the settings. It names the variable and never shows its value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name} {problem}")]
pub struct ConfigProblem {
    /// The variable or secret.
    pub name: String,
    /// What is wrong with it, as the end of a sentence that starts with the name.
    pub problem: String,
}

impl ConfigProblem {
    /// A problem with the variable `name`.
    pub fn new(name: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { name: name.into(), problem: problem.into() }
    }
}

/// Where this gateway runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// On a developer's machine: answers on loopback hosts only, plain `http` and loopback upstreams are allowed, the demo
    /// account may log in.
    Local,
    /// Anywhere else.
    Production,
}

impl Profile {
    /// Which addresses the gateway may ask.
    pub const fn reach(self) -> Reach {
        match self {
            Self::Local => Reach::PublicAndLoopback,
            Self::Production => Reach::Public,
        }
    }

    /// Reads `PROFILE`: `local` or `production`. There is no default: a gateway that was not told refuses to serve.
    pub fn read(lookup: Lookup<'_>) -> Result<Self, ConfigProblem> {
        match required(lookup, "PROFILE")?.as_str() {
            "local" => Ok(Self::Local),
            "production" => Ok(Self::Production),
            _ => Err(ConfigProblem::new("PROFILE", "must be local or production")),
        }
    }
}

/// The value of a variable that must be there.
pub fn required(lookup: Lookup<'_>, name: &str) -> Result<String, ConfigProblem> {
    optional(lookup, name).ok_or_else(|| ConfigProblem::new(name, "is missing"))
}

/// The value of a variable, `None` when it is absent or empty.
pub fn optional(lookup: Lookup<'_>, name: &str) -> Option<String> {
    lookup(name).filter(|value| !value.is_empty())
}

/// A whole number within `allowed`, or `default` when the variable is absent.
pub fn number(
    lookup: Lookup<'_>,
    name: &str,
    default: u64,
    allowed: std::ops::RangeInclusive<u64>,
) -> Result<u64, ConfigProblem> {
    let Some(text) = optional(lookup, name) else {
        return Ok(default);
    };
    text.parse().ok().filter(|value| allowed.contains(value)).ok_or_else(|| {
        ConfigProblem::new(name, format!("must be a whole number from {} to {}", allowed.start(), allowed.end()))
    })
}

#[cfg(test)]
mod tests {
    use super::{Profile, number, required};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_missing_variable_is_named() {
        let problem = required(&|_| Some(String::new()), "SIGNING_KEY").unwrap_err();
        assert_eq!(problem.to_string(), "SIGNING_KEY is missing");
    }

    #[test]
    fn the_profile_has_no_default() {
        assert!(Profile::read(&|_| None).is_err());
        assert!(Profile::read(&|_| Some("prod".into())).is_err());
        assert_eq!(Profile::read(&|_| Some("local".into())), Ok(Profile::Local));
    }

    #[test]
    fn a_number_outside_its_range_is_refused_and_not_clamped() {
        assert_eq!(number(&|_| None, "N", 7, 1..=9), Ok(7));
        assert_eq!(number(&|_| Some("9".into()), "N", 7, 1..=9), Ok(9));
        for bad in ["0", "10", "-1", "1.5", "x", "1e1"] {
            assert!(number(&|_| Some(bad.into()), "N", 7, 1..=9).is_err(), "{bad}");
        }
    }
}
