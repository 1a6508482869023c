//! Databases of tenants: bindings that the operator gave them, asked in statements that were looked at before.

use super::timer::within;
use super::upstreams::Party;
use super::{clock, tongues};
use crate::mcp::capability::{ListCapability, ResourcesCapability, ServerCapabilities};
use crate::mcp::wire::ReadResource;
use crate::settings::Settings;
use crate::sql::answer::{self, Changed, MOST_COLUMNS, Rows, Table, Tables};
use crate::sql::offer::{self, MEDIA_TYPE};
use crate::sql::options::DatabaseOptions;
use crate::sql::order::{Bound, Order, Refused};
use crate::store::tables::{ColumnRow, TABLES};
use crate::time::Timestamp;
use crate::upstream::ask::{Answer, Ask};
use crate::upstream::survey::{Introduction, Survey};
use crate::upstream::{ProtocolBreach, Upstream, UpstreamFailure, UpstreamProblem};
use crate::id::TenantId;
use serde_json::Value;
use worker::js_sys::{Error, Function, JSON, Object, Promise, Reflect};
use worker::wasm_bindgen::{JsCast, JsValue};
use worker::wasm_bindgen_futures::JsFuture;
use worker::{D1Database, D1PreparedStatement, Env};

/// Longest answer of the database that is looked at, in characters of JSON.
const MOST_CHARACTERS: u32 = 16 * 1024 * 1024;

/// What is offered: the tools, and the tables as resources.
pub async fn survey(
    party: &Party,
    upstream: &Upstream,
    options: &DatabaseOptions,
    end: Timestamp,
) -> Result<Survey, UpstreamFailure> {
    let tables = async { in_time(end, tables(&bound(party, options)?)).await };
    let tables = tables.await.map_err(|problem| upstream.failure(problem))?;
    let offered = ServerCapabilities {
        tools: Some(ListCapability::default()),
        resources: Some(ResourcesCapability::default()),
        ..ServerCapabilities::default()
    };
    Ok(Survey {
        introduction: Introduction { offered, ..Introduction::default() },
        tools: offer::tools(options),
        resources: offer::resources(&tables),
        templates: vec![offer::template()],
        ..Survey::default()
    })
}

/// Asks a database one thing.
pub async fn ask(
    party: &Party,
    upstream: &Upstream,
    options: &DatabaseOptions,
    ask: &Ask,
    end: Timestamp,
) -> Result<Answer, UpstreamFailure> {
    let answered = async {
        let database = bound(party, options)?;
        if let Some((tool, arguments)) = tongues::called(ask) {
            return match Order::read(tool, &arguments, options) {
                Ok(order) => in_time(end, carry_out(&database, order)).await,
                Err(refused) => tongues::told::<()>(Err(refused)),
            };
        }
        match tongues::address(ask) {
            Some(uri) => in_time(end, resource(&database, uri)).await,
            None => Ok(tongues::unknown()),
        }
    };
    answered.await.map_err(|problem| upstream.failure(problem))
}

/// Whether a tenant has a database: one that is not given to it is as one that is not there.
pub fn has(env: &Env, settings: &Settings, tenant: &TenantId, binding: &str) -> bool {
    settings.databases.has(tenant, binding) && env.d1(binding).is_ok()
}

fn bound(party: &Party, options: &DatabaseOptions) -> Result<D1Database, UpstreamProblem> {
    if !party.settings.databases.has(&party.tenant, &options.binding) {
        return Err(UpstreamProblem::Unbound);
    }
    party.env.d1(&options.binding).map_err(|_| UpstreamProblem::Unbound)
}

/// A database that takes longer is not waited for; it cannot be stopped.
async fn in_time<T>(
    end: Timestamp,
    what: impl Future<Output = Result<T, UpstreamProblem>>,
) -> Result<T, UpstreamProblem> {
    within(Some(end.since(clock::now())), what).await.unwrap_or(Err(UpstreamProblem::Timeout))
}

