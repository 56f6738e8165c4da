//! The folder in which runs and locks are kept: who else sees it, and whether locks hold in it.

use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::domain::reach::Reach;
use crate::engine::environment::Environment;

const fn folder_mode(reach: Reach) -> u32 {
    match reach {
        Reach::Host => 0o770,
        Reach::Login => 0o700,
    }
}

const fn file_mode(reach: Reach) -> u32 {
    match reach {
        Reach::Host => 0o660,
        Reach::Login => 0o600,
    }
}

/// Where runs, locks and caches are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateFolder {
    /// The folder.
    pub path: PathBuf,
    /// Who sees what is in it.
    pub reach: Reach,
}

impl StateFolder {
    /// A folder that was named: others see it if its group may write to it.
    pub fn at(path: &Path) -> Self {
        let is_shared = fs::metadata(path).is_ok_and(|meta| meta.is_dir() && meta.mode() & 0o020 != 0);
        Self {
            path: path.to_owned(),
            reach: if is_shared { Reach::Host } else { Reach::Login },
        }
    }

    /// The folder of the settings, else the usual one; `None` if there is no place for one.
    pub fn choose(settings: Option<&Path>, environment: &Environment) -> Option<Self> {
        match settings {
            Some(path) => Some(Self::at(path)),
            None => environment.state_dir().map(|path| Self::at(&path)),
        }
    }

    /// The folder of that name in it, seen by the same people. What happens in a demo has one of its own: its
    /// runs are nobody's history, and its locks hold nobody up.
    #[must_use]
    pub fn below(&self, name: &str) -> Self {
        Self {
            path: self.path.join(name),
            reach: self.reach,
        }
    }

    /// Makes a folder below it, and those above that are missing.
    pub(in crate::engine) fn make(&self, path: &Path) -> io::Result<()> {
        let mut builder = fs::DirBuilder::new();
        builder
            .recursive(true)
            .mode(folder_mode(self.reach))
            .create(path)?;
        if path.starts_with(&self.path) {
            self.permit(&self.path, folder_mode(self.reach))?;
        }
        self.permit(path, folder_mode(self.reach))
    }

    /// How files in it are opened.
    pub(in crate::engine) fn options(&self) -> fs::OpenOptions {
        let mut options = fs::OpenOptions::new();
        options.mode(file_mode(self.reach));
        options
    }

    /// Lets others in where they belong: the process's mask may have kept them out.
    pub(in crate::engine) fn permit_file(&self, path: &Path) -> io::Result<()> {
        self.permit(path, file_mode(self.reach))
    }

    fn permit(&self, path: &Path, mode: u32) -> io::Result<()> {
        if self.reach == Reach::Login {
            return Ok(());
        }
        let meta = fs::metadata(path)?;
        if meta.mode() & mode == mode || meta.uid() != rustix::process::geteuid().as_raw() {
            return Ok(());
        }
        // The bit by which files below belong to the folder's group stays.
        fs::set_permissions(path, fs::Permissions::from_mode(meta.mode() & 0o7000 | mode))
    }
}

/// The network file system that a path is on, if it is on one: kernel locks do not hold there.
///
/// # Errors
/// If the path cannot be asked about.
#[cfg(target_os = "linux")]
pub fn network_file_system(path: &Path) -> io::Result<Option<&'static str>> {
    // From the kernel's `magic.h` and the file systems' own sources.
    let magic = u32::try_from(rustix::fs::statfs(path)?.f_type & 0xffff_ffff).unwrap_or_default();
    Ok(match magic {
        0x6969 => Some("NFS"),
        0x517b | 0xff53_4d42 | 0xfe53_4d42 => Some("SMB"),
        0x5346_414f | 0x6b41_4653 => Some("AFS"),
        0x0102_1997 => Some("9P"),
        0x00c3_6400 => Some("Ceph"),
        0x0bd0_0bd0 => Some("Lustre"),
        0x4750_4653 => Some("GPFS"),
        0x7461_636f => Some("OCFS2"),
        0x0116_1970 => Some("GFS2"),
        0x7375_7245 => Some("Coda"),
        0x564c => Some("NCP"),
        _ => None,
    })
}

/// The network file system that a path is on; systems other than Linux are taken to lock well.
///
/// # Errors
/// None.
#[cfg(not(target_os = "linux"))]
pub fn network_file_system(_path: &Path) -> io::Result<Option<&'static str>> {
    Ok(None)
}
