//! How a refusal looks where it is not a problem document: to an OAuth client, and to a person.

use crate::api::challenge::Realm;
use crate::api::problem::Problem;
use crate::api::reply::Reply;
use crate::id::CorrelationId;
use crate::oauth::error::Code;
use crate::page::{ErrorPage, content_security_policy};
use serde::Serialize;

/// The form of a route's refusals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// A problem document (RFC 9457).
    #[default]
    Problem,
    /// An OAuth error (RFC 6749 section 5.2).
    OAuth,
    /// A page.
    Page,
}

/// An OAuth error (RFC 6749 section 5.2, RFC 7591 section 3.2.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct OAuthDocument {
    /// What went wrong, as RFC 6749, RFC 7591 and RFC 8707 call it.
    pub error: &'static str,
    /// What is wrong this time.
    pub error_description: String,
    /// Ties this answer to the log.
    pub correlation_id: String,
}

impl Form {
    /// A refusal in this form. Status and header fields are the same in each.
    pub fn render(self, problem: &Problem, correlation: &CorrelationId, realm: Realm<'_>) -> Reply {
        let reply = problem.reply(correlation, realm);
        match self {
            Self::Problem => reply,
            Self::OAuth => {
                let document = OAuthDocument {
                    error: code(problem),
                    error_description: problem.detail(),
                    correlation_id: correlation.to_string(),
                };
                in_place_of(&reply, Reply::private_json(reply.status, &document))
            }
            Self::Page => {
                let detail = sentence(&problem.detail());
                // With 401 a browser would ask for a password of its own.
                let status = if reply.status == 401 { 400 } else { reply.status };
                let page = ErrorPage { title: title(problem), detail: &detail, correlation: correlation.as_str() };
                in_place_of(&reply, Reply::page(status, page.render(), &content_security_policy(&[])))
            }
        }
    }
}

/// The header fields that a refusal has in every form, on a body of another.
fn in_place_of(refusal: &Reply, mut other: Reply) -> Reply {
    let own = refusal.headers.iter().filter(|(name, _)| !matches!(*name, "content-type" | "cache-control"));
    let own = own.filter(|(name, _)| *name != "www-authenticate" || other.status == 401);
    other.headers.extend(own.cloned());
    other
}

/// The code of a refusal that is not OAuth's own.
fn code(problem: &Problem) -> &'static str {
    match problem {
        Problem::OAuth { error, .. } => error.code.as_str(),
        Problem::RateLimited { .. } | Problem::Unavailable { .. } | Problem::Misconfigured(_) => {
            Code::TemporarilyUnavailable.as_str()
        }
        Problem::Internal(_) => "server_error",
        _ => Code::InvalidRequest.as_str(),
    }
}

/// What a person is told first.
fn title(problem: &Problem) -> &'static str {
    match problem {
        Problem::OAuth { .. } => "This app cannot go on",
        Problem::StaleForm => "This page is out of date",
        Problem::RateLimited { .. } => "Too many attempts",
        Problem::Unavailable { .. } | Problem::Misconfigured(_) => "Not available right now",
        Problem::NotFound => "There is nothing here",
        _ => "This request was refused",
    }
}

/// Words for a person: a sentence with a capital letter and a full stop. A parameter's name stays as it is.
pub fn sentence(words: &str) -> String {
    if words.split(' ').next().is_some_and(|first| first.contains('_')) {
        return format!("{words}.");
    }
    let mut letters = words.chars();
    let first: String = letters.next().map(|letter| letter.to_uppercase().collect()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}

#[cfg(test)]
mod tests {
    use super::Form;
    use crate::api::challenge::Realm;
    use crate::api::problem::{Limit, Problem};
    use crate::api::reply::Reply;
    use crate::id::CorrelationId;
    use crate::oauth::error::Code;
    use crate::time::Lifetime;
    use serde_json::{Value, json};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn render(form: Form, problem: &Problem) -> Reply {
        form.render(problem, &CorrelationId::parse("c-1").unwrap(), Realm::of("https://gw.example"))
    }

    fn header<'a>(reply: &'a Reply, name: &str) -> Option<&'a str> {
        let mut found = reply.headers.iter().filter(|(known, _)| *known == name).map(|(_, value)| value.as_str());
        let first = found.next();
        assert_eq!(found.next(), None, "{name} stands twice");
        first
    }

    #[test]
    fn an_oauth_client_is_told_a_code_and_words() {
        let problem = Problem::from(Code::InvalidClient.because("the client is not known here"));
        let reply = render(Form::OAuth, &problem);
        assert_eq!((reply.status, header(&reply, "cache-control")), (401, Some("no-store")));
        assert_eq!(header(&reply, "www-authenticate"), Some("Basic realm=\"https://gw.example\""));
        assert_eq!(
            serde_json::from_slice::<Value>(&reply.body).unwrap(),
            json!({"error": "invalid_client", "error_description": "the client is not known here", "correlation_id": "c-1"})
        );
    }

    #[test]
    fn what_is_not_oauths_own_has_a_code_too() {
        let limited = Problem::RateLimited { limit: Limit::Registrations, retry_after: Lifetime::from_seconds(7) };
        let away = Problem::Unavailable { part: "the gate", reason: "secret".into() };
        for (problem, status, code) in [
            (&limited, 429, "temporarily_unavailable"),
            (&away, 503, "temporarily_unavailable"),
            (&Problem::UnsupportedMediaType { takes: "a/b" }, 415, "invalid_request"),
            (&Problem::Internal("secret".into()), 500, "server_error"),
        ] {
            let reply = render(Form::OAuth, problem);
            let body: Value = serde_json::from_slice(&reply.body).unwrap();
            assert_eq!((reply.status, body["error"].as_str()), (status, Some(code)), "{problem:?}");
            assert!(!body.to_string().contains("secret"), "{body}");
        }
        assert_eq!(header(&render(Form::OAuth, &limited), "retry-after"), Some("7"));
        assert_eq!(header(&render(Form::Page, &away), "retry-after"), Some("5"));
    }

    #[test]
    fn a_person_is_shown_a_page() {
        let reply = render(Form::Page, &Problem::StaleForm);
        let html = String::from_utf8(reply.body.clone()).unwrap();
        assert_eq!((reply.status, header(&reply, "content-type")), (400, Some("text/html; charset=utf-8")));
        assert!(header(&reply, "content-security-policy").unwrap().contains("frame-ancestors 'none'"));
        assert!(html.contains("<h1>This page is out of date</h1>") && html.contains("c-1"), "{html}");
        assert!(html.contains("<p>It was shown to another browser"), "{html}");
    }

    #[test]
    fn the_usual_form_is_a_problem_document() {
        let reply = render(Form::default(), &Problem::NotFound);
        assert_eq!(header(&reply, "content-type"), Some("application/problem+json; charset=utf-8"));
    }
}
