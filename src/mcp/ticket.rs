//! What a client carries for the gateway between requests, sealed so that only the gateway can read or make it: the state
//! of a request that needs input, the id of a task, the id of a session.
//!
//! A sealed text opens for the principal and at the endpoint it was made for, and nowhere else: both are authenticated with
//! it. Opening says nothing about why it failed.

use super::method::Call;
use super::refusal::{Fault, ParamsProblem};
use crate::id::{TenantId, UpstreamId, UserId, encode_random};
use crate::secret::SecretText;
use crate::time::{Lifetime, Timestamp};
use crate::token::seal::RootKey;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

/// How long a client may take to bring the input that was asked for.
pub const STATE_LIFE: Lifetime = Lifetime::from_seconds(600);
/// Longest state of an upstream that is carried, in bytes.
pub const LONGEST_STATE: usize = 64 * 1024;
/// Random bytes of a session's id, and bytes of the tag that proves them.
const SESSION_BYTES: usize = 16;
/// The purpose of that tag.
const SESSION_TAG: &str = "mcp-session";

/// Whom something was made for, and where: a principal and an endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The tenant from the verified credential.
    pub tenant: TenantId,
    /// The user from the verified credential.
    pub user: UserId,
    /// The virtual server's name; `None` for the endpoint of everything.
    pub server: Option<String>,
}

impl Place {
    /// The authenticated text. Ids cannot hold a `/`, and a server's name comes last.
    fn text(&self, purpose: &str) -> String {
        let Self { tenant, user, server } = self;
        format!("mcp/{purpose}/{tenant}/{user}/{}", server.as_deref().unwrap_or_default())
    }
}

/// Where a request goes on when its client brings the input it was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Resume {
    /// At this upstream, statelessly.
    #[serde(rename = "u")]
    Upstream {
        /// Which.
        #[serde(rename = "i")]
        upstream: UpstreamId,
        /// Its own state, if it gave one.
        #[serde(rename = "s")]
        state: Option<String>,
    },
    /// From its beginning, once a person has approved it.
    #[serde(rename = "a")]
    Approved,
    /// In the object that holds the upstream's open call.
    #[serde(rename = "h")]
    Held {
        /// The object.
        #[serde(rename = "o")]
        object: String,
    },
}

#[derive(Serialize, Deserialize)]
struct State {
    #[serde(rename = "r")]
    resume: Resume,
    #[serde(rename = "d")]
    digest: String,
    #[serde(rename = "x")]
    expires_at: Timestamp,
}

/// Makes the `requestState` for a retry of this call within [`STATE_LIFE`]. `nonce` is 12 fresh random bytes.
///
/// It is bound to the principal, the endpoint, the method and its parameters (`basic/patterns/mrtr`, "Server Requirements").
/// It can be used more than once: an upstream that must not be asked twice says so itself.
pub fn seal_state(
    root: &RootKey,
    place: &Place,
    resume: Resume,
    call: &Call,
    now: Timestamp,
    nonce: [u8; 12],
) -> Result<String, Fault> {
    if matches!(&resume, Resume::Upstream { state: Some(state), .. } if state.len() > LONGEST_STATE) {
        return Err(Fault::Internal);
    }
    let state = State { resume, digest: digest(call), expires_at: now.plus(STATE_LIFE) };
    let text = serde_json::to_string(&state).map_err(|_| Fault::Internal)?;
    root.seal(&SecretText::new(text), &place.text("state"), nonce).map_err(|_| Fault::Internal)
}

/// Opens a `requestState` that a client presents with this call.
pub fn open_state(root: &RootKey, place: &Place, sealed: &str, call: &Call, now: Timestamp) -> Result<Resume, Fault> {
    let refused = Fault::Params(ParamsProblem::RequestState);
    let opened = root.open(sealed, &place.text("state")).ok();
    let state: Option<State> = opened.and_then(|text| serde_json::from_str(text.expose()).ok());
    match state {
        Some(state) if now < state.expires_at && state.digest == digest(call) => Ok(state.resume),
        _ => Err(refused),
    }
}

#[derive(Serialize, Deserialize)]
struct Task {
    #[serde(rename = "u")]
    upstream: UpstreamId,
    #[serde(rename = "t")]
    id: String,
}

/// The id under which this client knows an upstream's task. `nonce` is 12 fresh random bytes.
pub fn seal_task(
    root: &RootKey,
    place: &Place,
    upstream: &UpstreamId,
    own_id: &str,
    nonce: [u8; 12],
) -> Result<String, Fault> {
    let task = Task { upstream: upstream.clone(), id: own_id.to_owned() };
    let text = serde_json::to_string(&task).map_err(|_| Fault::Internal)?;
    root.seal(&SecretText::new(text), &place.text("task"), nonce).map_err(|_| Fault::Internal)
}

