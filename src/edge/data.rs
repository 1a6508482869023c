//! Databases of tenants: bindings that the operator gave them, asked in statements that were looked at before.

use super::metrics::{self, Part};
use super::tongues;
use super::upstreams::Party;
use crate::id::TenantId;
use crate::mcp::wire::ReadResource;
use crate::settings::Settings;
use crate::sql::answer::{self, Changed, MOST_COLUMNS, Rows, Table, Tables};
use crate::sql::offer::{self, MEDIA_TYPE};
use crate::sql::options::DatabaseOptions;
use crate::sql::order::{Bound, Order, Refused};
use crate::store::tables::TABLES;
use crate::upstream::ask::{Answer, Ask};
use crate::upstream::survey::Survey;
use crate::upstream::{ProtocolBreach, UpstreamProblem};
use serde_json::Value;
use worker::js_sys::{Error, Function, JSON, Object, Promise, Reflect};
use worker::wasm_bindgen::{JsCast, JsValue};
use worker::wasm_bindgen_futures::JsFuture;
use worker::{D1Database, D1PreparedStatement, Env};

/// Longest answer of the database that is looked at, in characters of JSON.
const MOST_CHARACTERS: u32 = 16 * 1024 * 1024;

/// What is offered: the tools, and the tables as resources.
pub async fn survey(party: &Party, options: &DatabaseOptions) -> Result<Survey, UpstreamProblem> {
    let tables = tables(&bound(party, options)?).await?;
    Ok(Survey {
        introduction: tongues::offered(),
        tools: offer::tools(options),
        resources: offer::resources(&tables),
        templates: vec![offer::template()],
        ..Survey::default()
    })
}

/// Asks a database one thing.
pub async fn ask(party: &Party, options: &DatabaseOptions, ask: &Ask) -> Result<Answer, UpstreamProblem> {
    let database = bound(party, options)?;
    if let Some((tool, arguments)) = tongues::called(ask) {
        return match Order::read(tool, &arguments, options) {
            Ok(order) => carry_out(&database, order).await,
            Err(refused) => Ok(tongues::refused(&refused)),
        };
    }
    match tongues::address(ask) {
        Some(uri) => resource(&database, uri).await,
        None => Ok(tongues::unknown()),
    }
}

/// Whether a tenant has a database: one that is not given to it is as one that is not there.
pub fn has(env: &Env, settings: &Settings, tenant: &TenantId, binding: &str) -> bool {
    settings.databases.has(tenant, binding) && env.d1(binding).is_ok()
}

fn bound(party: &Party, options: &DatabaseOptions) -> Result<D1Database, UpstreamProblem> {
    if !party.settings.databases.has(&party.tenant, &options.binding) {
        return Err(UpstreamProblem::Unbound);
    }
    metrics::asked(Part::TenantD1);
    party.env.d1(&options.binding).map_err(|_| UpstreamProblem::Unbound)
}

async fn carry_out(database: &D1Database, order: Order) -> Result<Answer, UpstreamProblem> {
    match order {
        Order::Query(query, values, most) => {
            let rows = match run(prepared(database, &query.limited(most + 1), &values)?, "raw").await? {
                Ok(raw) => Rows::of(raw, most).ok_or(UpstreamProblem::Protocol(ProtocolBreach::Result))?,
                Err(refused) => return Ok(tongues::refused(&refused)),
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
    let values = [Bound::Number(f64::from(MOST_COLUMNS + 1))];
    let found = run(prepared(database, TABLES, &values)?, "raw").await?.map_err(|_| UpstreamProblem::Unreachable)?;
    Rows::of(found, MOST_COLUMNS).map(Tables::of).ok_or(UpstreamProblem::Protocol(ProtocolBreach::Result))
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
