//! Upstreams: the tool servers behind the gateway.

use super::super::database::{self, maybe, moment};
use super::super::{clock, errand, files, showing, tenant};
use super::kept::{Said, kept};
use super::making::{self, Making, answered, make};
use super::tenants::NoFilter;
use super::{Desk, Outcome, changeable};
use crate::admin::order::{Order, Page};
use crate::admin::upstream::{NewUpstream, UpstreamChange, UpstreamKind, UpstreamTrial, UpstreamView};
use crate::api::problem::Problem;
use crate::credential::held::Held;
use crate::file::options::FileOptions;
use crate::id::UpstreamId;
use crate::store::credentials::{CredentialRow, EVERYBODYS_OF};
use crate::store::upstreams::{
    DELETE_UPSTREAM, FORGET_SOURCE, LEAVE_FILES, MAKE_UPSTREAM, UPDATE_UPSTREAM, UPSTREAM, UPSTREAM_NAMED, UPSTREAMS,
    UpstreamViewRow,
};
use crate::time::Timestamp;
use crate::upstream::survey::Survey;
use crate::upstream::{Description, Speaks, Upstream};
use std::rc::Rc;
use worker::wasm_bindgen::JsValue;

/// The tenant's upstreams.
pub async fn list(desk: &Desk<'_>, mut order: Order) -> Result<Outcome, Problem> {
    let slice = order.slice()?;
    order.read::<NoFilter>()?;
    let values = [desk.tenant()?.as_str().into(), slice.after.as_str().into(), (slice.limit + 1).into()];
    let rows: Vec<UpstreamViewRow> = database::all(&desk.context.env, UPSTREAMS, &values).await?;
    let upstreams = rows.into_iter().map(UpstreamView::from).collect();
    Outcome::given(&Page::of(upstreams, slice.limit, |upstream: &UpstreamView| upstream.id.as_str()), None)
}

/// Puts a tool server behind the gateway.
pub async fn create(desk: &Desk<'_>, order: &Order) -> Result<Outcome, Problem> {
    let wanted: NewUpstream = order.read()?;
    let kept = kept(desk, &Said::of(&wanted), true)?;
    if let Some(known) = answered(desk, order).await? {
        return Ok(known);
    }
    let (id, now) = (making::id(), clock::now());
    let values = vec![
        desk.tenant()?.as_str().into(),
        id.as_str().into(),
        wanted.name.as_str().into(),
        wanted.kind.as_str().into(),
        kept.url.as_str().into(),
        maybe(kept.api.as_deref()),
        maybe(kept.options.as_deref()),
        moment(now),
    ];
    let upstream = UpstreamView {
        id: UpstreamId::parse(&id).map_err(|error| Problem::Internal(error.to_string()))?,
        name: wanted.name,
        kind: wanted.kind,
        url: kept.url,
        api: wanted.api,
        source: None,
        files: wanted.files.or_else(|| (wanted.kind == UpstreamKind::Files).then(FileOptions::default)),
        database: wanted.database,
        disabled_at: None,
        created_at: now.seconds(),
        updated_at: now.seconds(),
        version: 1,
    };
    let made = make(desk, order, Making::of((MAKE_UPSTREAM, values)), &upstream, taken()).await?;
    tenant::forget(desk.tenant()?);
    desk.done(desk.tenant()?, Some(&id));
    Ok(made)
}

/// Why no upstream was made.
pub const fn taken() -> Problem {
    Problem::Conflict("an upstream of that name is there, or too many are")
}

/// One upstream.
pub async fn read(desk: &Desk<'_>, order: &Order) -> Result<Outcome, Problem> {
    order.read::<NoFilter>()?;
    let upstream = find(desk, order.id()).await?;
    Outcome::given(&upstream, Some(upstream.version))
}

/// Changes an upstream. Its credentials stay, and are shown to no origin but their own.
pub async fn update(desk: &Desk<'_>, order: &Order) -> Result<Outcome, Problem> {
    let change: UpstreamChange = order.read()?;
    let upstream = find(desk, order.id()).await?;
    let version = changeable(order, upstream.version)?;
    let now = clock::now();
    let disabled_at = match change.disabled {
        Some(true) => upstream.disabled_at.or(Some(now.seconds())),
        Some(false) => None,
        None => upstream.disabled_at,
    };
    let (by_hand, is_moved) = (change.api.is_some(), change.url.is_some());
    let moves = change.files.is_some() || change.database.is_some() || by_hand || is_moved;
    let url = match upstream.kind {
        UpstreamKind::Mcp | UpstreamKind::Http => Some(change.url.unwrap_or(upstream.url)),
        UpstreamKind::Files | UpstreamKind::Database => change.url,
    };
    let changed = UpstreamView {
        source: upstream.source.filter(|_| !by_hand),
        name: change.name.unwrap_or(upstream.name),
        api: change.api.unwrap_or(upstream.api),
        files: change.files.or(upstream.files),
        database: change.database.or(upstream.database),
        disabled_at,
        updated_at: now.seconds(),
        version: version + 1,
        url: String::new(),
        ..upstream
    };
    let kept = kept(desk, &Said { url: url.as_deref(), ..Said::of_view(&changed) }, moves)?;
    let changed = UpstreamView { url: kept.url, ..changed };
    let values = [
        desk.tenant()?.as_str().into(),
        changed.id.as_str().into(),
        version.into(),
        changed.name.as_str().into(),
        changed.url.as_str().into(),
        maybe(kept.api.as_deref()),
        changed.disabled_at.map_or(JsValue::NULL, |at| moment(Timestamp::from_seconds(at))),
        moment(now),
        maybe(kept.options.as_deref()),
    ];
    let [tenant, id, ..] = &values;
    let described = [tenant.clone(), id.clone(), changed.version.into()];
    let mut steps: Vec<(&str, &[JsValue])> = vec![(UPDATE_UPSTREAM, &values)];
    if by_hand {
        steps.push((FORGET_SOURCE, &described));
    }
    let done = database::batch(&desk.context.env, &steps).await?;
    if database::changes(done.first())? == 0 {
        return Err(Problem::Conflict("it was changed meanwhile, its new name is taken, or 50 are enabled"));
    }
    tenant::forget(desk.tenant()?);
    desk.done(desk.tenant()?, Some(changed.id.as_str()));
    Outcome::given(&changed, Some(version + 1))
}