/// The upstream of a task and what it calls it.
pub fn open_task(root: &RootKey, place: &Place, sealed: &str) -> Result<(UpstreamId, String), Fault> {
    let opened = root.open(sealed, &place.text("task")).map_err(|_| Fault::UnknownTask)?;
    let task: Task = serde_json::from_str(opened.expose()).map_err(|_| Fault::UnknownTask)?;
    Ok((task.upstream, task.id))
}

/// A new `Mcp-Session-Id`: 16 fresh random bytes and their tag, 43 visible ASCII characters. Nothing is stored in it.
pub fn mint_session(root: &RootKey, place: &Place, random: [u8; SESSION_BYTES]) -> String {
    let tag = root.tag(SESSION_TAG, &tagged(place, &random));
    encode_random(&[random.as_slice(), &tag].concat())
}

/// The name of a session's object within its principal; `None` when this principal has no such session at this endpoint:
/// the id is another's, or nobody's.
pub fn session_object(root: &RootKey, place: &Place, id: &str) -> Option<String> {
    use base64ct::Encoding;
    let mut bytes = [0; 2 * SESSION_BYTES];
    let decoded = base64ct::Base64UrlUnpadded::decode(id, &mut bytes).ok()?;
    let (random, shown) = decoded.split_first_chunk::<SESSION_BYTES>()?;
    root.is_tag(SESSION_TAG, &tagged(place, random), shown).then(|| encode_random(random))
}

fn tagged(place: &Place, random: &[u8]) -> Vec<u8> {
    [place.text("session").as_bytes(), b"/", random].concat()
}

/// A digest of what a call asks for: equal for equal calls, whatever the order of their members. What a retry adds is no
/// part of it.
fn digest(call: &Call) -> String {
    let mut text = call.method().as_bytes().to_vec();
    let empty = Map::new();
    match call {
        Call::Tool { name, arguments, .. } => {
            canonical(&Value::from(name.as_str()), &mut text);
            canonical_object(arguments, &mut text);
        }
        Call::Prompt { name, arguments, .. } => {
            canonical(&Value::from(name.as_str()), &mut text);
            canonical_object(arguments.as_ref().unwrap_or(&empty), &mut text);
        }
        Call::Resource { uri, .. } => canonical(&Value::from(uri.as_str()), &mut text),
        // Neither is ever retried with input.
        Call::Complete { .. } | Call::Task { .. } => {}
    }
    encode_random(&Sha256::digest(&text))
}

fn canonical(value: &Value, text: &mut Vec<u8>) {
    match value {
        Value::Object(members) => canonical_object(members, text),
        Value::Array(items) => {
            text.push(b'[');
            for item in items {
                canonical(item, text);
                text.push(b',');
            }
            text.push(b']');
        }
        leaf => text.extend(leaf.to_string().bytes()),
    }
}

fn canonical_object(members: &Map<String, Value>, text: &mut Vec<u8>) {
    let mut sorted: Vec<_> = members.iter().collect();
    sorted.sort_unstable_by_key(|(name, _)| *name);
    text.push(b'{');
    for (name, value) in sorted {
        text.extend(Value::from(name.as_str()).to_string().bytes());
        text.push(b':');
        canonical(value, text);
        text.push(b',');
    }
    text.push(b'}');
}

#[cfg(test)]
mod tests {
    use super::{
        Place, Resume, STATE_LIFE, mint_session, open_state, open_task, seal_state, seal_task, session_object,
    };
    use crate::id::{TenantId, UpstreamId, UserId};
    use crate::mcp::method::Call;
    use crate::mcp::params::InputRetry;
    use crate::mcp::refusal::{Fault, ParamsProblem};
    use crate::secret::SecretBytes;
    use crate::time::{Lifetime, Timestamp};
    use crate::token::seal::RootKey;
    use serde_json::{Value, json};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const NOW: Timestamp = Timestamp::from_seconds(1_000);

    fn root() -> RootKey {
        RootKey::new(SecretBytes::new(vec![7; 32]))
    }

    fn place(tenant: &str, user: &str, server: Option<&str>) -> Place {
        let (tenant, user) = (TenantId::parse(tenant).unwrap(), UserId::parse(user).unwrap());
        Place { tenant, user, server: server.map(str::to_owned) }
    }

    fn others() -> [Place; 4] {
        [place("t", "v", None), place("s", "u", None), place("t", "u", Some("x")), place("t", "u", Some("/"))]
    }

