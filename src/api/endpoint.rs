//! What the routes do, and for whom: which pages of browsers may call one, and how its refusals look.

use crate::admin::operation::Operation;
use crate::api::refusal::Form;

/// What a route does. The edge matches it exhaustively.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// An operation of an administrator.
    Admin(Operation),
    /// Log in with a username and a password.
    Login,
    /// Use a refresh token.
    Refresh,
    /// End the session of the presented access token.
    Logout,
    /// Say whose token this is.
    Me,
    /// Say of any token of the tenant whether it is good, and what it says.
    Introspect,
    /// List the tools, in plain REST.
    ListTools,
    /// Call a tool, in plain REST.
    ExecuteTool,
    /// The Model Context Protocol: a message of a client.
    Mcp,
    /// The Model Context Protocol before 2026-07-28: a stream of messages to a client.
    McpStream,
    /// The Model Context Protocol before 2026-07-28: the end of a session.
    McpEnd,
    /// What runs and how well.
    Health,
    /// Alive.
    Live,
    /// Able to serve.
    Ready,
    /// The page of what the gateway promises and how it does.
    Status,
    /// What the operator sees of entropy.
    EntropyStatus,
    /// Metrics for Prometheus.
    Metrics,
    /// Public keys.
    Jwks,
    /// What the gateway is as a protected resource.
    GatewayMetadata,
    /// What one endpoint of the protocol is as a protected resource.
    ResourceMetadata,
    /// What the gateway is as an authorization server.
    IssuerMetadata,
    /// The same where clients of `OpenID` providers look.
    OpenIdMetadata,
    /// The page a client sends a person to.
    Authorize,
    /// The form of the sign-in page.
    SignIn,
    /// The sign-in page's form that leads to the OpenID provider.
    LeaveToProvider,
    /// Where that provider sends the browser back to.
    ComeBack,
    /// The form of the consent page.
    Consent,
    /// The consent page's way to another account.
    SwitchAccount,
    /// Tokens for a code, a refresh token or a client.
    Token,
    /// Give a token back.
    RevokeToken,
    /// Register a client.
    Register,
    /// The page of what has access to an account.
    Account,
    /// That page's form to end something.
    EndSession,
    /// That page's form to sign out.
    SignOut,
    /// The page after it.
    SignedOut,
    /// The form of the page that asks for a code after a password.
    SignInCode,
    /// The page that makes the first administrator.
    Setup,
    /// Its form.
    SetUp,
    /// The page that takes a one-time code.
    Join,
    /// Its form.
    UseCode,
    /// The page of a tenant's people.
    People,
    /// Its forms.
    ChangePeople,
    /// The page of calls that wait for approval.
    Approvals,
    /// Its forms.
    DecideApproval,
    /// What upstreams offer and nobody has approved.
    Drift,
    /// Approves or refuses a version of it.
    DecideDrift,
    /// The page of a person's accounts at upstreams.
    Connections,
    /// Its forms.
    ChangeConnection,
    /// Where a provider sends the browser back to.
    Connected,
    /// The page that changes the own password.
    Password,
    /// Its form.
    ChangePassword,
    /// The page of the own second factor.
    SecondFactor,
    /// Its form.
    ChangeSecondFactor,
    /// Style and pictures of the pages.
    PageFiles,
    /// The OpenAPI document.
    OpenApi,
    /// The interactive reference: a page and its files.
    Docs,
    /// The console: a page and its files.
    Console,
}

/// The pages of browsers that may call a route and read its answer (the Fetch standard's CORS protocol).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Browsers {
    /// The gateway's own.
    Own,
    /// Its own, and those of the origins that its operator allows.
    Allowed,
    /// Any: the answer is the same to everybody.
    Anyone,
}

/// Who calls a route.
#[derive(Clone, Copy)]
enum MeantFor {
    /// Agents and other programs, with an access token or on the way to one.
    Programs,
    /// OAuth clients, with credentials of their own.
    Clients,
    /// People, with a browser that keeps cookies: forms and pages.
    People,
    /// Whoever likes: the answer is the same to everybody.
    Everybody,
    /// The operator's own tools, and the gateway's own pages.
    Operators,
}

impl Endpoint {
    /// Which pages of browsers may call it. Routes of one path agree.
    pub const fn browsers(self) -> Browsers {
        match self.meant_for() {
            MeantFor::Programs => Browsers::Allowed,
            // No cookie has a say at those for clients: a page that calls them can do no more than any program.
            MeantFor::Clients | MeantFor::Everybody => Browsers::Anyone,
            MeantFor::People | MeantFor::Operators => Browsers::Own,
        }
    }

    /// How its refusals look.
    pub const fn refusals(self) -> Form {
        match self.meant_for() {
            MeantFor::Clients => Form::OAuth,
            MeantFor::People => Form::Page,
            MeantFor::Programs | MeantFor::Everybody | MeantFor::Operators => Form::Problem,
        }
    }

    const fn meant_for(self) -> MeantFor {
        match self {
            Self::Admin(_)
            | Self::Login
            | Self::Refresh
            | Self::Logout
            | Self::Me
            | Self::Introspect
            | Self::ListTools
            | Self::ExecuteTool
            | Self::Mcp
            | Self::McpStream
            | Self::McpEnd => MeantFor::Programs,
            Self::Token | Self::RevokeToken | Self::Register => MeantFor::Clients,
            Self::Jwks
            | Self::GatewayMetadata
            | Self::ResourceMetadata
            | Self::IssuerMetadata
            | Self::OpenIdMetadata
            | Self::OpenApi => MeantFor::Everybody,
            Self::Authorize
            | Self::SignIn
            | Self::SignInCode
            | Self::LeaveToProvider
            | Self::ComeBack
            | Self::Consent
            | Self::SwitchAccount
            | Self::Account
            | Self::EndSession
            | Self::SignOut
            | Self::SignedOut
            | Self::Setup
            | Self::SetUp
            | Self::Join
            | Self::UseCode
            | Self::People
            | Self::ChangePeople
            | Self::Approvals
            | Self::DecideApproval
            | Self::Drift
            | Self::DecideDrift
            | Self::Connections
            | Self::ChangeConnection
            | Self::Connected
            | Self::Password
            | Self::ChangePassword
            | Self::SecondFactor
            | Self::ChangeSecondFactor => MeantFor::People,
            Self::Health
            | Self::Live
            | Self::Ready
            | Self::Status
            | Self::EntropyStatus
            | Self::Metrics
            | Self::Docs
            | Self::Console
            | Self::PageFiles => MeantFor::Operators,
        }
    }
}
