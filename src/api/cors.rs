//! Which pages of browsers may read an answer: the CORS protocol of the Fetch standard (section 3.3). No page ever gets
//! credentials that a browser keeps: tokens are sent by the page itself, in `Authorization`.

use super::problem::Problem;
use super::route::Browsers;

/// What of an answer a page may read besides the body and the fields that the standard always shows.
const EXPOSED: &str = "WWW-Authenticate, Mcp-Session-Id, MCP-Protocol-Version, X-Correlation-ID, Retry-After, RateLimit, RateLimit-Policy";
/// What a page may send besides the fields that the standard always lets through.
const SENT: &str = "Authorization, Content-Type, Accept, Last-Event-ID, MCP-Protocol-Version, Mcp-Session-Id, Mcp-Method, \
     Mcp-Name, X-Correlation-ID, Idempotency-Key";
/// What the fields that repeat a call's arguments begin with: they are named by tools.
const PARAM: &str = "mcp-param-";
/// More of them in one request are no tool's.
const MOST_PARAMS: usize = 64;
/// How long, in seconds, a browser need not ask again: the longest any of them keeps.
const MAX_AGE: &str = "7200";

/// Whose page a request comes from, by its `Origin`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// The gateway's own; on a developer's machine, any of that machine.
    Own,
    /// One that the operator allows.
    Listed,
    /// Another.
    Foreign,
}

/// What a browser is told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Grant {
    /// Nothing.
    #[default]
    Silent,
    /// Pages of this origin may read the answer.
    Origin(String),
    /// Any page may read the answer.
    Anyone,
}

impl Grant {
    /// Decides whether a request is served for the page it comes from. Without `Origin` it comes from none.
    pub fn decide(browsers: Browsers, origin: Option<(&str, Whose)>) -> Result<Self, Problem> {
        match (browsers, origin) {
            (Browsers::Anyone, _) => Ok(Self::Anyone),
            (_, None) | (Browsers::Own, Some((_, Whose::Own))) => Ok(Self::Silent),
            (Browsers::Allowed, Some((origin, Whose::Own | Whose::Listed))) => Ok(Self::Origin(origin.to_owned())),
            (Browsers::Own, Some((_, Whose::Listed))) | (_, Some((_, Whose::Foreign))) => {
                Err(Problem::OriginNotAllowed)
            }
        }
    }

    /// The fields of every answer.
    pub fn fields(&self) -> Vec<(&'static str, &str)> {
        match self {
            Self::Silent => Vec::new(),
            Self::Origin(origin) => vec![
                ("access-control-allow-origin", origin.as_str()),
                ("access-control-expose-headers", EXPOSED),
                ("vary", "Origin"),
            ],
            Self::Anyone => vec![("access-control-allow-origin", "*"), ("access-control-expose-headers", EXPOSED)],
        }
    }

    /// The further fields of the answer to a preflight: the methods of the path, and what a request may carry. `asked` is
    /// its `Access-Control-Request-Headers`.
    pub fn preflight(&self, methods: &str, asked: Option<&str>) -> Vec<(&'static str, String)> {
        if *self == Self::Silent {
            return Vec::new();
        }
        let names = asked.unwrap_or_default().split(',').map(str::trim);
        let params: Vec<&str> = names.filter(|name| is_param(name)).take(MOST_PARAMS).collect();
        vec![
            ("access-control-allow-methods", methods.to_owned()),
            ("access-control-allow-headers", [&[SENT], params.as_slice()].concat().join(", ")),
            ("access-control-max-age", MAX_AGE.to_owned()),
        ]
    }
}

/// Whether a text is the name of a field (RFC 9110 section 5.1) that repeats an argument.
fn is_param(name: &str) -> bool {
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    name.get(..PARAM.len()).is_some_and(|start| start.eq_ignore_ascii_case(PARAM)) && name.bytes().all(token)
}

#[cfg(test)]
mod tests {
    use super::{Grant, Whose};
    use crate::api::problem::Problem;
    use crate::api::route::Browsers;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const PAGE: &str = "https://app.example";

    #[test]
    fn a_page_is_served_where_its_origin_may_call() {
        let granted = || Ok(Grant::Origin(PAGE.into()));
        for (browsers, whose, told) in [
            (Browsers::Own, None, Ok(Grant::Silent)),
            (Browsers::Own, Some(Whose::Own), Ok(Grant::Silent)),
            (Browsers::Own, Some(Whose::Listed), Err(Problem::OriginNotAllowed)),
            (Browsers::Own, Some(Whose::Foreign), Err(Problem::OriginNotAllowed)),
            (Browsers::Allowed, None, Ok(Grant::Silent)),
            (Browsers::Allowed, Some(Whose::Own), granted()),
            (Browsers::Allowed, Some(Whose::Listed), granted()),
            (Browsers::Allowed, Some(Whose::Foreign), Err(Problem::OriginNotAllowed)),
            (Browsers::Anyone, None, Ok(Grant::Anyone)),
            (Browsers::Anyone, Some(Whose::Foreign), Ok(Grant::Anyone)),
        ] {
            assert_eq!(Grant::decide(browsers, whose.map(|whose| (PAGE, whose))), told, "{browsers:?} {whose:?}");
        }
    }

    #[test]
    fn an_answer_names_the_one_origin_it_is_for_and_never_gives_credentials() {
        let fields = |grant: &Grant| -> Vec<(&'static str, String)> {
            let answer = grant.fields().into_iter().map(|(name, value)| (name, value.to_owned()));
            answer.chain(grant.preflight("POST, OPTIONS", None)).collect()
        };
        assert!(fields(&Grant::Silent).is_empty());
        for (grant, origin) in [(Grant::Origin(PAGE.into()), PAGE), (Grant::Anyone, "*")] {
            let fields = fields(&grant);
            let value = |name: &str| fields.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str());
            assert_eq!(value("access-control-allow-origin"), Some(origin));
            assert_eq!(value("vary"), (origin == PAGE).then_some("Origin"));
            assert_eq!(value("access-control-allow-credentials"), None);
            assert_eq!(value("access-control-allow-methods"), Some("POST, OPTIONS"));
        }
    }

    #[test]
    fn of_the_fields_a_page_asks_for_only_those_that_repeat_arguments_are_added() {
        let asked = "authorization, Mcp-Param-City,mcp-param-, x-evil, cookie, mcp-param-a\"b, mcp-param-é, mcp-paramx";
        let fields = Grant::Anyone.preflight("GET", Some(asked));
        let (_, allowed) = fields.iter().find(|(name, _)| *name == "access-control-allow-headers").unwrap();
        assert!(allowed.ends_with("Idempotency-Key, Mcp-Param-City, mcp-param-"), "{allowed}");
        let many = vec!["mcp-param-a"; 1000].join(",");
        let fields = Grant::Anyone.preflight("GET", Some(&many));
        assert_eq!(fields.iter().map(|(_, value)| value.matches("mcp-param-a").count()).sum::<usize>(), 64);
    }
}
