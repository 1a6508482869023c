//! The arguments of the tools: read into what is to be done, or refused in words that a model can act on.

use super::content::{Encoding, InvalidContent, bytes_of};
use super::glob::{Glob, InvalidGlob};
use super::options::FileOptions;
use super::path::{FilePath, InvalidPath};
use serde_json::{Map, Value};

/// Most files of one page of a list, or of what a search finds.
pub const MOST_LISTED: u32 = 1000;
/// Files of a page where nothing is said.
const USUALLY_LISTED: u32 = 100;
/// Longest text that is searched for, in bytes.
pub const MOST_NEEDLE_BYTES: usize = 256;

/// What is to be done with files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// `read_file`
    Read(Reading),
    /// `write_file`
    Write(Writing),
    /// `list_files`
    List(Listing),
    /// `delete_file`
    Delete(FilePath),
    /// `search_files`
    Search(Searching),
}

/// A part of a file to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The file.
    pub path: FilePath,
    /// From which byte on.
    pub offset: u64,
    /// How many bytes at most.
    pub length: Option<u64>,
    /// How they are to be written.
    pub encoding: Option<Encoding>,
}

/// A file to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Writing {
    /// The file.
    pub path: FilePath,
    /// What is to stand in it.
    pub bytes: Vec<u8>,
    /// The version that is replaced; `None` for a file that is not there yet.
    pub replaces: Option<String>,
}

/// A page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// The folder; `None` for everything.
    pub folder: Option<FilePath>,
    /// Where the page before ended.
    pub cursor: Option<String>,
    /// Most files.
    pub limit: u32,
}

/// Files to be looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Searching {
    /// Where, from where on, and how many.
    pub within: Listing,
    /// What their paths are like.
    pub glob: Option<Glob>,
    /// What stands in them.
    pub text: Option<String>,
}