    fn upstream() -> UpstreamId {
        UpstreamId::parse("ups").unwrap()
    }

    fn call(name: &str, arguments: &Value) -> Call {
        let arguments = arguments.as_object().unwrap().clone();
        Call::Tool { name: name.to_owned(), arguments, retry: InputRetry::default() }
    }

    #[test]
    fn a_state_opens_for_its_principal_its_endpoint_and_its_request_until_it_expires() {
        let mine = place("t", "u", None);
        let asked = call("a", &json!({"x": {"b": 1, "a": [1, {"d": 1, "c": 2}]}, "y": "1"}));
        let resume = Resume::Upstream { upstream: upstream(), state: Some("theirs".into()) };
        let sealed = seal_state(&root(), &mine, resume.clone(), &asked, NOW, [1; 12]).unwrap();
        assert!(!sealed.contains("theirs"));
        let refused = Err(Fault::Params(ParamsProblem::RequestState));
        assert_eq!(open_state(&root(), &mine, &sealed, &asked, NOW), Ok(resume.clone()));
        let last = NOW.plus(STATE_LIFE).minus(Lifetime::from_millis(1));
        assert_eq!(open_state(&root(), &mine, &sealed, &asked, last), Ok(resume.clone()));
        assert_eq!(open_state(&root(), &mine, &sealed, &asked, NOW.plus(STATE_LIFE)), refused);
        for other in others() {
            assert_eq!(open_state(&root(), &other, &sealed, &asked, NOW), refused);
        }
        // The order of members is not part of a request, everything else is.
        let same = call("a", &json!({"y": "1", "x": {"a": [1, {"c": 2, "d": 1}], "b": 1}}));
        assert_eq!(open_state(&root(), &mine, &sealed, &same, NOW), Ok(resume));
        for other in [
            call("b", &json!({"x": {"b": 1, "a": [1, {"d": 1, "c": 2}]}, "y": "1"})),
            call("a", &json!({"x": {"b": 1, "a": [1, {"d": 1, "c": 2}]}, "y": 1})),
            call("a", &json!({"x": {"b": 1, "a": [{"d": 1, "c": 2}, 1]}, "y": "1"})),
            call("a", &json!({})),
        ] {
            assert_eq!(open_state(&root(), &mine, &sealed, &other, NOW), refused);
        }
        for bad in ["", "v1.", "v1.AAAA", "state", &sealed[..sealed.len() - 1], &format!("{sealed}A")] {
            assert_eq!(open_state(&root(), &mine, bad, &asked, NOW), refused);
        }
    }

    #[test]
    fn a_state_that_is_too_long_is_not_carried() {
        let long = Resume::Upstream { upstream: upstream(), state: Some("x".repeat(super::LONGEST_STATE + 1)) };
        let asked = call("a", &json!({}));
        assert_eq!(seal_state(&root(), &place("t", "u", None), long, &asked, NOW, [1; 12]), Err(Fault::Internal));
    }

    #[test]
    fn a_task_belongs_to_its_principal_and_its_upstream() {
        let mine = place("t", "u", Some("s"));
        let sealed = seal_task(&root(), &mine, &upstream(), "own-1", [2; 12]).unwrap();
        assert_eq!(open_task(&root(), &mine, &sealed), Ok((upstream(), "own-1".to_owned())));
        for other in others() {
            assert_eq!(open_task(&root(), &other, &sealed), Err(Fault::UnknownTask));
        }
        assert_eq!(open_task(&root(), &mine, "own-1"), Err(Fault::UnknownTask));
        // A task is no state and a state no task.
        let asked = call("a", &json!({}));
        assert!(open_state(&root(), &mine, &sealed, &asked, NOW).is_err());
    }

    #[test]
    fn a_session_id_is_visible_ascii_and_names_an_object_of_its_principal_alone() {
        let mine = place("t", "u", None);
        let id = mint_session(&root(), &mine, [9; 16]);
        assert!(id.len() == 43 && id.bytes().all(|byte| (0x21..=0x7e).contains(&byte)));
        let object = session_object(&root(), &mine, &id).unwrap();
        assert_ne!(object, session_object(&root(), &mine, &mint_session(&root(), &mine, [8; 16])).unwrap());
        for other in others() {
            assert_eq!(session_object(&root(), &other, &id), None);
        }
        let flipped = if id.starts_with('A') { "B" } else { "A" };
        for bad in ["", "x", &id[..42], &format!("{id}A"), &format!("{flipped}{}", &id[1..]), &"=".repeat(43)] {
            assert_eq!(session_object(&root(), &mine, bad), None, "{bad}");
        }
    }
}
