//! What an order says of an upstream, held to what its kind may be, as it is stored.

use super::super::{data, files};
use super::Desk;
use crate::admin::upstream::{LONGEST_URL, NewUpstream, UpstreamKind, UpstreamView, api_of, store_of};
use crate::api::problem::Problem;
use crate::catalogue::naming::Prefix;
use crate::file::options::FileOptions;
use crate::http_api::check::Api;
use crate::outbound::OutboundUrl;
use crate::sql::options::DatabaseOptions;
use serde_json::{Map, Value};

/// What an order says of an upstream.
pub struct Said<'a> {
    /// Its name.
    pub name: &'a str,
    /// What it speaks.
    pub kind: UpstreamKind,
    /// Its address.
    pub url: Option<&'a str>,
    /// What it offers.
    pub api: Option<&'a Map<String, Value>>,
    /// How its files are used.
    pub files: Option<&'a FileOptions>,
    /// Which database it is, and how it is used.
    pub database: Option<&'a DatabaseOptions>,
}

/// An upstream as it is stored.
pub struct Kept {
    /// Its address, or where else it is.
    pub url: String,
    /// What it offers, as JSON.
    pub api: Option<String>,
    /// How it is used, as JSON.
    pub options: Option<String>,
}

impl<'a> Said<'a> {
    /// Of an upstream that is to be made.
    pub fn of(wanted: &'a NewUpstream) -> Self {
        let NewUpstream { name, url, kind, api, files, database } = wanted;
        let (api, files, database) = (api.as_ref(), files.as_ref(), database.as_ref());
        Self { name, kind: *kind, url: url.as_deref(), api, files, database }
    }

    /// Of one that is there, but for its address.
    pub fn of_view(view: &'a UpstreamView) -> Self {
        let (api, files, database) = (view.api.as_ref(), view.files.as_ref(), view.database.as_ref());
        Self { name: &view.name, kind: view.kind, url: None, api, files, database }
    }
}

/// Holds what is said to what the kind may be. A part of the platform must be there, and the tenant's, and an HTTP API at the
/// upstream's address, where it is `chosen` now.
pub fn kept(desk: &Desk<'_>, said: &Said<'_>, chosen: bool) -> Result<Kept, Problem> {
    Prefix::parse(said.name).map_err(|invalid| Problem::InvalidBody(format!("name: {invalid}")))?;
    let Some(store) = store_of(said.kind, said.files, said.database)? else {
        let url = said.url.ok_or_else(|| Problem::InvalidBody("url is missing".into()))?;
        sound(desk, url)?;
        return Ok(Kept { url: url.to_owned(), api: described(desk, said, url, chosen)?, options: None });
    };
    api_of(said.kind, said.api)?;
    if said.url.is_some() {
        return Err(Problem::InvalidBody("url: an upstream of that kind has none".into()));
    }
    let context = desk.context;
    let missing = match said.database {
        Some(database) => {
            let has = data::has(&context.env, &context.settings, desk.tenant()?, &database.binding);
            (!has).then_some("database: there is no such database")
        }
        None => {
            (!files::are_kept(&context.env)).then_some("files: this gateway keeps none: its operator binds a bucket")
        }
    };
    match missing.filter(|_| chosen) {
        Some(missing) => Err(Problem::InvalidBody(missing.into())),
        None => Ok(Kept { url: store.url, api: None, options: Some(store.options) }),
    }
}

/// What an upstream offers, as it is stored. An HTTP API that is described now is at the upstream's address, which its credentials
/// are bound to; a document that was fetched again may say that it is elsewhere by now.
fn described(desk: &Desk<'_>, said: &Said<'_>, url: &str, chosen: bool) -> Result<Option<String>, Problem> {
    let Some(text) = api_of(said.kind, said.api)? else { return Ok(None) };
    let refused = |words: String| Problem::InvalidBody(format!("api: {words}"));
    let reach = desk.context.settings.profile.reach();
    let api = Api::parse(text.as_bytes(), reach).map_err(|invalid| refused(invalid.to_string()))?;
    if chosen && OutboundUrl::parse(url, reach).ok().as_ref() != Some(api.base()) {
        return Err(refused("its base must be the upstream's url".into()));
    }
    // As it was understood: whoever reads it need not check it again.
    super::rendered(api.document()).map(|document| Some(document.to_string()))
}

/// Whether the address may be asked.
fn sound(desk: &Desk<'_>, url: &str) -> Result<(), Problem> {
    if url.len() > LONGEST_URL {
        return Err(Problem::InvalidBody("url has 2048 bytes at most".into()));
    }
    let judged = OutboundUrl::parse(url, desk.context.settings.profile.reach());
    judged.map(drop).map_err(|refusal| Problem::InvalidBody(format!("url: {refusal}")))
}
