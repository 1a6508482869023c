//! Where everything of this project stands on disk.

use crate::failure::Failure;
use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// The folders of one checkout.
#[derive(Clone, Debug)]
pub struct Project {
    root: PathBuf,
}

impl Project {
    /// The checkout this program was compiled from.
    pub fn locate() -> Result<Self, Failure> {
        let own = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = own.parent().ok_or_else(|| Failure::Unmet("the xtask crate must stand in the project".into()))?;
        if !root.join("wrangler.toml").is_file() {
            return Err(Failure::Unmet(format!("there is no project at {} any more", root.display())));
        }
        Ok(Self { root: root.to_owned() })
    }

    /// The project's own folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// A file or folder of the project.
    pub fn path(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }

    /// Where a local gateway keeps its state when nobody says another place; `npx wrangler dev` uses the same.
    pub fn state(&self) -> PathBuf {
        self.path(".wrangler/state")
    }

    /// A program installed under `target/tools`.
    pub fn tool(&self, name: &str) -> PathBuf {
        self.path("target/tools/bin").join(name)
    }

    /// A program installed by npm.
    pub fn npm_tool(&self, name: &str) -> PathBuf {
        self.path("node_modules/.bin").join(name)
    }

    /// `PATH` with the npm programs first: the Node.js among them is the one wrangler needs.
    pub fn search_path(&self) -> OsString {
        let mut path = self.path("node_modules/.bin").into_os_string();
        if let Some(rest) = std::env::var_os("PATH") {
            path.push(":");
            path.push(rest);
        }
        path
    }

    /// Holds until the returned file is dropped: one preparation at a time in this checkout.
    pub fn lock(&self) -> Result<File, Failure> {
        let path = self.path("target/xtask.lock");
        make_parent(&path)?;
        let file = File::create(&path).map_err(Failure::at(&path))?;
        file.lock().map_err(Failure::at(&path))?;
        Ok(file)
    }
}

/// The whole text of a file, `None` when it is not there.
pub fn read_if_there(path: &Path) -> Result<Option<String>, Failure> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Failure::at(path)(error)),
    }
}

/// Writes a file, with the folders it stands in.
pub fn write(path: &Path, content: impl AsRef<[u8]>) -> Result<(), Failure> {
    make_parent(path)?;
    fs::write(path, content).map_err(Failure::at(path))
}

/// Makes the folders a file stands in.
pub fn make_parent(path: &Path) -> Result<(), Failure> {
    path.parent().map_or(Ok(()), |parent| fs::create_dir_all(parent).map_err(Failure::at(parent)))
}

/// Every file below `start` (or `start` itself), in the order of their paths.
pub fn files_below(start: &Path) -> Result<Vec<PathBuf>, Failure> {
    if start.is_file() {
        return Ok(vec![start.to_owned()]);
    }
    if !start.is_dir() {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(start).map_err(Failure::at(start))? {
        found.extend(files_below(&entry.map_err(Failure::at(start))?.path())?);
    }
    found.sort();
    Ok(found)
}

/// Copies a folder with all it holds.
pub fn copy_folder(from: &Path, to: &Path) -> Result<(), Failure> {
    for file in files_below(from)? {
        let target = to.join(file.strip_prefix(from).unwrap_or(&file));
        make_parent(&target)?;
        fs::copy(&file, &target).map_err(Failure::at(&file))?;
    }
    Ok(())
}

/// One line for each file: its path, size and time of change. Two equal texts mean that nothing has changed.
pub fn fingerprint(paths: &[PathBuf]) -> Result<String, Failure> {
    let mut lines = String::new();
    for start in paths {
        for file in files_below(start)? {
            let facts = fs::metadata(&file).map_err(Failure::at(&file))?;
            let changed = facts.modified().map_err(Failure::at(&file))?;
            let age = changed.duration_since(std::time::UNIX_EPOCH).map_or(0, |age| age.as_nanos());
            lines.extend([format!("{} {} {age}\n", file.display(), facts.len())]);
        }
    }
    Ok(lines)
}
