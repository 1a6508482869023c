//! Static files, served by this Worker under their own content policies: the API description, its interactive reference,
//! the console, and what the pages are drawn with.

use super::context::unavailable;
use super::metrics::{self, Part};
use super::reply::secure;
use crate::api::problem::Problem;
use crate::api::route::Endpoint;
use crate::id::CorrelationId;
use worker::{Env, Headers, Response};

/// Scripts and pictures of this origin only. The page's library sets style attributes, so inline styles are allowed.
const PAGE_CONTENT_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
     img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The console's own files only, no inline style or script, and no way to make markup or code of a text: what it shows
/// comes from upstreams too.
const CONSOLE_CONTENT_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
     connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
     require-trusted-types-for 'script'; trusted-types 'none'";

/// `GET /openapi.json`, `GET /docs`, `GET /console`, the files below them and below `/pages/`.
pub async fn serve(
    env: &Env,
    endpoint: Endpoint,
    path: &str,
    correlation: &CorrelationId,
) -> Result<Response, Problem> {
    let failed = unavailable("the static files");
    let file = match path {
        "/docs" | "/docs/" => "/docs/index.html",
        "/console" | "/console/" | "/console/callback" => "/console/index.html",
        "/openapi.json" => "/docs/openapi.json",
        file => file,
    };
    metrics::asked(Part::Assets);
    let assets = env.assets("ASSETS").map_err(&failed)?;
    let found = assets.fetch(format!("https://assets{file}"), None).await.map_err(&failed)?;
    if found.status_code() != 200 {
        return Err(Problem::NotFound);
    }
    let headers = Headers::new();
    for name in ["content-type", "etag"] {
        if let Some(value) = found.headers().get(name).map_err(&failed)? {
            headers.set(name, &value).map_err(&failed)?;
        }
    }
    headers.set("cache-control", "public, max-age=300").map_err(&failed)?;
    let policy = if endpoint == Endpoint::Console { CONSOLE_CONTENT_POLICY } else { PAGE_CONTENT_POLICY };
    secure(&headers, correlation, policy).map_err(&failed)?;
    Ok(found.with_headers(headers))
}
