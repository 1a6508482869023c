//! `cargo xtask conformance`: the official suite of the protocol against the gateway, for each era of client and upstream.
//!
//! | file | what it holds |
//! |---|---|
//! | `stage` | what runs while the suite does: fixtures, gateway, proxy |
//! | `suite` | one run of the suite, and what it found |
//! | `leg` | the suite's scenarios for clients: how the gateway treats its upstreams |
//! | `expected` | the failures that are known, with their reasons |
//! | `table` | what is shown at the end |

mod expected;
mod leg;
mod stage;
mod suite;
mod table;

use crate::arguments::Arguments;
use crate::failure::Failure;
use crate::project::{Project, read_if_there};
use crate::suites::Totals;
use crate::{step, tools};
use expected::Expected;
use stage::{Companion, Stage};
use suite::{Findings, Suite};

const EXPECTED: &str = "tests/conformance/expected-failures.yml";

/// The suite's revision: what it says as a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Client {
    Modern,
    Legacy,
}

/// The era of the server under test, or of the one behind the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Upstream {
    Modern,
    Legacy,
}

/// One run of the suite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Pair {
    client: Client,
    upstream: Upstream,
}

impl Client {
    const ALL: [Self; 2] = [Self::Modern, Self::Legacy];

    const fn name(self) -> &'static str {
        match self {
            Self::Modern => "2026-07-28",
            Self::Legacy => "2025-11-25",
        }
    }
}

impl Upstream {
    const ALL: [Self; 2] = [Self::Modern, Self::Legacy];

    const fn name(self) -> &'static str {
        match self {
            Self::Modern => "modern",
            Self::Legacy => "legacy",
        }
    }

    /// The revision of the server that the suite brings.
    const fn revision(self) -> &'static str {
        match self {
            Self::Modern => Client::Modern.name(),
            Self::Legacy => Client::Legacy.name(),
        }
    }
}

/// What is between the suite and what it looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// The suite is a client of the gateway.
    Through,
    /// The suite is a client of the fixtures.
    Directly,
    /// The suite is the server behind the gateway.
    UpstreamLeg,
}

impl Pair {
    /// Without a gateway between them, only a server of the client's own era can answer.
    fn understand_each_other(self) -> bool {
        matches!((self.client, self.upstream), (Client::Modern, Upstream::Modern) | (Client::Legacy, Upstream::Legacy))
    }
}

impl std::fmt::Display for Pair {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.client.name(), self.upstream.name())
    }
}

/// `cargo xtask conformance [--against …] [--client …] [--direct | --upstream-leg] [--scenario NAME]`
pub fn run(project: &Project, mut arguments: Arguments) -> Result<(), Failure> {
    let upstreams = chosen(&mut arguments, "--against", &Upstream::ALL, Upstream::name)?;
    let clients = chosen(&mut arguments, "--client", &Client::ALL, Client::name)?;
    let way = way(&mut arguments)?;
    let scenario = arguments.value("--scenario")?;
    arguments.finish()?;
    let mut pairs: Vec<Pair> =
        clients.iter().flat_map(|&client| upstreams.iter().map(move |&upstream| Pair { client, upstream })).collect();
    if way == Way::Directly {
        pairs.retain(|pair| pair.understand_each_other());
    }
    if pairs.is_empty() {
        return Err(Failure::Usage(
            "directly, a client of one era can only be run against a server of the same".into(),
        ));
    }
    let partial = scenario.is_some();
    let findings = match way {
        Way::Through => through(project, &Suite::new(project, scenario), &pairs)?,
        Way::Directly => directly(project, &Suite::new(project, scenario), &pairs)?,
        Way::UpstreamLeg => leg::run(project, &pairs, scenario.as_deref())?,
    };
    let text = read_if_there(&project.path(EXPECTED))?.unwrap_or_default();
    // The file speaks of the gateway: nothing is expected to fail without it.
    let expected = if way == Way::Directly { Expected::default() } else { Expected::parse(&text)? };
    let totals = table::show(&findings, &expected, partial);
    if totals.failed == 0 { Ok(()) } else { Err(Failure::Shown) }
}

