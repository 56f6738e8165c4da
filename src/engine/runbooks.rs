//! Where runbooks are: beside the estate's file, in the configuration folder, and in the program.

use std::fs;
use std::io::{self, Read};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::config::MOST_BYTES;
use crate::domain::diagnostic::quoted;
use crate::runbook::shipped::{self, KEY_PREFIX, SHIPPED};
use crate::runbook::{File, Found, Library};

/// The places where runbooks are looked for by name, nearest first. A runbook of a nearer place hides
/// those of the same name; nothing changes what a shipped runbook uses.
#[derive(Clone, Debug, Default)]
pub struct Runbooks {
    folders: Vec<(Place, PathBuf)>,
}

/// A place where runbooks are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// The folder `runbooks` beside the estate's file.
    Estate,
    /// The folder `runbooks` of the configuration.
    User,
    /// The program.
    Shipped,
}

impl Place {
    /// The word in listings.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Estate => "estate",
            Self::User => "user",
            Self::Shipped => "shipped",
        }
    }
}

/// A runbook that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The name by which it is called: its file's, without the ending.
    pub name: String,
    /// Where it is.
    pub place: Place,
    /// Its path; none for a shipped one.
    pub path: Option<PathBuf>,
    /// Whether one of the same name is nearer.
    pub is_hidden: bool,
}

/// Endings of runbooks' files.
const ENDINGS: [&str; 2] = ["yaml", "yml"];

impl Runbooks {
    /// The places for an estate's file, if it is one on disk, and a configuration folder.
    pub fn new(estate: Option<&Path>, configuration: Option<&Path>) -> Self {
        let beside = estate
            .and_then(Path::parent)
            .map(|folder| (Place::Estate, folder.join("runbooks")));
        let own = configuration.map(|folder| (Place::User, folder.join("runbooks")));
        Self {
            folders: beside.into_iter().chain(own).collect(),
        }
    }

    /// Every runbook by name, the nearest of each name first. A folder that is not there is empty.
    pub fn list(&self) -> io::Result<Vec<Listed>> {
        let mut all = Vec::new();
        for (place, folder) in &self.folders {
            let entries = match fs::read_dir(folder) {
                Ok(entries) => entries,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(named(folder, &error)),
            };
            for entry in entries {
                let path = entry.map_err(|error| named(folder, &error))?.path();
                if let Some(name) = runbook_name(&path) {
                    all.push((name, *place, Some(path)));
                }
            }
        }
        all.extend(
            SHIPPED
                .iter()
                .map(|(name, _)| ((*name).to_owned(), Place::Shipped, None)),
        );
        all.sort();
        let mut listed: Vec<Listed> = Vec::new();
        for (name, place, path) in all {
            let is_hidden = listed.last().is_some_and(|last| last.name == name);
            listed.push(Listed {
                name,
                place,
                path,
                is_hidden,
            });
        }
        Ok(listed)
    }

    /// The text of a runbook that was listed, hidden or not, or why it cannot be read.
    pub fn open_listed(&self, listed: &Listed) -> Result<File, String> {
        let (wanted, found) = match &listed.path {
            Some(path) => (path.to_string_lossy().into_owned(), at_path(path)),
            None => (
                listed.name.clone(),
                shipped::get(&listed.name).map_or_else(|| Found::Missing(Vec::new()), Found::File),
            ),
        };
        match found {
            Found::File(file) => Ok(file),
            Found::Missing(_) => Err(format!("{} is not there any more", quoted(&wanted))),
            Found::Unreadable(why) => Err(format!("{}: {why}", quoted(&wanted))),
        }
    }

    /// The runbook that an operator means: a path if it looks like one, else a name.
    pub fn open(&self, wanted: &str) -> Found {
        if is_path(wanted) {
            return at_path(Path::new(wanted));
        }
        self.by_name(wanted)
    }

    fn by_name(&self, name: &str) -> Found {
        for (_, folder) in &self.folders {
            for ending in ENDINGS {
                let path = folder.join(format!("{name}.{ending}"));
                if path.is_file() {
                    return at_path(&path);
                }
            }
        }
        match shipped::get(name) {
            Some(file) => Found::File(file),
            None => {
                let mut names: Vec<String> = self
                    .list()
                    .unwrap_or_default()
                    .into_iter()
                    .map(|listed| listed.name)
                    .collect();
                names.dedup();
                Found::Missing(names)
            }
        }
    }
}

impl Library for Runbooks {
    fn find(&self, name: &str, from: &str) -> Found {
        if from.starts_with(KEY_PREFIX) {
            let names = || SHIPPED.iter().map(|(name, _)| (*name).to_owned()).collect();
            return shipped::get(name).map_or_else(|| Found::Missing(names()), Found::File);
        }
        if is_path(name) {
            let beside = Path::new(from).parent().unwrap_or_else(|| Path::new(""));
            return at_path(&beside.join(name));
        }
        self.by_name(name)
    }
}

/// Whether a word is a path and not a name.
fn is_path(word: &str) -> bool {
    word.contains('/') || ENDINGS.iter().any(|ending| word.ends_with(&format!(".{ending}")))
}

fn runbook_name(path: &Path) -> Option<String> {
    let ending = path.extension()?.to_str()?;
    if !ENDINGS.contains(&ending) || !path.is_file() {
        return None;
    }
    Some(path.file_stem()?.to_str()?.to_owned())
}

