//! What events are called, and how much they matter.

use super::{Event, Level, Request, RevocationCause};

impl Event {
    /// Its name: `event` in its line.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Request(_) => "request",
            Self::Call(_) => "call",
            Self::LoggedIn { .. } => "auth.login",
            Self::Refreshed { .. } => "auth.refresh",
            Self::Authorized { .. } => "oauth.authorized",
            Self::Exchanged { .. } => "oauth.exchanged",
            Self::ConsentDecided { .. } => "oauth.consent",
            Self::ClientRegistered { .. } => "oauth.client_registered",
            Self::SignedIn { .. } => "auth.sign_in",
            Self::SignInRefused { .. } => "auth.sign_in_refused",
            Self::SignedOut { .. } => "auth.sign_out",
            Self::Invited { .. } => "account.invited",
            Self::AccountChanged { .. } => "account.changed",
            Self::Administered { .. } => "admin.done",
            Self::ApprovalAsked { .. } => "approval.asked",
            Self::SessionRevoked { .. } => "auth.session_revoked",
            Self::RevocationUnpublished { .. } => "auth.revocation_unpublished",
            Self::AuditUnwritten { .. } => "audit.unwritten",
            Self::UpstreamDegraded { .. } => "upstream.degraded",
            Self::Drifted { .. } => "drift.happened",
            Self::ScheduleFailed { .. } => "schedule.failed",
            Self::MessageFailed { .. } => "webhook.failed",
            Self::SpansLost { .. } => "trace.spans_lost",
            Self::ProviderFailed { .. } => "entropy.provider_failed",
            Self::ProviderQuarantined { .. } => "entropy.provider_quarantined",
            Self::ProviderRecovered { .. } => "entropy.provider_recovered",
            Self::EntropyLabelChanged { .. } => "entropy.label_changed",
        }
    }

    /// The level this event is logged at.
    pub fn level(&self) -> Level {
        match self {
            Self::Drifted { happening: "accepted", .. } => Level::Info,
            Self::Request(Request { status: 500.., problem, .. }) if !is_upstreams_fault(*problem) => Level::Error,
            Self::Request(Request { status: 400.., .. })
            | Self::UpstreamDegraded { .. }
            | Self::Drifted { .. }
            | Self::MessageFailed { .. }
            | Self::SpansLost { .. }
            | Self::ProviderFailed { .. }
            | Self::EntropyLabelChanged { .. }
            | Self::SignInRefused { .. }
            | Self::SessionRevoked {
                cause: RevocationCause::RefreshTokenReuse | RevocationCause::CodeReplay, ..
            } => Level::Warn,
            Self::RevocationUnpublished { .. }
            | Self::ProviderQuarantined { .. }
            | Self::AuditUnwritten { .. }
            | Self::ScheduleFailed { .. } => Level::Error,
            Self::Request(_)
            | Self::Call(_)
            | Self::LoggedIn { .. }
            | Self::Refreshed { .. }
            | Self::Authorized { .. }
            | Self::Exchanged { .. }
            | Self::ConsentDecided { .. }
            | Self::ClientRegistered { .. }
            | Self::SignedIn { .. }
            | Self::SignedOut { .. }
            | Self::Invited { .. }
            | Self::AccountChanged { .. }
            | Self::Administered { .. }
            | Self::ApprovalAsked { .. }
            | Self::SessionRevoked { .. }
            | Self::ProviderRecovered { .. } => Level::Info,
        }
    }
}

impl Level {
    /// Its name: `level` in a line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}

fn is_upstreams_fault(problem: Option<&'static str>) -> bool {
    matches!(problem, Some("upstream-failed" | "upstream-timeout" | "upstream-away"))
}
