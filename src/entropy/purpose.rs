//! What random bytes are for, and which lane of the generator they come from.

/// One of the generator's two lanes: what is shown to others never tells anything about what is kept secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// Values that others see: identifiers, nonces.
    Public,
    /// Values whose secrecy is their worth: refresh tokens, keys, codes.
    Private,
}

/// What random bytes are for. Every secret this gateway makes is listed here, and in `docs/ENTROPY.md`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// The `jti` of an access token.
    TokenId,
    /// The id of a session.
    SessionId,
    /// The secret of a refresh token.
    RefreshToken,
    /// An authorization code: its id, and its secret.
    AuthorizationCode,
    /// A browser: its cookies, and the id of its sign-in.
    Browser,
    /// The id and the secret of a client that registers itself.
    Client,
    /// The code that an administrator hands to a person.
    OneTimeCode,
    /// The secret of a second factor.
    SecondFactor,
    /// What is stored with an account: its id, the salt of its password, the nonce of its sealed second factor.
    Account,
    /// What a page's form carries: the id of its ticket, and the nonce it is sealed with.
    PageTicket,
    /// The id of a user that another provider vouches for.
    UserId,
    /// A browser on its way to another provider and back: the id of its ticket, the nonce, and the verifier.
    SignIn,
    /// The id of a session of the Model Context Protocol, and of a call that is held open for its client.
    McpSession,
    /// The nonce of what a client of the Model Context Protocol carries for the gateway, sealed.
    McpSealed,
    /// An API key: its id, and its secret.
    ApiKey,
    /// What an administrator makes: its id, and the nonce of a sealed reply.
    Admin,
    /// A credential towards an upstream: its id, the nonce it is sealed with, and a browser's way to connect one. The same of a
    /// webhook, and the secret its messages are signed with.
    Credential,
    /// The bytes the `quantum_random` tool gives.
    Tool,
    /// The nonce of a request to a provider.
    ProviderNonce,
    /// The random part of a pause before a provider, or an upstream, is asked again.
    Jitter,
    /// A seed for an isolate's generator.
    ChildSeed,
}

impl Lane {
    /// Both lanes.
    pub const ALL: [Self; 2] = [Self::Public, Self::Private];

    /// The lane's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Private => "private",
        }
    }
}

impl Purpose {
    /// Every purpose.
    pub const ALL: [Self; 21] = [
        Self::TokenId,
        Self::SessionId,
        Self::RefreshToken,
        Self::AuthorizationCode,
        Self::Browser,
        Self::Client,
        Self::OneTimeCode,
        Self::SecondFactor,
        Self::Account,
        Self::PageTicket,
        Self::UserId,
        Self::SignIn,
        Self::McpSession,
        Self::McpSealed,
        Self::ApiKey,
        Self::Admin,
        Self::Credential,
        Self::Tool,
        Self::ProviderNonce,
        Self::Jitter,
        Self::ChildSeed,
    ];

    /// The purpose's name, which is mixed into the output: the same state gives different bytes for different purposes.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TokenId => "jti",
            Self::SessionId => "session-id",
            Self::RefreshToken => "refresh-token",
            Self::AuthorizationCode => "authorization-code",
            Self::Browser => "browser",
            Self::Client => "client",
            Self::OneTimeCode => "one-time-code",
            Self::SecondFactor => "second-factor",
            Self::Account => "account",
            Self::PageTicket => "page-ticket",
            Self::UserId => "user-id",
            Self::SignIn => "sign-in",
            Self::McpSession => "mcp-session",
            Self::McpSealed => "mcp-sealed",
            Self::ApiKey => "api-key",
            Self::Admin => "admin",
            Self::Credential => "credential",
            Self::Tool => "tool",
            Self::ProviderNonce => "provider-nonce",
            Self::Jitter => "jitter",
            Self::ChildSeed => "child-seed",
        }
    }

    /// The lane it draws from.
    pub const fn lane(self) -> Lane {
        match self {
            Self::TokenId
            | Self::SessionId
            | Self::Account
            | Self::PageTicket
            | Self::UserId
            | Self::McpSealed
            | Self::Admin
            | Self::Tool
            | Self::ProviderNonce
            | Self::Jitter => Lane::Public,
            Self::RefreshToken
            | Self::AuthorizationCode
            | Self::Browser
            | Self::Client
            | Self::SignIn
            | Self::OneTimeCode
            | Self::SecondFactor
            | Self::McpSession
            | Self::ApiKey
            | Self::Credential
            | Self::ChildSeed => Lane::Private,
        }
    }
}