fn way(arguments: &mut Arguments) -> Result<Way, Failure> {
    match (arguments.flag("--direct"), arguments.flag("--upstream-leg")) {
        (false, false) => Ok(Way::Through),
        (true, false) => Ok(Way::Directly),
        (false, true) => Ok(Way::UpstreamLeg),
        (true, true) => Err(Failure::Usage("--direct is without a gateway: it has no --upstream-leg".into())),
    }
}

/// The values an option names; all of them when it is absent or says `all`.
fn chosen<T: Copy>(
    arguments: &mut Arguments,
    option: &str,
    all: &[T],
    name: impl Fn(T) -> &'static str,
) -> Result<Vec<T>, Failure> {
    let Some(wanted) = arguments.value(option)?.filter(|wanted| wanted != "all") else { return Ok(all.to_vec()) };
    let found: Vec<T> = all.iter().copied().filter(|&value| name(value) == wanted).collect();
    if found.is_empty() {
        let names: Vec<&str> = all.iter().map(|&value| name(value)).collect();
        return Err(Failure::Usage(format!("{option} takes {} or all, not {wanted}", names.join(", "))));
    }
    Ok(found)
}

fn directly(project: &Project, suite: &Suite<'_>, pairs: &[Pair]) -> Result<Vec<Findings>, Failure> {
    {
        let _one_at_a_time = project.lock()?;
        tools::npm_packages(project)?;
        stage::build_fixture(project)?;
    }
    let mut findings = Vec::new();
    for &pair in pairs {
        let fixture = Companion::fixture(project, pair.upstream.name())?;
        step::starts("suite", &format!("{} against the {} fixture", pair.client.name(), pair.upstream.name()));
        findings.push(suite.run(pair, &fixture.url)?);
    }
    Ok(findings)
}

fn through(project: &Project, suite: &Suite<'_>, pairs: &[Pair]) -> Result<Vec<Findings>, Failure> {
    let stage = Stage::set(project)?;
    let mut findings = Vec::new();
    for &pair in pairs {
        let url = stage.url(pair.upstream);
        step::starts("suite", &format!("{} against {} ({url})", pair.client.name(), pair.upstream.name()));
        findings.push(suite.run(pair, &url)?);
    }
    Ok(findings)
}

#[cfg(test)]
mod tests {
    use super::{Client, Pair, Upstream, Way, chosen, way};
    use crate::arguments::Arguments;

    #[test]
    fn an_era_that_does_not_exist_is_refused_and_none_means_all() {
        let pick = |line: &str| {
            let mut arguments = Arguments::new(line.split(' ').map(str::to_owned));
            chosen(&mut arguments, "--client", &Client::ALL, Client::name)
        };
        assert_eq!(pick("--client 2025-11-25").unwrap(), [Client::Legacy]);
        assert_eq!(pick("--client all").unwrap(), Client::ALL);
        assert_eq!(pick("--direct").unwrap(), Client::ALL);
        assert_eq!(
            pick("--client 2024").unwrap_err().to_string(),
            "--client takes 2026-07-28, 2025-11-25 or all, not 2024"
        );
    }

    #[test]
    fn the_suite_is_a_client_unless_it_is_told_otherwise_and_never_two_things_at_once() {
        let pick = |line: &str| way(&mut Arguments::new(line.split_whitespace().map(str::to_owned)));
        assert_eq!(pick("").unwrap(), Way::Through);
        assert_eq!(pick("--direct").unwrap(), Way::Directly);
        assert_eq!(pick("--upstream-leg").unwrap(), Way::UpstreamLeg);
        assert!(pick("--direct --upstream-leg").is_err());
    }

    #[test]
    fn only_the_gateway_lets_two_eras_meet() {
        let pair = |client, upstream| Pair { client, upstream };
        assert!(pair(Client::Modern, Upstream::Modern).understand_each_other());
        assert!(!pair(Client::Legacy, Upstream::Modern).understand_each_other());
        assert_eq!(pair(Client::Legacy, Upstream::Modern).to_string(), "2025-11-25/modern");
    }
}
