//! The groups of a user: names that policies may mean.

use crate::account::name::is_name;

/// Most groups of one user: as many as large directories put into a token.
pub const MAX_GROUPS: usize = 200;

/// The texts are not the groups of a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("groups are at most {MAX_GROUPS} names of 1 to 64 characters")]
pub struct InvalidGroups;

/// Groups as they are stored: each once, in the order of their names. None is left out: a rule may forbid something to a
/// group as well as allow it.
pub fn parse(mut groups: Vec<String>) -> Result<Vec<String>, InvalidGroups> {
    groups.sort_unstable();
    groups.dedup();
    if groups.len() > MAX_GROUPS || !groups.iter().all(|group| is_name(group)) {
        return Err(InvalidGroups);
    }
    Ok(groups)
}

#[cfg(test)]
mod tests {
    use super::{InvalidGroups, MAX_GROUPS, parse};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn read(groups: &[&str]) -> Result<Vec<String>, InvalidGroups> {
        parse(groups.iter().map(|group| (*group).to_owned()).collect())
    }

    #[test]
    fn each_group_is_there_once() {
        assert_eq!(read(&["ops", "billing", "ops"]).unwrap(), ["billing", "ops"]);
        assert_eq!(read(&[]).unwrap(), [""; 0]);
    }

    #[test]
    fn one_that_is_no_name_and_too_many_are_refused_rather_than_left_out() {
        for bad in ["", " ops", "a\nb", &"x".repeat(65)] {
            assert_eq!(read(&["ops", bad]), Err(InvalidGroups), "{bad:?}");
        }
        let names = |many: usize| (0..many).map(|at| format!("group-{at}")).collect::<Vec<_>>();
        assert!(parse(names(MAX_GROUPS)).is_ok());
        assert_eq!(parse(names(MAX_GROUPS + 1)), Err(InvalidGroups));
    }
}
