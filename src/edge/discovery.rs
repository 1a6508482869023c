//! What the gateway says of itself to whoever wants a token: `/.well-known/oauth-…` and `/.well-known/openid-configuration`.

use crate::api::problem::Problem;
use crate::api::reply::Reply;
use crate::api::route::Endpoint;
use crate::oauth::metadata::{AuthorizationServer, OpenIdConfiguration, ProtectedResource};
use crate::settings::Settings;

/// How long anybody may keep it.
const CACHE: &str = "public, max-age=300";

/// The description at this path, made of the configured issuer alone.
pub fn serve(settings: &Settings, endpoint: Endpoint, path: &str) -> Result<Reply, Problem> {
    let (issuer, assertions) = (&settings.issuer, settings.oidc.is_some());
    let described = match endpoint {
        Endpoint::IssuerMetadata => Reply::json(200, &AuthorizationServer::of(issuer, assertions)),
        Endpoint::OpenIdMetadata => Reply::json(200, &OpenIdConfiguration::of(issuer, assertions)),
        _ => Reply::json(200, &ProtectedResource::at(issuer, path).ok_or(Problem::NotFound)?),
    };
    Ok(described.with("cache-control", CACHE))
}
