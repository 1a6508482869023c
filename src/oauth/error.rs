//! What a client is told when it is refused (RFC 6749 sections 4.1.2.1 and 5.2, RFC 7591 section 3.2.2, RFC 8707 section 2).

use serde::Serialize;

/// The code of an error, as it stands on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// A parameter is missing, doubled or malformed.
    InvalidRequest,
    /// The client could not be authenticated.
    InvalidClient,
    /// The code, the refresh token or the assertion is not good.
    InvalidGrant,
    /// The client may not use this grant.
    UnauthorizedClient,
    /// No such grant here.
    UnsupportedGrantType,
    /// No such response type here.
    UnsupportedResponseType,
    /// A scope this gateway does not have, or more than was granted.
    InvalidScope,
    /// A resource this gateway does not have, or another one than was granted.
    InvalidTarget,
    /// The person said no.
    AccessDenied,
    /// The client wants no page shown, and there must be one.
    InteractionRequired,
    /// Request objects are not supported.
    RequestNotSupported,
    /// Request objects by reference are not supported.
    RequestUriNotSupported,
    /// A redirect URI may not be registered.
    InvalidRedirectUri,
    /// A client's description is refused.
    InvalidClientMetadata,
    /// A part of the gateway does not answer.
    TemporarilyUnavailable,
}

/// A refusal: the code, and words for the developer of the client. Words never repeat a value that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code:?}: {words}")]
pub struct OAuthError {
    /// The code.
    pub code: Code,
    /// What is wrong.
    pub words: &'static str,
}

impl Code {
    /// The code as it stands on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant => "invalid_grant",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::UnsupportedResponseType => "unsupported_response_type",
            Self::InvalidScope => "invalid_scope",
            Self::InvalidTarget => "invalid_target",
            Self::AccessDenied => "access_denied",
            Self::InteractionRequired => "interaction_required",
            Self::RequestNotSupported => "request_not_supported",
            Self::RequestUriNotSupported => "request_uri_not_supported",
            Self::InvalidRedirectUri => "invalid_redirect_uri",
            Self::InvalidClientMetadata => "invalid_client_metadata",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
        }
    }

    /// A refusal with this code.
    pub const fn because(self, words: &'static str) -> OAuthError {
        OAuthError { code: self, words }
    }

    /// The HTTP status of an answer that is not a redirect.
    pub const fn status(self) -> u16 {
        match self {
            Self::InvalidClient => 401,
            Self::TemporarilyUnavailable => 503,
            _ => 400,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Code;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_code_is_written_the_same_in_json_and_in_a_redirect() {
        for code in [
            Code::InvalidRequest,
            Code::InvalidClient,
            Code::InvalidGrant,
            Code::UnauthorizedClient,
            Code::UnsupportedGrantType,
            Code::UnsupportedResponseType,
            Code::InvalidScope,
            Code::InvalidTarget,
            Code::AccessDenied,
            Code::InteractionRequired,
            Code::RequestNotSupported,
            Code::RequestUriNotSupported,
            Code::InvalidRedirectUri,
            Code::InvalidClientMetadata,
            Code::TemporarilyUnavailable,
        ] {
            assert_eq!(serde_json::to_string(&code).unwrap(), format!("\"{}\"", code.as_str()));
        }
    }
}
