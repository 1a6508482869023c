//! The pages a person sees: sign-in, consent, account and people, joining, the gateway's status, and what went wrong.
//!
//! A page is a typed view and a template, and nothing of it is a script: every button is a form that is posted. Whatever is
//! put into a template is escaped by it; what a client says of itself goes through `text` besides, into an element of its
//! own direction. The answer that carries a page is sent with [`content_security_policy`].
//!
//! The style and the icon are static files, `/pages/style.css` and `/pages/icon.svg`.

mod account;
mod approvals;
mod connections;
mod consent;
mod drift;
mod join;
mod login;
mod note;
mod people;
mod picture;
mod policy;
mod security;
mod status;
mod text;

pub use account::{AccountPage, SessionKind, SessionLine};
pub use approvals::{ApprovalLine, ApprovalsPage};
pub use connections::{ConnectionLine, ConnectionsPage};
pub use consent::{ConsentPage, ScopeLine, Verification};
pub use drift::{DriftLine, DriftPage};
pub use join::{JoinPage, SetupPage};
pub use login::{External, LoginPage};
pub use note::{ErrorPage, SignedOutPage};
pub use people::{MadeCode, PeoplePage, PersonLine};
pub use policy::content_security_policy;
pub use security::{CodePage, OfferedSecret, PasswordPage, SecondFactorPage};
pub use status::{Bounds, PartLine, StatusPage};

/// What is shown when a template cannot be filled, which only a lack of memory brings about.
const BARE_PAGE: &str = "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Something went wrong</title>\
     </head><body><main><h1>Something went wrong</h1><p>Go back and try again.</p></main></body></html>\n";

/// The text of a page.
fn html(page: &impl askama::Template) -> String {
    page.render().unwrap_or_else(|_| BARE_PAGE.to_owned())
}

#[cfg(test)]
mod tests;
