//! Virtual servers in D1.

use crate::catalogue::endpoint::{Chosen, Endpoint, InvalidChoice, InvalidServerName, Member, PrefixMode, ServerName};
use crate::id::{ServerId, UpstreamId};
use serde::Deserialize;

/// The enabled servers of a tenant in the order of their names, each once for every upstream in its order; a server without
/// an enabled upstream is there too. `?1` tenant.
pub const ENABLED_SERVERS: &str = "\
    SELECT servers.id, servers.name, servers.prefix, servers.own_tools, upstreams.id AS upstream_id, \
           CASE WHEN upstreams.id IS NOT NULL THEN server_upstreams.chosen END AS chosen \
    FROM servers \
    LEFT JOIN server_upstreams ON server_upstreams.server_id = servers.id \
    LEFT JOIN upstreams ON upstreams.id = server_upstreams.upstream_id \
          AND upstreams.tenant_id = servers.tenant_id AND upstreams.disabled_at IS NULL \
    WHERE servers.tenant_id = ?1 AND servers.disabled_at IS NULL \
    ORDER BY servers.name, server_upstreams.position LIMIT 500";

/// A new server; fails when the tenant has one of that name. `?1` id, `?2` tenant, `?3` name, `?4` prefix, `?5` own tools (0 or 1), `?6` now.
pub const INSERT_SERVER: &str = "\
    INSERT INTO servers (id, tenant_id, name, prefix, own_tools, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";

/// An upstream of a server, both of one tenant; fails when the tenant has no upstream of that name. `?1` server, `?2` tenant, `?3` the upstream's name, `?4` position, `?5` chosen.
pub const INSERT_SERVER_UPSTREAM: &str = "\
    INSERT INTO server_upstreams (server_id, upstream_id, position, chosen) \
    VALUES ((SELECT id FROM servers WHERE id = ?1 AND tenant_id = ?2), \
            (SELECT id FROM upstreams WHERE tenant_id = ?2 AND name = ?3), ?4, ?5)";

/// A row of [`ENABLED_SERVERS`].
#[derive(Clone, Debug, Deserialize)]
pub struct ServerRow {
    id: ServerId,
    name: String,
    prefix: String,
    own_tools: u8,
    upstream_id: Option<UpstreamId>,
    chosen: Option<String>,
}

/// The servers of some rows, and what of the rows cannot be used.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Servers {
    /// The servers, in the order of the rows.
    pub endpoints: Vec<Endpoint>,
    /// What is not there because of a row that cannot be used.
    pub unusable: Vec<UnusableServer>,
}

/// A server, or an upstream of one, that is not there because its row cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnusableServer {
    /// The server.
    pub server: ServerId,
    /// The upstream, when the rest of the server is there.
    pub upstream: Option<UpstreamId>,
    /// Why.
    pub problem: ServerProblem,
}