async fn carry_out(database: &D1Database, order: Order) -> Result<Answer, UpstreamProblem> {
    match order {
        Order::Query(query, values, most) => {
            let rows = match run(prepared(database, &query.limited(most + 1), &values)?, "raw").await? {
                Ok(raw) => Rows::of(raw, most).ok_or(UpstreamProblem::Protocol(ProtocolBreach::Result))?,
                Err(refused) => return tongues::told::<()>(Err(refused)),
            };
            tongues::told(Ok::<_, Refused>(rows))
        }
        Order::Execute(command, values) => {
            let done = run(prepared(database, command.as_str(), &values)?, "run").await?;
            let changes = |done: &Value| done.pointer("/meta/changes").and_then(Value::as_u64).unwrap_or_default();
            tongues::told(done.map(|done| Changed { changes: changes(&done) }))
        }
        Order::Describe(None) => tongues::told(Ok::<_, Refused>(tables(database).await?)),
        Order::Describe(Some(name)) => {
            let found = tables(database).await?.named(&name).cloned();
            let found = found.map(|table| Tables { tables: vec![table], truncated: false });
            tongues::told(found.ok_or(Refused::Table(name)))
        }
    }
}

/// A table as a resource: its columns.
async fn resource(database: &D1Database, uri: &str) -> Result<Answer, UpstreamProblem> {
    let missing = || tongues::unreadable(uri, "Resource not found");
    let Some(name) = offer::table_of(uri) else { return Ok(missing()) };
    let tables = tables(database).await?;
    let shown = |table: &Table| serde_json::to_string(table).unwrap_or_default();
    match tables.named(name) {
        Some(table) => tongues::answer(&ReadResource::text(uri, MEDIA_TYPE, shown(table))),
        None => Ok(missing()),
    }
}

async fn tables(database: &D1Database) -> Result<Tables, UpstreamProblem> {
    let most = u32::try_from(MOST_COLUMNS).unwrap_or(u32::MAX).saturating_add(1);
    let statement = database.prepare(TABLES).bind(&[most.into()]).map_err(|_| UpstreamProblem::Unreachable)?;
    let found = statement.all().await.and_then(|found| found.results::<ColumnRow>());
    Ok(Tables::of(found.map_err(|_| UpstreamProblem::Unreachable)?.into_iter().map(Into::into)))
}

fn prepared(database: &D1Database, text: &str, values: &[Bound]) -> Result<D1PreparedStatement, UpstreamProblem> {
    let value = |bound: &Bound| match bound {
        Bound::Null => JsValue::NULL,
        Bound::Number(number) => JsValue::from_f64(*number),
        Bound::Text(text) => JsValue::from_str(text),
    };
    let values: Vec<JsValue> = values.iter().map(value).collect();
    database.prepare(text).bind(&values).map_err(|_| UpstreamProblem::Unreachable)
}

/// Runs a statement. `raw` gives the names of the columns and then the rows, which the runtime's library leaves out; `run` what was
/// changed.
async fn run(statement: D1PreparedStatement, how: &str) -> Result<Result<Value, Refused>, UpstreamProblem> {
    let begun = || -> Result<JsFuture, JsValue> {
        let object: &JsValue = statement.inner().as_ref();
        let options = Object::new();
        Reflect::set(&options, &"columnNames".into(), &JsValue::TRUE)?;
        let method: Function = Reflect::get(object, &how.into())?.dyn_into()?;
        Ok(JsFuture::from(method.call1(object, &options)?.dyn_into::<Promise>()?))
    };
    let done = match begun() {
        Ok(promise) => promise.await,
        Err(error) => Err(error),
    };
    match done {
        Ok(value) => read(&value).map(Ok),
        Err(error) => {
            let message = error.dyn_ref::<Error>().map(|error| String::from(error.message())).unwrap_or_default();
            answer::complaint(&message).map(|words| Err(Refused::Database(words))).ok_or(UpstreamProblem::Unreachable)
        }
    }
}

fn read(value: &JsValue) -> Result<Value, UpstreamProblem> {
    let broken = UpstreamProblem::Protocol(ProtocolBreach::Result);
    let text = JSON::stringify(value).map_err(|_| broken.clone())?;
    if text.length() > MOST_CHARACTERS {
        return Err(UpstreamProblem::TooLarge);
    }
    serde_json::from_str(&String::from(text)).map_err(|_| broken)
}