/// Why an order is not carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// No tool of that name, as where files are only read.
    #[error("there is no such tool")]
    Tool,
    /// An argument that is missing, or of another type.
    #[error("{0} is missing or not what it must be")]
    Argument(&'static str),
    /// A path that is none.
    #[error("{0}: {1}")]
    Path(&'static str, InvalidPath),
    /// A pattern that is none.
    #[error("glob: {0}")]
    Glob(#[from] InvalidGlob),
    /// A content that is none.
    #[error(transparent)]
    Content(#[from] InvalidContent),
    /// An extension that files here do not have.
    #[error("files here do not have that extension; they have: {0}")]
    Extension(String),
    /// Too much.
    #[error("the content has {size} bytes, and a file here has {most} at most")]
    TooLarge {
        /// How much it is.
        size: u64,
        /// How much it may be.
        most: u64,
    },
    /// A version that is none.
    #[error("if_etag is the etag that reading or listing the file gave")]
    Etag,
    /// Nothing to look for.
    #[error("say what to look for: a glob, a text, or both")]
    Nothing,
    /// A text that is too long to look for, or empty.
    #[error("text has 1 to {MOST_NEEDLE_BYTES} bytes")]
    Needle,
    /// A cursor that no page gave.
    #[error("the cursor is none that a page gave")]
    Cursor,
    /// There is no such file.
    #[error("there is no file {0:?}")]
    Missing(String),
    /// There is one already, or another version of it.
    #[error("nothing was written: {0}")]
    Conflict(&'static str),
    /// Another version came in between.
    #[error("the file was changed while it was read: read it again")]
    Changed,
    /// Beyond the end.
    #[error("the file has {0} bytes: there is nothing at that offset")]
    Beyond(u64),
}

impl Order {
    /// Reads the arguments of a tool. Where files are only read, the tools that change something are not there.
    pub fn read(tool: &str, arguments: &Map<String, Value>, options: &FileOptions) -> Result<Self, Refused> {
        let arguments = Arguments(arguments);
        match tool {
            "read_file" => reading(&arguments).map(Self::Read),
            "list_files" => listing(&arguments).map(Self::List),
            "search_files" => searching(&arguments).map(Self::Search),
            "write_file" if !options.read_only => writing(&arguments, options).map(Self::Write),
            "delete_file" if !options.read_only => arguments.path().map(Self::Delete),
            _ => Err(Refused::Tool),
        }
    }
}

/// The members of the arguments, each of its type.
struct Arguments<'a>(&'a Map<String, Value>);

impl<'a> Arguments<'a> {
    /// A member that is there and not `null`.
    fn said<T>(&self, name: &'static str, read: impl Fn(&'a Value) -> Option<T>) -> Result<Option<T>, Refused> {
        let said = self.0.get(name).filter(|value| !value.is_null());
        said.map(|value| read(value).ok_or(Refused::Argument(name))).transpose()
    }

    fn text(&self, name: &'static str) -> Result<Option<&'a str>, Refused> {
        self.said(name, Value::as_str)
    }

    fn path(&self) -> Result<FilePath, Refused> {
        named("path", self.text("path")?.ok_or(Refused::Argument("path"))?)
    }

    fn encoding(&self) -> Result<Option<Encoding>, Refused> {
        self.said("encoding", |value| match value.as_str() {
            Some("text") => Some(Encoding::Text),
            Some("base64") => Some(Encoding::Base64),
            _ => None,
        })
    }
}

fn named(member: &'static str, path: &str) -> Result<FilePath, Refused> {
    FilePath::parse(path).map_err(|invalid| Refused::Path(member, invalid))
}

fn reading(arguments: &Arguments<'_>) -> Result<Reading, Refused> {
    let offset = arguments.said("offset", Value::as_u64)?.unwrap_or_default();
    let (length, encoding) = (arguments.said("length", Value::as_u64)?, arguments.encoding()?);
    Ok(Reading { path: arguments.path()?, offset, length, encoding })
}

/// A write without the version it replaces makes a new file, so that nobody overwrites what it has not seen.
fn writing(arguments: &Arguments<'_>, options: &FileOptions) -> Result<Writing, Refused> {
    let path = arguments.path()?;
    if !options.takes(&path) {
        return Err(Refused::Extension(options.extensions.clone().unwrap_or_default().join(", ")));
    }
    let is_new = arguments.said("if_absent", Value::as_bool)?.unwrap_or_default();
    let is_etag = |etag: &str| {
        let whole =
            (1..=64).contains(&etag.len()) && etag.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        whole && !is_new
    };
    let replaces = arguments.text("if_etag")?;
    if replaces.is_some_and(|etag| !is_etag(etag)) {
        return Err(Refused::Etag);
    }
    let content = arguments.text("content")?.ok_or(Refused::Argument("content"))?;
    let bytes = bytes_of(content, arguments.encoding()?.unwrap_or(Encoding::Text))?;
    let (size, most) = (bytes.len() as u64, options.most_bytes());
    if size > most {
        return Err(Refused::TooLarge { size, most });
    }
    Ok(Writing { path, bytes, replaces: replaces.map(str::to_owned) })
}

fn listing(arguments: &Arguments<'_>) -> Result<Listing, Refused> {
    let folder = arguments.text("folder")?.filter(|text| !text.is_empty());
    let folder = folder.map(|text| named("folder", text.strip_suffix('/').unwrap_or(text))).transpose()?;
    let limit = arguments.said("limit", Value::as_u64)?.and_then(|limit| u32::try_from(limit).ok());
    let limit = limit.unwrap_or(USUALLY_LISTED).clamp(1, MOST_LISTED);
    Ok(Listing { folder, cursor: arguments.text("cursor")?.map(str::to_owned), limit })
}

fn searching(arguments: &Arguments<'_>) -> Result<Searching, Refused> {
    let (glob, text) = (arguments.text("glob")?, arguments.text("text")?);
    if glob.is_none() && text.is_none() {
        return Err(Refused::Nothing);
    }
    if text.is_some_and(|text| text.is_empty() || text.len() > MOST_NEEDLE_BYTES) {
        return Err(Refused::Needle);
    }
    let glob = glob.map(Glob::parse).transpose()?;
    Ok(Searching { within: listing(arguments)?, glob, text: text.map(str::to_owned) })
}

#[cfg(test)]
mod tests {
    use super::{Order, Refused};
    use crate::file::options::FileOptions;
    use serde_json::{Value, json};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn read(tool: &str, arguments: &Value) -> Result<Order, Refused> {
        let options = FileOptions { extensions: Some(vec!["md".into()]), max_bytes: Some(4), read_only: false };
        Order::read(tool, arguments.as_object().unwrap(), &options)
    }

    #[test]
    fn where_files_are_only_read_nothing_that_changes_them_is_there() {
        let options = FileOptions { read_only: true, ..FileOptions::default() };
        for tool in ["write_file", "delete_file", "drop_bucket", ""] {
            let arguments = json!({"path": "a.md", "content": ""});
            assert_eq!(Order::read(tool, arguments.as_object().unwrap(), &options), Err(Refused::Tool), "{tool}");
        }
        assert!(Order::read("read_file", json!({"path": "a"}).as_object().unwrap(), &options).is_ok());
    }

    #[test]
    fn a_write_makes_a_new_file_or_says_which_version_it_replaces() {
        let replaces = |arguments: Value| match read("write_file", &arguments) {
            Ok(Order::Write(writing)) => Ok(writing.replaces),
            Ok(other) => panic!("{other:?}"),
            Err(refused) => Err(refused),
        };
        let write = |more: Value| {
            let mut all = json!({"path": "a.md", "content": "x"});
            all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            replaces(all)
        };
        assert_eq!(write(json!({})), Ok(None));
        assert_eq!(write(json!({"if_absent": true})), Ok(None));
        assert_eq!(write(json!({"if_etag": "0a-1"})), Ok(Some("0a-1".into())));
        for bad in [json!({"if_etag": "*"}), json!({"if_etag": ""}), json!({"if_etag": "a", "if_absent": true})] {
            assert_eq!(write(bad.clone()), Err(Refused::Etag), "{bad}");
        }
    }

    #[test]
    fn what_is_too_much_of_the_wrong_kind_or_elsewhere_is_refused() {
        for (tool, arguments) in [
            ("write_file", json!({"path": "a.md", "content": "12345"})),
            ("write_file", json!({"path": "a.md", "content": "!", "encoding": "base64"})),
            ("write_file", json!({"path": "a.exe", "content": ""})),
            ("write_file", json!({"path": "../a.md", "content": ""})),
            ("write_file", json!({"path": "a.md"})),
            ("read_file", json!({"path": "a", "offset": -1})),
            ("read_file", json!({"path": "/a"})),
            ("delete_file", json!({"path": "a/../b"})),
            ("list_files", json!({"folder": ".."})),
            ("list_files", json!({"folder": "/"})),
            ("search_files", json!({})),
            ("search_files", json!({"text": ""})),
            ("search_files", json!({"text": "x".repeat(257)})),
            ("search_files", json!({"glob": "//"})),
            ("search_files", json!({"glob": "*", "folder": "a//b"})),
        ] {
            assert!(read(tool, &arguments).is_err(), "{tool} {arguments}");
        }
        for (tool, arguments) in [
            ("write_file", json!({"path": "a.md", "content": "AAECAw==", "encoding": "base64"})),
            ("list_files", json!({"folder": "a/b/", "limit": 5})),
            ("list_files", json!({"folder": ""})),
            ("search_files", json!({"glob": "**/*.md", "text": "x", "folder": "a"})),
        ] {
            assert!(read(tool, &arguments).is_ok(), "{tool} {arguments}");
        }
    }
}
