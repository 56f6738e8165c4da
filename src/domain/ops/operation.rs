//! API operations by name, with the IAM action that allows each.

use std::fmt;

/// One operation of one AWS API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Operation {
    /// The IAM prefix, such as `ecs`.
    pub service: &'static str,
    /// The API's name, such as `DescribeServices`.
    pub name: &'static str,
    /// The IAM action, where it is not `service:name`; empty for none needed.
    iam: Option<&'static str>,
}

impl Operation {
    /// An operation whose IAM action has its own name.
    pub const fn new(service: &'static str, name: &'static str) -> Self {
        Self {
            service,
            name,
            iam: None,
        }
    }

    /// An operation that another IAM action allows; an empty one where no permission is needed.
    pub const fn allowed_by(service: &'static str, name: &'static str, iam: &'static str) -> Self {
        Self {
            service,
            name,
            iam: Some(iam),
        }
    }

    /// The IAM action that allows it; `None` where no permission is needed.
    pub fn iam_action(&self) -> Option<String> {
        match self.iam {
            None => Some(self.to_string()),
            Some("") => None,
            Some(action) => Some(action.to_owned()),
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.service, self.name)
    }
}
