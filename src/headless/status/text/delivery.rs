//! Tables of pipelines, build projects and image repositories.

use super::sections::Sheet;
use crate::domain::units::Bytes;
use crate::headless::status::document::Resource;
use crate::headless::status::document::delivery::{CodebuildProject, EcrRepository, Pipeline};
use crate::headless::table::{Cell, Column};

impl Sheet<'_> {
    pub(super) fn pipelines(&self, all: &[Resource<Pipeline>]) -> String {
        let columns = [
            Column::words("STAGE", 8),
            Column::words("CHANGE", 12).sheds(2),
            Column::fixed("BEGAN").sheds(1),
        ];
        self.table("pipelines", all, &columns, |one| {
            let stages = &one.facts.stages;
            let is_open = |status: Option<&str>| !matches!(status, Some("Succeeded") | None);
            let stage = stages
                .iter()
                .find(|stage| is_open(stage.status.as_deref()))
                .or_else(|| stages.last());
            let said = stage.map_or_else(String::new, |stage| {
                let status = stage.status.as_deref().unwrap_or("never ran");
                format!("{} {status}", stage.name)
            });
            let newest = one.facts.executions.as_ref().and_then(|all| all.first());
            let change = newest.map_or_else(String::new, |newest| {
                let commit: String = newest.commit.iter().flat_map(|id| id.chars().take(7)).collect();
                let message = newest.message.as_deref().unwrap_or_default();
                format!("{commit} {}", message.lines().next().unwrap_or_default())
            });
            vec![
                Cell::new(said),
                Cell::new(change),
                self.moment(newest.and_then(|newest| newest.started_at)),
            ]
        })
    }

    pub(super) fn projects(&self, all: &[Resource<CodebuildProject>]) -> String {
        let columns = [
            Column::fixed("NEWEST"),
            Column::numbers("FAILED IN A ROW"),
            Column::fixed("BEGAN").sheds(1),
        ];
        self.table("build projects", all, &columns, |one| {
            let newest = one.facts.builds.as_ref().and_then(|builds| builds.first());
            vec![
                Cell::new(
                    newest
                        .map(|build| build.status.to_lowercase())
                        .unwrap_or_default(),
                ),
                Cell::of(one.facts.failed_in_a_row.map(|count| count.to_string())),
                self.moment(newest.and_then(|build| build.started_at)),
            ]
        })
    }

    pub(super) fn repositories(&self, all: &[Resource<EcrRepository>]) -> String {
        let columns = [
            Column::numbers("IMAGES"),
            Column::numbers("STORED"),
            Column::words("NEWEST", 8),
            Column::fixed("PUSHED").sheds(1),
            Column::words("KEEPS", 12).sheds(2),
        ];
        self.table("image repositories", all, &columns, |one| {
            let newest = one.facts.images.as_ref().and_then(|images| images.first());
            let keeps = one.facts.lifecycle_policy.as_ref().map(|rules| {
                if rules.is_empty() {
                    "everything".to_owned()
                } else {
                    rules.join("; ")
                }
            });
            vec![
                Cell::of(one.facts.image_count.map(|count| count.to_string())),
                Cell::of(one.facts.size_bytes.map(|bytes| Bytes(bytes).to_string())),
                Cell::new(newest.map(|image| image.tags.join(" ")).unwrap_or_default()),
                self.moment(newest.and_then(|image| image.pushed_at)),
                Cell::of(keeps),
            ]
        })
    }
}
