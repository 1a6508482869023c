//! `$ref`: within a document (RFC 6901), and to documents of the same origin.

use crate::outbound::OutboundUrl;
use serde_json::Value;
use std::cell::RefCell;
use url::Url;

/// Most documents of one API, the first one included.
pub const MAX_DOCUMENTS: usize = 16;
/// Most references in a row.
const MAX_CHAIN: usize = 32;

/// Why a reference leads nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BrokenReference {
    /// To another origin.
    #[error("it refers to a document of another origin")]
    Foreign,
    /// To something that is not there.
    #[error("it refers to something that is not there")]
    Dangling,
    /// To a document that could not be had.
    #[error("it refers to a document that could not be read")]
    Unavailable,
    /// To one document more than is taken.
    #[error("it refers to more than {MAX_DOCUMENTS} documents")]
    TooMany,
    /// To itself, or too many references in a row.
    #[error("it has a reference that does not end")]
    Endless,
}

/// A value of a document, and which document it is of.
#[derive(Clone, Copy, Debug)]
pub struct Node<'a> {
    /// Which document.
    pub document: usize,
    /// The value.
    pub value: &'a Value,
}

impl<'a> Node<'a> {
    /// A member of an object.
    pub fn get(self, member: &str) -> Option<Self> {
        self.value.get(member).map(|value| Self { value, ..self })
    }

    /// A member that is a text.
    pub fn text(self, member: &str) -> Option<&'a str> {
        self.value.get(member).and_then(Value::as_str)
    }

    /// Whether a member is `true`.
    pub fn is(self, member: &str) -> bool {
        self.value.get(member) == Some(&Value::Bool(true))
    }

    /// The entries of a member that is a list.
    pub fn entries(self, member: &str) -> impl Iterator<Item = Self> + use<'a> {
        let items = self.value.get(member).and_then(Value::as_array).into_iter().flatten();
        items.map(move |value| Self { value, ..self })
    }

    /// The members of an object; none of anything else.
    pub fn members(self) -> impl Iterator<Item = (&'a str, Self)> + use<'a> {
        let members = self.value.as_object().into_iter().flatten();
        members.map(move |(name, value)| (name.as_str(), Self { value, ..self }))
    }

    /// What tells this value from every other one while the documents stay where they are.
    pub fn identity(self) -> usize {
        std::ptr::from_ref(self.value).addr()
    }
}

/// A document that was asked for.
struct Document {
    url: Url,
    /// `None` for one that could not be had.
    value: Option<Value>,
}

/// The documents of one API.
pub struct Library {
    source: OutboundUrl,
    documents: Vec<Document>,
    wanted: RefCell<Vec<Url>>,
}

impl Library {
    /// With the first document, and where it is from.
    pub fn new(source: OutboundUrl, value: Value) -> Self {
        let documents = vec![Document { url: source.url().clone(), value: Some(value) }];
        Self { source, documents, wanted: RefCell::default() }
    }

    /// Where the first document is from.
    pub const fn source(&self) -> &OutboundUrl {
        &self.source
    }

    /// The first document.
    pub fn root(&self) -> Node<'_> {
        let value = self.documents.first().and_then(|document| document.value.as_ref()).unwrap_or(&Value::Null);
        Node { document: 0, value }
    }

    /// A document that was missed since it was last asked.
    pub fn wanted(&self) -> Option<OutboundUrl> {
        let wanted = self.wanted.borrow().first().cloned()?;
        Some(self.source.with_path_and_query(&wanted))
    }

    /// Takes a document that was wanted; `None` when it could not be had.
    pub fn supply(&mut self, url: &OutboundUrl, value: Option<Value>) {
        self.wanted.get_mut().retain(|wanted| wanted != url.url());
        self.documents.push(Document { url: url.url().clone(), value });
    }

    /// What a reference in a node leads to.
    pub fn resolve<'a>(&'a self, node: Node<'a>, reference: &str) -> Result<Node<'a>, BrokenReference> {
        let (place, fragment) = reference.split_once('#').unwrap_or((reference, ""));
        let document = if place.is_empty() { node.document } else { self.find(node.document, place)? };
        let root = self.documents.get(document).and_then(|document| document.value.as_ref());
        let root = root.ok_or(BrokenReference::Unavailable)?;
        let pointer = decoded(fragment).ok_or(BrokenReference::Dangling)?;
        let value = root.pointer(&pointer).ok_or(BrokenReference::Dangling)?;
        Ok(Node { document, value })
    }

    /// The node itself, or what its reference leads to in the end.
    pub fn follow<'a>(&'a self, mut node: Node<'a>) -> Result<Node<'a>, BrokenReference> {
        for _ in 0..MAX_CHAIN {
            match node.text("$ref") {
                Some(reference) => node = self.resolve(node, reference)?,
                None => return Ok(node),
            }
        }
        Err(BrokenReference::Endless)
    }

    fn find(&self, from: usize, place: &str) -> Result<usize, BrokenReference> {
        let base = self.documents.get(from).ok_or(BrokenReference::Dangling)?;
        let mut url = base.url.join(place).map_err(|_| BrokenReference::Dangling)?;
        url.set_fragment(None);
        if url.origin() != self.source.url().origin() || !url.username().is_empty() || url.password().is_some() {
            return Err(BrokenReference::Foreign);
        }
        if let Some(found) = self.documents.iter().position(|document| document.url == url) {
            return Ok(found);
        }
        let mut wanted = self.wanted.borrow_mut();
        if wanted.contains(&url) {
            return Err(BrokenReference::Unavailable);
        }
        if self.documents.len() + wanted.len() >= MAX_DOCUMENTS {
            return Err(BrokenReference::TooMany);
        }
        wanted.push(url);
        Err(BrokenReference::Unavailable)
    }
}

/// A fragment as a pointer (RFC 6901 section 6); `None` for what is none.
fn decoded(fragment: &str) -> Option<String> {
    if !fragment.is_empty() && !fragment.starts_with('/') {
        return None;
    }
    let mut bytes = Vec::with_capacity(fragment.len());
    let mut rest = fragment.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || rest.next().and_then(|byte| char::from(byte).to_digit(16));
        let (high, low) = (digit()?, digit()?);
        bytes.push(u8::try_from(high * 16 + low).ok()?);
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
#[path = "reference_tests.rs"]
mod tests;