/// What is wrong with a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ServerProblem {
    /// The server's name.
    #[error(transparent)]
    Name(#[from] InvalidServerName),
    /// When names get a prefix.
    #[error("the prefix is none of always, conflict, never")]
    Prefix,
    /// What is chosen is not a JSON array of texts.
    #[error("what is chosen is not a JSON array of texts")]
    NotAList,
    /// What is chosen.
    #[error(transparent)]
    Chosen(#[from] InvalidChoice),
}

/// The servers of a tenant's rows. An upstream whose choice cannot be read is not shown at all: less, never more.
pub fn endpoints(rows: Vec<ServerRow>) -> Servers {
    let mut servers = Servers::default();
    let mut last: Option<(ServerId, bool)> = None;
    for row in rows {
        let known = last.as_ref().filter(|(id, _)| *id == row.id).map(|(_, usable)| *usable);
        let usable = known.unwrap_or_else(|| servers.begin(&row));
        last = Some((row.id.clone(), usable));
        if usable {
            servers.add_member(row);
        }
    }
    servers
}

impl Servers {
    fn begin(&mut self, row: &ServerRow) -> bool {
        match row.endpoint() {
            Ok(endpoint) => self.endpoints.push(endpoint),
            Err(problem) => {
                self.unusable.push(UnusableServer { server: row.id.clone(), upstream: None, problem });
                return false;
            }
        }
        true
    }

    fn add_member(&mut self, row: ServerRow) {
        let (Some(upstream), Some(endpoint)) = (row.upstream_id, self.endpoints.last_mut()) else { return };
        match row.chosen.as_deref().map_or(Ok(Chosen::ALL), read_chosen) {
            Ok(chosen) => endpoint.members.push(Member { upstream, chosen }),
            Err(problem) => self.unusable.push(UnusableServer { server: row.id, upstream: Some(upstream), problem }),
        }
    }
}

impl ServerRow {
    fn endpoint(&self) -> Result<Endpoint, ServerProblem> {
        let name = Some(ServerName::parse(&self.name)?);
        let mode = PrefixMode::parse(&self.prefix).ok_or(ServerProblem::Prefix)?;
        Ok(Endpoint { name, mode, own_tools: self.own_tools != 0, members: Vec::new() })
    }
}

fn read_chosen(text: &str) -> Result<Chosen, ServerProblem> {
    let patterns: Vec<String> = serde_json::from_str(text).map_err(|_| ServerProblem::NotAList)?;
    Ok(Chosen::only(&patterns)?)
}

/// The column `chosen` for these patterns, once they have been found to be some.
pub fn write_chosen<T: AsRef<str>>(patterns: &[T]) -> Result<String, InvalidChoice> {
    Chosen::only(patterns)?;
    let texts: Vec<&str> = patterns.iter().map(AsRef::as_ref).collect();
    // A list of texts always serializes.
    Ok(serde_json::to_string(&texts).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::{ServerProblem, ServerRow, endpoints, write_chosen};
    use crate::catalogue::endpoint::{Chosen, PrefixMode};
    use serde_json::{Value, json};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[allow(clippy::needless_pass_by_value, reason = "a literal at every call")]
    fn rows(rows: Value) -> Vec<ServerRow> {
        serde_json::from_value(rows).unwrap()
    }

    #[test]
    fn rows_of_one_server_become_one_endpoint() {
        let chosen = write_chosen(&["read*"]).unwrap();
        let servers = endpoints(rows(json!([
            {"id": "s-1", "name": "docs", "prefix": "conflict", "own_tools": 1, "upstream_id": "u-2", "chosen": chosen},
            {"id": "s-1", "name": "docs", "prefix": "conflict", "own_tools": 1, "upstream_id": "u-1", "chosen": null},
            {"id": "s-2", "name": "empty", "prefix": "never", "own_tools": 0, "upstream_id": null, "chosen": null},
        ])));
        assert!(servers.unusable.is_empty());
        let [docs, empty] = servers.endpoints.as_slice() else { panic!("{servers:?}") };
        assert_eq!(
            (docs.name.as_ref().unwrap().as_str(), docs.mode, docs.own_tools),
            ("docs", PrefixMode::OnConflict, true)
        );
        let members: Vec<_> =
            docs.members.iter().map(|member| (member.upstream.as_str(), member.chosen.is_all())).collect();
        assert_eq!(members, [("u-2", false), ("u-1", true)]);
        assert!(empty.members.is_empty() && !empty.own_tools);
    }

    #[test]
    fn a_row_that_cannot_be_used_shows_less_and_never_more() {
        let servers = endpoints(rows(json!([
            {"id": "s-1", "name": "a b", "prefix": "never", "own_tools": 0, "upstream_id": "u-1", "chosen": null},
            {"id": "s-1", "name": "a b", "prefix": "never", "own_tools": 0, "upstream_id": "u-2", "chosen": null},
            {"id": "s-2", "name": "b", "prefix": "sometimes", "own_tools": 0, "upstream_id": "u-1", "chosen": null},
            {"id": "s-3", "name": "c", "prefix": "never", "own_tools": 0, "upstream_id": "u-1", "chosen": "read"},
            {"id": "s-3", "name": "c", "prefix": "never", "own_tools": 0, "upstream_id": "u-2", "chosen": "[\"a b\"]"},
            {"id": "s-3", "name": "c", "prefix": "never", "own_tools": 0, "upstream_id": "u-3", "chosen": "[]"},
        ])));
        let told: Vec<_> =
            servers.unusable.iter().map(|told| (told.server.as_str(), told.upstream.is_some())).collect();
        assert_eq!(told, [("s-1", false), ("s-2", false), ("s-3", true), ("s-3", true)]);
        assert_eq!(servers.unusable[2].problem, ServerProblem::NotAList);
        assert_eq!((servers.endpoints.len(), servers.endpoints[0].members.len()), (1, 1));
        assert_eq!(servers.endpoints[0].members[0].chosen, Chosen::only::<&str>(&[]).unwrap());
    }
}
