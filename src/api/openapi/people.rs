//! What the pages of people and of how they sign in take, give and refuse.

use super::examples;
use super::oauth::{away, form as form_problems, onwards, page};
use super::served::{Given, Offer, Shapes};
use crate::api::introspection::FORM;
use crate::api::problem::{Limit, Problem};
use crate::api::route::Endpoint;
use crate::time::Lifetime;
use schemars::JsonSchema;
use serde::Deserialize;

/// The form of the page that asks for a code.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct CodeForm {
    /// What the page carried.
    pub ticket: String,
    /// Six digits; each code is accepted once.
    pub code: String,
}

/// The form that makes the first administrator.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct SetupForm {
    /// What the page carried.
    pub ticket: String,
    /// `BOOTSTRAP_TOKEN`.
    pub token: String,
    /// The first tenant's id.
    pub tenant: String,
    /// The administrator's login name.
    pub username: String,
    /// Its password.
    #[serde(flatten)]
    pub password: Twice,
}

/// The form that takes a one-time code.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct JoinForm {
    /// What the page carried.
    pub ticket: String,
    /// The code, in any case, with or without dashes.
    pub code: String,
    /// A new login name for an invitation, the one there is for a reset.
    pub username: String,
    /// The new password.
    #[serde(flatten)]
    pub password: Twice,
}

/// A new password.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Twice {
    /// At least 15 characters; common passwords, repetitions and names of the account are refused.
    pub password: String,
    /// The same again.
    pub again: String,
}

/// A form of the page of people.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct PeopleForm {
    /// What the page carried.
    pub csrf: String,
    /// `invite-developer`, `invite-admin`, `invite-auditor`, `reset`, `disable` or `enable`.
    #[serde(rename = "do")]
    pub what: String,
    /// Whom; not needed to invite.
    pub user: Option<String>,
}

/// A form of the page of approvals.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct ApprovalForm {
    /// What the page carried.
    pub csrf: String,
    /// `approve` or `refuse`.
    #[serde(rename = "do")]
    pub what: String,
    /// Which.
    pub approval: String,
}

/// A form of the page of what upstreams changed.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct DriftForm {
    /// What the page carried.
    pub csrf: String,
    /// `approve` or `refuse`.
    #[serde(rename = "do")]
    pub what: String,
    /// Which thing.
    pub pin: String,
    /// The version of it that was looked at.
    pub fingerprint: String,
}

/// A form of the page of connections.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct ConnectionForm {
    /// What the page carried.
    pub csrf: String,
    /// `connect` or `disconnect`.
    #[serde(rename = "do")]
    pub what: String,
    /// Through which credential.
    pub credential: String,
}

/// The form that changes a password.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct PasswordForm {
    /// What the page carried.
    pub csrf: String,
    /// The password there is.
    pub current: String,
    /// The new one.
    #[serde(flatten)]
    pub password: Twice,
}

const SETUP: &str = "While there is no administrator. Without the setting `BOOTSTRAP_TOKEN` there is no such page.";
const JOIN: &str = "A code works once. A reset ends everything that was open, and takes the second factor away.";
const PEOPLE: &str = "For administrators; to anybody else there is no such page. A code is shown in the answer and never again. Disabling somebody ends everything they have open.";
const DRIFT: &str = "Administrators and auditors see what upstreams offer and nobody has approved, compared with what was. An administrator decides.";
const APPROVALS: &str = "Administrators and auditors see every call that waits, everybody else the own ones. An administrator decides what others want.";
const CONNECTIONS: &str = "A person connects an account of its own at an upstream whose administrator offers that. Only that person's calls use it.";
const PASSWORD: &str = "Everything else that is signed in to the account ends.";

/// What an endpoint takes and gives.
pub fn offer(endpoint: Endpoint, shapes: &mut Shapes) -> Offer {
    let form = |text: &str| vec![("example", examples::form(text))];
    let shown = |name: &'static str, what: &'static str, shapes: &mut Shapes| {
        let given = page(what, shapes);
        Offer::new(name, "pages", vec![given])
    };
    match endpoint {
        Endpoint::SignInCode => taken("signInWithCode", onwards("Signed in"), shapes).taking_a(
            FORM,
            shapes.read::<CodeForm>(),
            form("ticket=v1.abc&code=123456"),
        ),
        Endpoint::Setup => shown("showSetup", "A form", shapes).about(SETUP),
        Endpoint::SetUp => chosen("setUp", onwards("Made, and signed in"), shapes).about(SETUP).taking_a(
            FORM,
            shapes.read::<SetupForm>(),
            form("ticket=v1.abc&token=abc&tenant=acme&username=ada&password=abc&again=abc"),
        ),
        Endpoint::Join => shown("showJoin", "A form", shapes),
        Endpoint::UseCode => chosen("useCode", onwards("Done"), shapes).about(JOIN).taking_a(
            FORM,
            shapes.read::<JoinForm>(),
            form("ticket=v1.abc&code=ABCD-EFGH-IJKL-MNOP-QRST-UVWX&username=ada&password=abc&again=abc"),
        ),
        Endpoint::People => shown("showPeople", "The people, or the sign-in page", shapes).about(PEOPLE),
        Endpoint::ChangePeople => {
            let made = page("The page, with a code that was made", shapes);
            Offer::new("changePeople", "pages", vec![made, onwards("Done")]).about(PEOPLE).taking_a(
                FORM,
                shapes.read::<PeopleForm>(),
                form("csrf=v1.abc&do=invite-developer"),
            )
        }
        Endpoint::Approvals | Endpoint::DecideApproval | Endpoint::Drift | Endpoint::DecideDrift => {
            decisions(endpoint, shapes)
        }
        Endpoint::Connections | Endpoint::ChangeConnection | Endpoint::Connected => connections(endpoint, shapes),
        Endpoint::Password => shown("showPassword", "A form, or the sign-in page", shapes),
        Endpoint::ChangePassword => chosen("changePassword", onwards("Changed"), shapes).about(PASSWORD).taking_a(
            FORM,
            shapes.read::<PasswordForm>(),
            form("csrf=v1.abc&current=abc&password=abc&again=abc"),
        ),
        Endpoint::SecondFactor => {
            shown("showSecondFactor", "A secret for a program of the person, or a form, or the sign-in page", shapes)
        }
        _ => taken("changeSecondFactor", onwards("On or off"), shapes).taking_a(
            FORM,
            shapes.read::<CodeForm>(),
            form("ticket=v1.abc&code=123456"),
        ),
    }
}

