//! What actions ask of the answers about repositories, and about the task definitions that name their images.

use super::{Unread, View, one, whole};
use crate::domain::ecr::Repository;
use crate::domain::ecs::TaskDefinition;
use crate::domain::fault::Fault;
use crate::domain::ops::{Query, Reply, ReplyData, ecr, ecs};

impl View {
    getters! {
        ecr_repositories: "the repositories", Repositories, Vec<Repository>;
    }

    /// All repositories.
    pub fn repositories(&self) -> Result<&[Repository], Unread> {
        Ok(whole(
            self.ecr_repositories(&Query::Ecr(ecr::Read::Repositories))?,
        )?)
    }

    /// A repository by its name.
    pub fn repository(&self, name: &str) -> Result<Option<&Repository>, Unread> {
        let (repositories, gaps) = self.ecr_repositories(&Query::Ecr(ecr::Read::Repositories))?;
        one((repositories, gaps), |known| known.name == name)
    }

    /// The task definitions that were asked for together.
    pub fn task_definitions(&self, revisions: &[String]) -> Result<&[TaskDefinition], Unread> {
        let query = Query::Ecs(ecs::Read::TaskDefinitions {
            revisions: revisions.to_vec(),
        });
        Ok(whole(self.task_defs(&query)?)?)
    }
}
