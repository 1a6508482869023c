//! ID tokens: who signed in at the provider (OpenID Connect Core 1.0 sections 2 and 3.1.3.7).

use crate::account::groups;
use crate::oidc::jwt::{OneOrMany, Times, TokenProblem, Unverified};
use crate::oidc::person::Person;
use crate::oidc::provider::Provider;
use crate::time::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value};
use subtle::ConstantTimeEq;

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: OneOrMany,
    azp: Option<String>,
    exp: u64,
    iat: u64,
    nbf: Option<u64>,
    nonce: String,
    preferred_username: Option<String>,
    email: Option<String>,
}

/// Who signed in, according to a token whose signature was good.
///
/// 1. it is no token of another kind; 2. the issuer is the provider, to the letter; 3. it is for this gateway: the audience
///    is its client id, or has it among others, and then and whenever `azp` is there that is it too; 4. it is good now,
///    with 60 seconds of leeway; 5. it answers the request that carried `nonce`; 6. a subject of 1 to 255 visible letters;
///    7. where the operator named a claim of groups, all that it says can be used.
pub fn check(token: &Unverified, provider: &Provider, nonce: &str, now: Timestamp) -> Result<Person, TokenProblem> {
    if token.has_type() && !token.is_type("JWT") {
        return Err(TokenProblem::Type);
    }
    let claims: Claims = token.claims()?;
    if claims.iss != provider.issuer {
        return Err(TokenProblem::Issuer);
    }
    let own = |id: &String| *id == provider.client_id;
    let audience = claims.aud.as_slice();
    let party = match &claims.azp {
        Some(azp) => own(azp),
        None => audience.len() == 1,
    };
    if !audience.iter().any(own) || !party {
        return Err(TokenProblem::Audience);
    }
    Times { exp: claims.exp, iat: claims.iat, nbf: claims.nbf }.check(now)?;
    if !bool::from(claims.nonce.as_bytes().ct_eq(nonce.as_bytes())) {
        return Err(TokenProblem::Nonce);
    }
    let person = Person::new(claims.sub, claims.preferred_username, claims.email).ok_or(TokenProblem::Claims)?;
    match &provider.groups_claim {
        Some(claim) => Ok(person.in_groups(groups(&token.claims()?, claim)?)),
        None => Ok(person),
    }
}

