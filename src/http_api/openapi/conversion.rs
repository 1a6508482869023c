//! The steps of a conversion: a document, the documents that it refers to, the tools.

use super::choice::{Choice, Chooser, Settings};
use super::document;
use super::name::Names;
use super::operation::{Made, Operation, Workshop};
use super::reference::{Library, Node};
use super::refusal::{InvalidOpenApi, Refusal, Refused};
use super::schema::visible;
use super::server;
use crate::catalogue::listing::MAX_ITEMS;
use crate::http_api::api::ApiDocument;
use crate::http_api::check::Api;
use crate::http_api::credential::Slot;
use crate::outbound::{Method, OutboundUrl};

/// Most paths of a document.
pub const MAX_PATHS: usize = 2000;
/// Most operations that are tried: what comes out is fewer tools than that in any case.
const MAX_TRIED: usize = 2 * MAX_ITEMS;

/// What a path item may have, as the document writes it.
const METHODS: [(&str, Option<Method>); 8] = [
    ("get", Some(Method::Get)),
    ("put", Some(Method::Put)),
    ("post", Some(Method::Post)),
    ("delete", Some(Method::Delete)),
    ("options", Some(Method::Options)),
    ("head", Some(Method::Head)),
    ("patch", Some(Method::Patch)),
    ("trace", None),
];

/// A conversion under way.
pub struct Conversion {
    library: Library,
    base: OutboundUrl,
    choice: Choice,
    chooser: Chooser,
    settings: Settings,
    bytes_left: usize,
}

/// What comes next.
#[derive(Debug)]
pub enum Step {
    /// This document is wanted: [`Conversion::supply`].
    Want(OutboundUrl),
    /// It is done.
    Done(Box<Converted>),
}

/// What came out.
#[derive(Debug, Clone, PartialEq)]
pub struct Converted {
    /// The API with its tools.
    pub api: Api,
    /// What the document calls it.
    pub title: Option<String>,
    /// Chosen operations that are no tools.
    pub refused: Vec<Refused>,
    /// Tools whose schemas had to be made shorter, by name.
    pub shortened: Vec<String>,
    /// Operations that were not chosen.
    pub not_chosen: usize,
    /// Whether the API is at another origin than its document, so that a person should look at it.
    pub elsewhere: bool,
}

impl Conversion {
    /// Begins with the bytes of a document, and where it is from: references and servers are read against that.
    pub fn begin(
        source: OutboundUrl,
        bytes: &[u8],
        choice: Choice,
        settings: Settings,
    ) -> Result<Self, InvalidOpenApi> {
        let chooser = Chooser::new(&choice)?;
        let value = document::read(bytes)?;
        let library = Library::new(source, value);
        let root = library.root();
        let known = |version: &str| version.starts_with("3.0.") || version.starts_with("3.1.");
        if !root.text("openapi").is_some_and(known) {
            return Err(InvalidOpenApi::Version);
        }
        match root.get("paths").and_then(|paths| paths.value.as_object()) {
            None => return Err(InvalidOpenApi::NoPaths),
            Some(paths) if paths.len() > MAX_PATHS => return Err(InvalidOpenApi::TooManyPaths),
            Some(_) => {}
        }
        let base = match &settings.base {
            Some(base) => {
                let mut url = base.url().clone();
                url.set_query(None);
                base.with_path_and_query(&url)
            }
            None => server::base(root, library.source(), settings.reach)?,
        };
        let bytes_left = document::CAPS.max_bytes.saturating_sub(bytes.len());
        Ok(Self { library, base, choice, chooser, settings, bytes_left })
    }

    /// What comes next. Everything is converted anew when a document was missing: that is rare, and simple.
    pub fn step(&mut self) -> Step {
        if let Some(url) = self.library.wanted() {
            return Step::Want(url);
        }
        let converted = self.convert();
        match self.library.wanted() {
            Some(url) => Step::Want(url),
            None => Step::Done(Box::new(converted)),
        }
    }

