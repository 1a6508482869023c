//! Static files, served by this Worker under its own content policy: the API description, its interactive reference, and
//! what the pages are drawn with.

use super::context::unavailable;
use super::metrics::{self, Part};
use super::reply::secure;
use crate::api::problem::Problem;
use crate::id::CorrelationId;
use worker::{Env, Headers, Response};

/// Scripts and pictures of this origin only. The page's library sets style attributes, so inline styles are allowed.
const PAGE_CONTENT_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
     img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// `GET /openapi.json`, `GET /docs` and the files below it and below `/pages/`.
pub async fn serve(env: &Env, path: &str, correlation: &CorrelationId) -> Result<Response, Problem> {
    let failed = unavailable("the static files");
    let file = match path {
        "/docs" | "/docs/" => "/docs/index.html",
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
    secure(&headers, correlation, PAGE_CONTENT_POLICY).map_err(&failed)?;
    Ok(found.with_headers(headers))
}
