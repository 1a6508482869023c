//! Files: a part of one bucket for each upstream of that kind, and the tools that read and write there.
//!
//! | file | what it holds |
//! |---|---|
//! | [`path`] | names of files, and the part of the bucket they stand in |
//! | [`options`] | what an administrator decides: sizes, extensions, reading only |
//! | [`order`] | the arguments of the tools |
//! | [`offer`] | the tools and resources as they are listed |
//! | [`content`] | bytes as text or base64, whole or in parts |
//! | [`glob`] | patterns of paths |
//! | [`search`] | looking for files by name and by what stands in them, within bounds |
//! | [`told`] | what the tools answer |

pub mod content;
pub mod glob;
pub mod offer;
pub mod options;
pub mod order;
pub mod path;
pub mod search;
pub mod told;

/// The name of the bucket's binding.
pub const BINDING: &str = "FILES";

/// Largest file where an upstream says nothing, in bytes.
pub const USUAL_BYTES: u64 = 1024 * 1024;
/// Largest file that an upstream may allow, in bytes.
pub const MOST_BYTES: u64 = 5 * 1024 * 1024;