    /// Takes the document that was wanted, or `None` when it could not be had. One that cannot be read, or that makes all
    /// of them together longer than one may be, is as one that could not be had.
    pub fn supply(&mut self, url: &OutboundUrl, bytes: Option<&[u8]>) {
        let fits = bytes.filter(|bytes| bytes.len() <= self.bytes_left);
        self.bytes_left -= fits.map_or(0, <[u8]>::len);
        self.library.supply(url, fits.and_then(|bytes| document::read(bytes).ok()));
    }

    fn convert(&self) -> Converted {
        let (library, settings, choice, base) = (&self.library, &self.settings, &self.choice, &self.base);
        let mut making = Making {
            workshop: Workshop { library, settings, choice, base },
            chooser: &self.chooser,
            names: Names::new(settings.longest_name),
            document: ApiDocument { base: base.url().to_string(), credentials: Vec::new(), tools: Vec::new() },
            refused: Vec::new(),
            shortened: Vec::new(),
            not_chosen: 0,
            tried: 0,
        };
        for (path, item) in library.root().get("paths").into_iter().flat_map(Node::members) {
            if !path.starts_with("x-") {
                making.item(path, item);
            }
        }
        let title = library.root().get("info").and_then(|info| info.text("title"));
        Converted {
            api: Api::of_checked(base.clone(), making.document),
            title: title.map(|title| visible(title).chars().take(128).collect()),
            refused: making.refused,
            shortened: making.shortened,
            not_chosen: making.not_chosen,
            elsewhere: base.origin() != library.source().origin(),
        }
    }
}

/// The tools so far.
struct Making<'l> {
    workshop: Workshop<'l>,
    chooser: &'l Chooser,
    names: Names,
    document: ApiDocument,
    refused: Vec<Refused>,
    shortened: Vec<String>,
    not_chosen: usize,
    tried: usize,
}

impl<'l> Making<'l> {
    /// Every operation of a path.
    fn item(&mut self, path: &'l str, item: Node<'l>) {
        let item = match self.workshop.library.follow(item) {
            Ok(item) => item,
            Err(broken) => return self.refuse("", "", path, broken.into()),
        };
        for (name, method) in METHODS {
            let Some(node) = item.get(name) else { continue };
            let id = node.text("operationId");
            let tags: Vec<&str> = node.entries("tags").filter_map(|tag| tag.value.as_str()).collect();
            if !self.chooser.wants(id, &tags, method, path) {
                self.not_chosen += 1;
                continue;
            }
            self.tried += 1;
            let outcome = match method {
                _ if self.document.tools.len() >= MAX_ITEMS || self.tried > MAX_TRIED => Err(Refusal::TooMany),
                None => Err(Refusal::Method),
                Some(_) if !node.value.is_object() => Err(Refusal::Malformed("operation")),
                Some(method) => self.workshop.make(Operation { method, path, node, item }, &mut self.names),
            };
            match outcome {
                Ok(made) => self.keep(made),
                Err(reason) => self.refuse(id.unwrap_or_default(), &name.to_ascii_uppercase(), path, reason),
            }
        }
    }

    fn keep(&mut self, made: Made) {
        if made.shortened {
            self.shortened.push(made.tool.definition.name.clone());
        }
        let credentials = &mut self.document.credentials;
        let new = |slot: &Slot, known: &[Slot]| known.iter().all(|other| other.scheme != slot.scheme);
        for slot in made.slots {
            if new(&slot, credentials) {
                credentials.push(slot);
            }
        }
        self.document.tools.push(made.tool);
    }

    fn refuse(&mut self, operation: &str, method: &str, path: &str, reason: Refusal) {
        let cut =
            |text: &str, longest| visible(text).chars().filter(|letter| !letter.is_control()).take(longest).collect();
        let refused =
            Refused { operation: cut(operation, 128), method: method.to_owned(), path: cut(path, 256), reason };
        self.refused.push(refused);
    }
}