/// Somebody's groups: one text or a list of them, and none where there is no such claim. A provider with more of them than
/// a token holds says where else they are (`_claim_names`, OpenID Connect Core 1.0 section 5.6.2): that is no answer here.
fn groups(claims: &Map<String, Value>, name: &str) -> Result<Vec<String>, TokenProblem> {
    let elsewhere = claims.get("_claim_names").is_some_and(|names| names.get(name).is_some());
    let said = match claims.get(name) {
        _ if elsewhere => return Err(TokenProblem::Groups),
        None | Some(Value::Null) => Some(Vec::new()),
        Some(Value::String(one)) => Some(vec![one.clone()]),
        Some(Value::Array(all)) => all.iter().map(|one| one.as_str().map(str::to_owned)).collect(),
        Some(_) => None,
    };
    said.and_then(|said| groups::parse(said).ok()).ok_or(TokenProblem::Groups)
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::oidc::jwt::{TokenProblem, Unverified};
    use crate::oidc::person::Person;
    use crate::oidc::provider::Provider;
    use crate::oidc::sample::{ISSUER, NOW, NOW_SECONDS, provider, token};
    use serde_json::{Value, json};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const HEADER: &str = r#"{"alg":"RS256","kid":"k"}"#;

    fn good() -> Value {
        json!({
            "iss": ISSUER, "sub": "248289761001", "aud": "gateway", "exp": NOW_SECONDS + 300, "iat": NOW_SECONDS,
            "nonce": "n-1", "preferred_username": "ada", "email": "ada@example.com", "groups": ["a", "b"]
        })
    }

    fn judge(header: &str, claims: &Value) -> Result<Person, TokenProblem> {
        check(&Unverified::parse(&token(header, &claims.to_string())).unwrap(), &provider(), "n-1", NOW)
    }

    fn with(changes: &[(&str, Value)]) -> Result<Person, TokenProblem> {
        let mut claims = good();
        for (name, value) in changes {
            claims[*name] = value.clone();
        }
        judge(HEADER, &claims)
    }

    #[test]
    fn a_good_token_says_who_signed_in() {
        assert_eq!(judge(HEADER, &good()).unwrap().subject(), "248289761001");
        for header in [r#"{"alg":"RS256","typ":"JWT"}"#, r#"{"alg":"ES256","typ":"jwt","kid":"k"}"#] {
            assert!(judge(header, &good()).is_ok());
        }
    }

    #[test]
    fn somebodys_groups_are_read_where_the_operator_says_which_claim_has_them() {
        let groups = |claim: &str, said: Value| {
            let mut claims = good();
            claims["groups"] = said;
            let provider = Provider { groups_claim: Some(claim.into()), ..provider() };
            let token = Unverified::parse(&token(HEADER, &claims.to_string())).unwrap();
            check(&token, &provider, "n-1", NOW).map(|person| person.groups().unwrap().to_vec())
        };
        assert_eq!(judge(HEADER, &good()).unwrap().groups(), None, "nobody asked for them");
        assert_eq!(groups("groups", json!(["ops", "billing", "ops"])).unwrap(), ["billing", "ops"]);
        assert_eq!(groups("groups", json!("ops")).unwrap(), ["ops"]);
        for none in [json!([]), json!(null)] {
            assert_eq!(groups("groups", none).unwrap(), [""; 0]);
        }
        assert_eq!(groups("https://example.com/groups", json!(["ops"])).unwrap(), [""; 0]);
        for bad in [json!(7), json!([["ops"]]), json!(["ops", 7]), json!(["a\nb"]), json!([""]), json!({"ops": true})] {
            assert_eq!(groups("groups", bad.clone()), Err(TokenProblem::Groups), "{bad}");
        }
        let many: Vec<String> = (0..201).map(|at| format!("group-{at}")).collect();
        assert_eq!(groups("groups", json!(many)), Err(TokenProblem::Groups));
    }

    #[test]
    fn groups_that_the_provider_keeps_elsewhere_are_not_taken_for_none() {
        let mut claims = good();
        claims["_claim_names"] = json!({"groups": "src1"});
        claims.as_object_mut().unwrap().remove("groups");
        let asked = Provider { groups_claim: Some("groups".into()), ..provider() };
        let token = Unverified::parse(&token(HEADER, &claims.to_string())).unwrap();
        assert_eq!(check(&token, &asked, "n-1", NOW), Err(TokenProblem::Groups));
        assert!(check(&token, &provider(), "n-1", NOW).is_ok(), "nobody asked for them");
    }

    #[test]
    fn a_token_of_another_kind_is_refused() {
        for typ in ["oauth-id-jag+jwt", "at+jwt", "logout+jwt", ""] {
            let header = format!(r#"{{"alg":"RS256","typ":"{typ}"}}"#);
            assert_eq!(judge(&header, &good()), Err(TokenProblem::Type), "{typ}");
        }
    }

    #[test]
    fn another_issuer_is_refused_to_the_letter() {
        for other in ["https://login.example.com/", "http://login.example.com", "https://evil.example.com", ""] {
            assert_eq!(with(&[("iss", json!(other))]), Err(TokenProblem::Issuer), "{other}");
        }
    }

    #[test]
    fn it_is_for_this_gateway_and_for_others_only_where_azp_says_so() {
        assert!(with(&[("aud", json!(["gateway"]))]).is_ok());
        assert!(with(&[("aud", json!(["other", "gateway"])), ("azp", json!("gateway"))]).is_ok());
        for refused in [
            &[("aud", json!("other"))][..],
            &[("aud", json!([]))],
            &[("aud", json!("Gateway"))],
            &[("aud", json!(["other", "gateway"]))],
            &[("aud", json!(["other", "gateway"])), ("azp", json!("other"))],
            &[("azp", json!("other"))],
            &[("aud", json!("other")), ("azp", json!("gateway"))],
        ] {
            assert_eq!(with(refused), Err(TokenProblem::Audience), "{refused:?}");
        }
    }

    #[test]
    fn it_is_good_for_its_time_with_a_minute_of_leeway() {
        assert!(with(&[("exp", json!(NOW_SECONDS - 59))]).is_ok());
        assert_eq!(with(&[("exp", json!(NOW_SECONDS - 60))]), Err(TokenProblem::Expired));
        for name in ["iat", "nbf"] {
            assert!(with(&[(name, json!(NOW_SECONDS + 60))]).is_ok());
            assert_eq!(with(&[(name, json!(NOW_SECONDS + 61))]), Err(TokenProblem::NotYetValid), "{name}");
        }
    }

    #[test]
    fn it_answers_the_request_that_was_made() {
        for other in ["n-2", "N-1", "n-1 ", ""] {
            assert_eq!(with(&[("nonce", json!(other))]), Err(TokenProblem::Nonce), "{other}");
        }
    }

    #[test]
    fn every_claim_that_counts_is_there_with_its_type() {
        for name in ["iss", "sub", "aud", "exp", "iat", "nonce"] {
            for wrong in [Value::Null, json!({}), json!(true), json!(-1), json!(1.5)] {
                assert_eq!(with(&[(name, wrong.clone())]), Err(TokenProblem::Claims), "{name} {wrong}");
            }
        }
        for (name, wrong) in
            [("nbf", json!("soon")), ("azp", json!(["gateway"])), ("email", json!(1)), ("aud", json!([1]))]
        {
            assert_eq!(with(&[(name, wrong)]), Err(TokenProblem::Claims), "{name}");
        }
        for subject in ["", "a b\n", &"x".repeat(256)] {
            assert_eq!(with(&[("sub", json!(subject))]), Err(TokenProblem::Claims), "{subject}");
        }
    }
}