fn connections(endpoint: Endpoint, shapes: &mut Shapes) -> Offer {
    match endpoint {
        Endpoint::Connections => {
            let given = page("The connections, or the sign-in page", shapes);
            Offer::new("showConnections", "pages", vec![given])
        }
        Endpoint::ChangeConnection => {
            let onwards = onwards("On to the provider, or back to the page");
            let example = vec![("example", examples::form("csrf=v1.abc&credential=abc&do=connect"))];
            let offer = Offer::new("changeConnection", "pages", vec![onwards]).about(CONNECTIONS);
            offer.taking_a(FORM, shapes.read::<ConnectionForm>(), example)
        }
        _ => {
            let mut offer = Offer::new("comeBackConnected", "pages", vec![onwards("Back to the page of connections")]);
            offer.parameters = &["state", "code", "iss", "error"];
            offer
        }
    }
}

/// A form: done, or its page again.
fn taken(name: &'static str, done: Given, shapes: &mut Shapes) -> Offer {
    let wrong = Given { status: 403, ..page("The page again: something shown is not good", shapes) };
    Offer::new(name, "pages", vec![done, wrong])
}

/// The same for a form in which a name or a password is chosen.
fn chosen(name: &'static str, done: Given, shapes: &mut Shapes) -> Offer {
    let unfit = Given { status: 422, ..page("The page again: what was chosen does not do", shapes) };
    let mut offer = taken(name, done, shapes);
    offer.gives.push(unfit);
    offer
}

/// The pages on which an administrator decides.
fn decisions(endpoint: Endpoint, shapes: &mut Shapes) -> Offer {
    let form = |text: &str| vec![("example", examples::form(text))];
    match endpoint {
        Endpoint::Approvals => {
            let what = page("Calls that wait, or the sign-in page", shapes);
            Offer::new("showApprovals", "pages", vec![what]).about(APPROVALS)
        }
        Endpoint::DecideApproval => {
            let told = page("The page, with what was done", shapes);
            Offer::new("decideApprovalByForm", "pages", vec![told]).about(APPROVALS).taking_a(
                FORM,
                shapes.read::<ApprovalForm>(),
                form("csrf=v1.abc&approval=abc&do=approve"),
            )
        }
        Endpoint::Drift => {
            let what = page("What waits, or the sign-in page", shapes);
            Offer::new("showDrift", "pages", vec![what]).about(DRIFT)
        }
        _ => {
            let told = page("The page, with what was done", shapes);
            Offer::new("decideDriftByForm", "pages", vec![told]).about(DRIFT).taking_a(
                FORM,
                shapes.read::<DriftForm>(),
                form("csrf=v1.abc&pin=abc&fingerprint=7d86&do=approve"),
            )
        }
    }
}

/// The refusals of an endpoint.
pub fn problems(endpoint: Endpoint) -> Vec<Problem> {
    let limited = Problem::RateLimited { limit: Limit::Source, retry_after: Lifetime::from_seconds(4) };
    let posted = || [vec![Problem::StaleForm], form_problems(), away()].concat();
    match endpoint {
        Endpoint::Setup => vec![Problem::NotFound],
        Endpoint::Join => Vec::new(),
        Endpoint::People | Endpoint::Approvals | Endpoint::Drift => [vec![Problem::NotFound], away()].concat(),
        Endpoint::ChangePeople | Endpoint::DecideApproval | Endpoint::DecideDrift | Endpoint::ChangeConnection => {
            [vec![Problem::NotFound], posted()].concat()
        }
        Endpoint::Password | Endpoint::SecondFactor | Endpoint::Connections => away(),
        Endpoint::Connected => [vec![Problem::StaleForm, limited], away()].concat(),
        Endpoint::SetUp => [vec![Problem::NotFound, limited], posted()].concat(),
        _ => [vec![limited], posted()].concat(),
    }
}
