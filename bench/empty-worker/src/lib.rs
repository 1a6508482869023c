//! The least a Rust Worker can do: it answers a fixed text, or, at `/fetch`, sends the body on to one other server and
//! answers what that one answered. At `/record` and at `/fetch/record` it does the same with what a gateway owes for each
//! call: its body is in a durable record before the answer leaves, and a line of it in the log.

#![cfg(target_arch = "wasm32")]

use futures::future::try_join;
use worker::wasm_bindgen::JsValue;
use worker::{
    Context, DurableObject, Env, Fetch, Method, Request, RequestInit, Response, Result, SqlStorage, State, console_log,
    durable_object, event, wasm_bindgen,
};

/// What the protocol wants of every request to a tool server.
const WANTED: [&str; 5] = ["content-type", "accept", "mcp-protocol-version", "mcp-method", "mcp-name"];

/// Keeps records, one a request.
#[durable_object]
pub struct Records {
    sql: SqlStorage,
}

impl DurableObject for Records {
    fn new(state: State, _: Env) -> Self {
        let sql = state.storage().sql();
        // Without its table it refuses every record.
        let _ = sql.exec("CREATE TABLE IF NOT EXISTS records (record TEXT NOT NULL) STRICT", None);
        Self { sql }
    }

    async fn fetch(&self, mut request: Request) -> Result<Response> {
        self.sql.exec("INSERT INTO records (record) VALUES (?)", vec![request.text().await?.into()])?;
        Response::ok("")
    }
}

/// Answers one request. `UPSTREAM` is the address of the other server, `RECORDS` leads to [`Records`].
#[event(fetch)]
async fn fetch(mut request: Request, env: Env, _: Context) -> Result<Response> {
    let path = request.path();
    let (fetches, records) = (path.starts_with("/fetch"), path.ends_with("/record"));
    let body = if fetches || records { request.text().await? } else { String::new() };
    let answer = async { if fetches { pass_on(&request, &env, &body).await } else { Ok(r#"{"ok":true}"#.to_owned()) } };
    let record = async { if records { put_on_record(&env, &body).await } else { Ok(()) } };
    let (text, ()) = try_join(answer, record).await?;
    let mut response = Response::ok(text)?;
    response.headers_mut().set("content-type", "application/json")?;
    Ok(response)
}

fn posting(body: &str) -> RequestInit {
    let mut init = RequestInit::new();
    init.with_method(Method::Post).with_body(Some(JsValue::from_str(body)));
    init
}

async fn pass_on(request: &Request, env: &Env, body: &str) -> Result<String> {
    let init = posting(body);
    for name in WANTED {
        init.headers.set(name, &request.headers().get(name)?.unwrap_or_default())?;
    }
    let upstream = Request::new_with_init(&env.var("UPSTREAM")?.to_string(), &init)?;
    Fetch::Request(upstream).send().await?.text().await
}

async fn put_on_record(env: &Env, body: &str) -> Result<()> {
    let records = env.durable_object("RECORDS")?.get_by_name("one")?;
    let request = Request::new_with_init("https://object/", &posting(body))?;
    let answer = records.fetch_with_request(request).await?;
    if answer.status_code() != 200 {
        return Err(worker::Error::from(format!("the record was answered {}", answer.status_code())));
    }
    console_log!(r#"{{"level":"info","event":"request","body":{body:?}}}"#);
    Ok(())
}
