//! What the protocol's objects have in common: a request from an isolate becomes a scene, and what was served a response.

use super::admission::Presented;
use super::context::{self, Background, Context};
use super::incoming::{self, header};
use super::mcp::{SESSION, Served};
use super::mcp_serve::Scene;
use super::mcp_session::SOURCE;
use super::reply;
use super::{admission, audit, spans};
use crate::api::challenge::Realm;
use crate::api::problem::Problem;
use crate::api::route;
use crate::mcp::ticket;
use std::rc::Rc;
use worker::{Env, Response, Result};

/// The surroundings of a request in an object, or the response that says that nothing can be served.
pub fn surroundings(
    env: &Env,
    request: &worker::web_sys::Request,
) -> std::result::Result<Rc<Context>, Result<Response>> {
    let correlation = context::correlation(request);
    let settings = match context::settings(env) {
        Ok(settings) => settings,
        Err(problems) => {
            let reply = Problem::Misconfigured(problems).reply(&correlation, Realm::of("unconfigured"));
            return Err(reply::render(reply, &correlation));
        }
    };
    Ok(Rc::new(Context::new(env.clone(), Background::Object, settings, correlation)))
}

/// Where a request is served: the isolate it comes from has taken a call, and the token is verified here again.
pub async fn scene(
    context: &Rc<Context>,
    request: &worker::web_sys::Request,
    held: Option<String>,
) -> std::result::Result<Scene, Problem> {
    let path = incoming::path(request);
    let server = route::server(&path);
    let authorization = header(request, "authorization");
    let source = header(request, SOURCE).unwrap_or_default();
    let presented = Presented { authorization: authorization.as_deref(), server, source: &source };
    let principal = admission::accompany(context, &presented).await?;
    context.ledger.concerns(&principal.who());
    let place = principal.place(server);
    let named = |id: String| ticket::session_object(&context.settings.root, &place, &id);
    let session_name = if held.is_none() { header(request, SESSION).and_then(named) } else { None };
    Ok(Scene { context: Rc::clone(context), principal, place, session: None, session_name, held })
}

/// What an object of this class does for a request, in the trace of the isolate that asks it.
pub async fn traced(
    context: &Context,
    place: spans::Place,
    class: &'static str,
    serve: impl Future<Output = Result<Response>>,
) -> Result<Response> {
    let served = async {
        let response = serve.await;
        spans::end_of_object(context, class, response.as_ref().map_or(500, Response::status_code));
        response
    };
    spans::at(Some(place), served).await
}

/// The response of an object to a request for this path.
pub fn respond(context: &Context, path: &str, served: std::result::Result<Served, Problem>) -> Result<Response> {
    match served {
        Ok(Served::Reply(served)) => reply::render(served, &context.correlation),
        Ok(Served::Response(response)) => Ok(response),
        Err(problem) => {
            audit::refused(context, &problem);
            let realm = Realm { issuer: &context.settings.issuer, server: route::server(path) };
            reply::render(problem.reply(&context.correlation, realm), &context.correlation)
        }
    }
}
