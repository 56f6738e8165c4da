//! Images that took a tag which hosts and services pull without naming a version: for who starts from it the
//! push is the deployment.

use crate::domain::changes::{Change, Span, Word, key};
use crate::domain::ids::Kind;
use crate::domain::inventory::ScopeState;
use crate::domain::text::clean;

/// The tag that is pulled by whoever names none.
const MOVES: &str = "latest";

pub(super) fn collect(state: &ScopeState, span: Span, changes: &mut Vec<Change>) {
    for repository in state.repositories.get().into_iter().flatten() {
        if repository.keeps_tag(MOVES) {
            continue;
        }
        for image in repository.images.iter().flatten() {
            let Some(at) = image.pushed_at.filter(|at| span.has(*at)) else {
                continue;
            };
            if !image.tags.iter().any(|tag| tag == MOVES) {
                continue;
            }
            let others: Vec<&str> = image
                .tags
                .iter()
                .map(String::as_str)
                .filter(|tag| *tag != MOVES)
                .collect();
            let version = if others.is_empty() {
                let digest = image.digest.strip_prefix("sha256:").unwrap_or(&image.digest);
                digest.chars().take(12).collect()
            } else {
                others.join(", ")
            };
            changes.push(Change {
                at,
                resource: Some(key(state, Kind::EcrRepository, &repository.arn)),
                word: Word::Image,
                what: clean(&format!("{}:{MOVES} is {version}", repository.name)).into_owned(),
                who: None,
                id: None,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use pretty_assertions::assert_eq;

    use crate::domain::changes::{Word, recent};
    use crate::domain::ecr::{Image, Repository};
    use crate::domain::inventory::Source;
    use crate::domain::ops::ReplyData;
    use crate::domain::rules::sample::{Bench, arn, at};

    #[test]
    fn a_push_of_a_tag_that_moves_is_a_change_and_another_is_none() {
        let mut bench = Bench::new();
        let minute = bench.minute();
        let image = |digest: &str, tags: &[&str], ago: i64| Image {
            digest: format!("sha256:{digest}"),
            tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
            pushed_at: Some(at(minute - ago)),
            size_bytes: None,
            scan: None,
        };
        let repository = |name: &str, immutable| Repository {
            arn: arn("ecr", &format!("repository/{name}")),
            name: name.to_owned(),
            uri: format!("registry/{name}"),
            created_at: None,
            immutable,
            excluded_tags: Vec::new(),
            scans_on_push: false,
            policy: None,
            images: Some(vec![
                image("b1", &["latest", "1.16.0"], 20),
                image("a0", &["1.15.1"], 30),
                image("99", &["latest"], 600),
            ]),
        };
        bench.know(
            Source::Repositories,
            ReplyData::Repositories(vec![repository("shop", false), repository("fixed", true)]),
        );
        let changes = recent(&bench.inventory, bench.now, SignedDuration::from_hours(2));
        let told: Vec<(Word, &str)> = changes
            .iter()
            .map(|change| (change.word, change.what.as_str()))
            .collect();
        assert_eq!(told, [(Word::Image, "shop:latest is 1.16.0")]);
    }
}