fn at_path(path: &Path) -> Found {
    match read(path) {
        Ok(file) => Found::File(file),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Found::Missing(Vec::new()),
        Err(error) => Found::Unreadable(error.to_string()),
    }
}

/// Reads a file, but never more than a runbook may have.
fn read(path: &Path) -> io::Result<File> {
    // A pipe that nobody writes to would be waited for.
    let at_once = i32::try_from(rustix::fs::OFlags::NONBLOCK.bits()).unwrap_or_default();
    let file = fs::OpenOptions::new()
        .read(true)
        .custom_flags(at_once)
        .open(path)?;
    let size = file.metadata()?;
    let kind = size.file_type();
    if !kind.is_file() {
        let what = if kind.is_dir() {
            "a folder"
        } else if kind.is_fifo() {
            "a pipe"
        } else {
            "a device"
        };
        return Err(io::Error::other(format!("it is {what}, and a runbook is a file")));
    }
    if size.len() > MOST_BYTES as u64 {
        let message = format!(
            "it has {} bytes, more than the {MOST_BYTES} that are read",
            size.len()
        );
        return Err(io::Error::other(message));
    }
    let mut bytes = Vec::new();
    // It may grow while it is read.
    file.take(MOST_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    let key = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    Ok(File {
        key: key.to_string_lossy().into_owned(),
        name: path.to_string_lossy().into_owned(),
        bytes,
    })
}

fn named(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(
        error.kind(),
        format!("{}: {error}", quoted(&path.to_string_lossy())),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> (tempfile::TempDir, Runbooks) {
        let home = tempfile::tempdir().unwrap();
        for (path, text) in [
            ("estates/runbooks/shared.yaml", "estate"),
            ("estates/runbooks/nested/part.yaml", "part"),
            ("config/runbooks/shared.yml", "user"),
            ("config/runbooks/ecs-scale.yaml", "mine"),
            ("config/runbooks/notes.txt", "no runbook"),
        ] {
            let path = home.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let runbooks = Runbooks::new(
            Some(&home.path().join("estates/shop.yaml")),
            Some(&home.path().join("config")),
        );
        (home, runbooks)
    }

    fn text(found: Found) -> String {
        match found {
            Found::File(file) => String::from_utf8(file.bytes).unwrap(),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn the_nearest_of_a_name_is_taken_and_all_are_listed() {
        let (_home, runbooks) = folder();
        let listed = runbooks.list().unwrap();
        let of = |name: &str| -> Vec<(Place, bool)> {
            let all = listed.iter().filter(|listed| listed.name == name);
            all.map(|listed| (listed.place, listed.is_hidden)).collect()
        };
        assert_eq!(of("shared"), [(Place::Estate, false), (Place::User, true)]);
        assert_eq!(of("ecs-scale"), [(Place::User, false), (Place::Shipped, true)]);
        assert_eq!(of("notes"), []);
        assert_eq!(text(runbooks.open("shared")), "estate");
        assert_eq!(text(runbooks.open("ecs-scale")), "mine");
    }

    #[test]
    fn what_a_shipped_runbook_uses_is_shipped() {
        let (_home, runbooks) = folder();
        assert_eq!(text(runbooks.find("ecs-scale", "/somewhere/x.yaml")), "mine");
        assert!(text(runbooks.find("ecs-scale", "shipped:stop-estate")).contains("name: ecs-scale"));
        assert!(matches!(
            runbooks.find("shared", "shipped:stop-estate"),
            Found::Missing(_)
        ));
    }

    #[test]
    fn a_path_is_taken_from_where_it_stands() {
        let (home, runbooks) = folder();
        let from = home.path().join("estates/runbooks/shared.yaml");
        let found = runbooks.find("nested/part.yaml", &from.to_string_lossy());
        assert_eq!(text(found), "part");
        let absolute = home.path().join("config/runbooks/shared.yml");
        assert_eq!(text(runbooks.open(&absolute.to_string_lossy())), "user");
        assert!(matches!(runbooks.open("./no-such.yaml"), Found::Missing(_)));
        let found = runbooks.open(&format!("{}/", home.path().display()));
        let folder = "it is a folder, and a runbook is a file".to_owned();
        assert_eq!(found, Found::Unreadable(folder));
    }

    #[test]
    fn a_pipe_or_a_device_is_refused_at_once() {
        let home = tempfile::tempdir().unwrap();
        let pipe = home.path().join("pipe.yaml");
        let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
        rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, mode).unwrap();
        for (path, what) in [(pipe.as_path(), "a pipe"), (Path::new("/dev/zero"), "a device")] {
            let found = Runbooks::default().open(&path.to_string_lossy());
            let why = format!("it is {what}, and a runbook is a file");
            assert_eq!(found, Found::Unreadable(why));
        }
    }

    #[test]
    fn a_huge_file_is_not_read() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("huge.yaml");
        fs::File::create(&path).unwrap().set_len(10 << 30).unwrap();
        let found = Runbooks::default().open(&path.to_string_lossy());
        let Found::Unreadable(why) = found else {
            panic!("{found:?}");
        };
        assert!(why.contains("more than the 1048576 that are read"), "{why}");
    }
}