/// Deletes an upstream with its credentials. Its files are remembered in the same transaction, and deleted while nobody waits.
pub async fn delete(desk: &Desk<'_>, order: &Order) -> Result<Outcome, Problem> {
    order.read::<NoFilter>()?;
    let upstream = find(desk, order.id()).await?;
    let values: [JsValue; 2] = [desk.tenant()?.as_str().into(), upstream.id.as_str().into()];
    let [tenant, id] = values.clone();
    let left = [tenant, id, moment(clock::now())];
    let steps: [(&str, &[JsValue]); 2] = [(LEAVE_FILES, &left), (DELETE_UPSTREAM, &values)];
    let done = database::batch(&desk.context.env, &steps).await?;
    if database::changes(done.get(1))? == 0 {
        return Err(Problem::NoSuchThing);
    }
    tenant::forget(desk.tenant()?);
    if upstream.kind == UpstreamKind::Files {
        files::clear_later(desk.context);
    }
    desk.done(desk.tenant()?, Some(upstream.id.as_str()));
    Ok(Outcome::Done)
}

/// Asks an upstream now what it offers, with what it is shown for who asks. The list is not remembered.
pub async fn test(desk: &Desk<'_>, order: &Order) -> Result<Outcome, Problem> {
    order.read::<NoFilter>()?;
    let view = find(desk, order.id()).await?;
    let upstream = match asked(desk, &view).await? {
        Ok(upstream) => upstream,
        Err(refusal) => return Outcome::given(&failed(refusal), None),
    };
    let party = tenant::party(desk.context, desk.principal()?);
    let trial = match errand::survey(&party, &upstream).await {
        Ok((survey, legacy)) => told(&survey, legacy),
        Err(failure) => failed(failure.to_string()),
    };
    desk.done(desk.tenant()?, Some(view.id.as_str()));
    Outcome::given(&trial, None)
}

/// The upstream as it would be asked for who asks.
async fn asked(desk: &Desk<'_>, view: &UpstreamView) -> Result<Result<Upstream, String>, Problem> {
    let (context, tenant) = (desk.context, desk.tenant()?);
    if let Some(speaks) = store(view) {
        let upstream = Upstream::store(view.id.clone(), view.name.as_str(), speaks);
        return Ok(upstream.map_err(|refusal| refusal.to_string()));
    }
    let values = [tenant.as_str().into(), view.id.as_str().into()];
    let row: Option<CredentialRow> = database::first(&context.env, EVERYBODYS_OF, &values).await?;
    let credential = row.map_or_else(Held::default, |row| showing::held(context, tenant, &row));
    let reach = context.settings.profile.reach();
    match Upstream::new(view.id.clone(), view.name.as_str(), &view.url, credential, reach) {
        Ok(upstream) => {
            let is_http = view.kind == UpstreamKind::Http;
            let upstream = if is_http {
                upstream.described_by(Description { version: view.version, sourced: view.source.is_some() })
            } else {
                upstream
            };
            showing::for_caller(context, desk.principal()?, &upstream).await.map(Ok)
        }
        Err(refusal) => Ok(Err(refusal.to_string())),
    }
}

/// How a part of the platform is used; nothing for what has an address.
fn store(view: &UpstreamView) -> Option<Speaks> {
    let files = view.files.clone().map(|files| Speaks::Files(Rc::new(files)));
    files.or_else(|| view.database.clone().map(|database| Speaks::Database(Rc::new(database))))
}

fn failed(problem: String) -> UpstreamTrial {
    UpstreamTrial {
        works: false,
        problem: Some(problem),
        legacy: false,
        tools: Vec::new(),
        prompts: Vec::new(),
        resources: 0,
        unusable: Vec::new(),
    }
}

fn told(survey: &Survey, legacy: bool) -> UpstreamTrial {
    UpstreamTrial {
        works: true,
        problem: None,
        legacy,
        tools: survey.tools.iter().map(|tool| tool.name.clone()).collect(),
        prompts: survey.prompts.iter().map(|prompt| prompt.name.clone()).collect(),
        resources: survey.resources.len() + survey.templates.len(),
        unusable: survey.unusable.iter().map(|entry| format!("{:?} {}", entry.tool, entry.reason)).collect(),
    }
}

/// The upstream of that id, or else of that name.
pub async fn named(desk: &Desk<'_>, name: &str) -> Result<UpstreamView, Problem> {
    let values = [desk.tenant()?.as_str().into(), name.into()];
    let row: Option<UpstreamViewRow> = database::first(&desk.context.env, UPSTREAM_NAMED, &values).await?;
    row.map(UpstreamView::from).ok_or(Problem::Conflict("there is no such upstream"))
}

/// An upstream of the tenant.
pub async fn find(desk: &Desk<'_>, id: &str) -> Result<UpstreamView, Problem> {
    let values = [desk.tenant()?.as_str().into(), id.into()];
    let row: Option<UpstreamViewRow> = database::first(&desk.context.env, UPSTREAM, &values).await?;
    row.map(UpstreamView::from).ok_or(Problem::NoSuchThing)
}
