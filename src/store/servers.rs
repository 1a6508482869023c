//! Virtual servers in D1.

use crate::catalogue::endpoint::{
    Chosen, Endpoint, Face, InvalidChoice, InvalidServerName, Member, PrefixMode, ServerName,
};
use crate::id::{ServerId, UpstreamId};
use serde::Deserialize;

/// The enabled servers of a tenant in the order of their names, each once for every upstream in its order; a server without
/// an enabled upstream is there too. `?1` tenant.
pub const ENABLED_SERVERS: &str = "\
    SELECT servers.id, servers.name, servers.prefix, servers.own_tools, servers.face, servers.pinned, upstreams.id AS upstream_id, \
           CASE WHEN upstreams.id IS NOT NULL THEN server_upstreams.chosen END AS chosen \
    FROM servers \
    LEFT JOIN server_upstreams ON server_upstreams.server_id = servers.id \
    LEFT JOIN upstreams ON upstreams.id = server_upstreams.upstream_id \
          AND upstreams.tenant_id = servers.tenant_id AND upstreams.disabled_at IS NULL \
    WHERE servers.tenant_id = ?1 AND servers.disabled_at IS NULL \
    ORDER BY servers.name, server_upstreams.position LIMIT 500";

/// A new server; fails when the tenant has one of that name. `?1` id, `?2` tenant, `?3` name, `?4` prefix, `?5` own tools (0 or 1), `?6` now,
/// `?7` face, `?8` pinned tools or NULL.
pub const INSERT_SERVER: &str = "\
    INSERT INTO servers (id, tenant_id, name, prefix, own_tools, created_at, face, pinned) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";

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
    face: String,
    pinned: Option<String>,
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
    /// What its list of tools shows.
    #[error("the face is none of all, search")]
    Face,
    /// What is chosen or pinned is not a JSON array of texts.
    #[error("what is chosen or pinned is not a JSON array of texts")]
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
        Ok(Endpoint { name, mode, own_tools: self.own_tools != 0, face: self.face()?, members: Vec::new() })
    }

    fn face(&self) -> Result<Face, ServerProblem> {
        match self.face.as_str() {
            Face::ALL => Ok(Face::All),
            Face::SEARCH => Ok(Face::Search { pinned: read_chosen(self.pinned.as_deref().unwrap_or("[]"))? }),
            _ => Err(ServerProblem::Face),
        }
    }
}

fn read_chosen(text: &str) -> Result<Chosen, ServerProblem> {
    let patterns: Vec<String> = serde_json::from_str(text).map_err(|_| ServerProblem::NotAList)?;
    Ok(Chosen::only(&patterns)?)
}

/// The column `chosen` or `pinned` for these patterns, once they have been found to be some.
pub fn write_chosen<T: AsRef<str>>(patterns: &[T]) -> Result<String, InvalidChoice> {
    Chosen::only(patterns)?;
    let texts: Vec<&str> = patterns.iter().map(AsRef::as_ref).collect();
    // A list of texts always serializes.
    Ok(serde_json::to_string(&texts).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::{ServerProblem, ServerRow, endpoints, write_chosen};
    use crate::catalogue::endpoint::{Chosen, Face, PrefixMode};
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
            {"id": "s-1", "name": "docs", "prefix": "conflict", "own_tools": 1, "face": "all", "upstream_id": "u-2",
                "chosen": chosen},
            {"id": "s-1", "name": "docs", "prefix": "conflict", "own_tools": 1, "face": "all", "upstream_id": "u-1",
                "chosen": null},
            {"id": "s-2", "name": "empty", "prefix": "never", "own_tools": 0, "face": "all", "upstream_id": null,
                "chosen": null},
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
            {"id": "s-1", "name": "a b", "prefix": "never", "own_tools": 0, "face": "all", "upstream_id": "u-1", "chosen": null},
            {"id": "s-1", "name": "a b", "prefix": "never", "own_tools": 0, "face": "all", "upstream_id": "u-2", "chosen": null},
            {"id": "s-2", "name": "b", "prefix": "sometimes", "own_tools": 0, "face": "all", "upstream_id": "u-1", "chosen": null},
            {"id": "s-3", "name": "c", "prefix": "never", "own_tools": 0, "face": "all", "upstream_id": "u-1", "chosen": "read"},
            {"id": "s-3", "name": "c", "prefix": "never", "own_tools": 0, "face": "all", "upstream_id": "u-2", "chosen": "[\"a b\"]"},
            {"id": "s-3", "name": "c", "prefix": "never", "own_tools": 0, "face": "all", "upstream_id": "u-3", "chosen": "[]"},
        ])));
        let told: Vec<_> =
            servers.unusable.iter().map(|told| (told.server.as_str(), told.upstream.is_some())).collect();
        assert_eq!(told, [("s-1", false), ("s-2", false), ("s-3", true), ("s-3", true)]);
        assert_eq!(servers.unusable[2].problem, ServerProblem::NotAList);
        assert_eq!((servers.endpoints.len(), servers.endpoints[0].members.len()), (1, 1));
        assert_eq!(servers.endpoints[0].members[0].chosen, Chosen::only::<&str>(&[]).unwrap());
    }
    #[test]
    fn a_face_is_all_or_a_search_with_what_is_pinned() {
        let row = |face: &str, pinned: Value| {
            rows(json!([{"id": "s-1", "name": "a", "prefix": "never", "own_tools": 0, "face": face, "pinned": pinned,
                "upstream_id": null, "chosen": null}]))
        };
        let face = |face: &str, pinned: Value| endpoints(row(face, pinned)).endpoints.pop().map(|found| found.face);
        assert_eq!(face("all", json!("[\"a\"]")), Some(Face::All));
        assert_eq!(face("search", Value::Null), Some(Face::Search { pinned: Chosen::only::<&str>(&[]).unwrap() }));
        let pinned = json!(write_chosen(&["a", "b*"]).unwrap());
        assert_eq!(face("search", pinned), Some(Face::Search { pinned: Chosen::only(&["a", "b*"]).unwrap() }));
        for (name, pinned) in
            [("Search", Value::Null), ("", Value::Null), ("search", json!("a")), ("search", json!("[\"a b\"]"))]
        {
            assert_eq!(face(name, pinned.clone()), None, "{name} {pinned}");
        }
    }
}
