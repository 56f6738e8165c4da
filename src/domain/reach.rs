//! Who sees the runs and locks that are kept on a host.

/// Who sees runs and locks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reach {
    /// Every login of this host that may write to the folder.
    Host,
    /// This login only: a colleague's run on the same resource is not noticed.
    Login,
}

impl Reach {
    /// What doctor, plan and header say.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Host => "every login of this host",
            Self::Login => "this login only",
        }
    }
}
