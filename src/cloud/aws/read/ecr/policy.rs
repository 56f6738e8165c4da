//! The text of a lifecycle policy.
//! <https://docs.aws.amazon.com/AmazonECR/latest/userguide/lifecycle_policy_parameters.html>

use serde::Deserialize;

use crate::domain::ecr::lifecycle::{Expires, Rule, Selects};

#[derive(Deserialize)]
struct Document {
    rules: Vec<Written>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    rule_priority: u32,
    description: Option<String>,
    selection: Selection,
    action: Option<Action>,
}

#[derive(Deserialize)]
struct Action {
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Selection {
    tag_status: String,
    #[serde(default)]
    tag_prefix_list: Vec<String>,
    #[serde(default)]
    tag_pattern_list: Vec<String>,
    /// `archive` is of images that were archived already.
    storage_class: Option<String>,
    count_type: String,
    count_unit: Option<String>,
    count_number: u32,
}

/// The rules of a policy's text.
pub(super) fn rules(text: &str) -> Result<Vec<Rule>, serde_json::Error> {
    let document: Document = serde_json::from_str(text)?;
    Ok(document.rules.into_iter().map(rule).collect())
}

fn rule(written: Written) -> Rule {
    let selection = written.selection;
    let selects = match selection.tag_status.as_str() {
        "untagged" => Selects::Untagged,
        "tagged" if !selection.tag_pattern_list.is_empty() => Selects::Patterns(selection.tag_pattern_list),
        "tagged" => Selects::Prefixes(selection.tag_prefix_list),
        _ => Selects::Any,
    };
    let deletes = written.action.is_none_or(|action| action.kind == "expire");
    let is_ordinary = deletes
        && selection
            .storage_class
            .as_deref()
            .is_none_or(|class| class == "standard");
    let number = selection.count_number;
    let expires = match (selection.count_type.as_str(), selection.count_unit.as_deref()) {
        ("imageCountMoreThan", _) if is_ordinary => Expires::CountMoreThan(number),
        ("sinceImagePushed", None | Some("days")) if is_ordinary => Expires::DaysSincePushed(number),
        (other, _) => Expires::Otherwise(other.to_owned()),
    };
    Rule {
        priority: written.rule_priority,
        description: written.description,
        selects,
        expires,
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn rules_are_read_as_aws_writes_them() {
        let text = r#"{"rules":[
            {"rulePriority":1,"description":"빌드","selection":{"tagStatus":"untagged",
             "countType":"sinceImagePushed","countUnit":"days","countNumber":14},"action":{"type":"expire"}},
            {"rulePriority":2,"selection":{"tagStatus":"tagged","tagPatternList":["prod*"],
             "countType":"imageCountMoreThan","countNumber":5},"action":{"type":"expire"}},
            {"rulePriority":3,"selection":{"tagStatus":"tagged","tagPrefixList":["dev"],
             "countType":"sinceImagePulled","countUnit":"days","countNumber":9},"action":{"type":"expire"}},
            {"rulePriority":4,"selection":{"tagStatus":"any","countType":"imageCountMoreThan",
             "countNumber":5},"action":{"type":"transition","targetStorageClass":"archive"}}]}"#;
        let rules = rules(text).unwrap();
        let told: Vec<(u32, &Selects, &Expires)> = rules
            .iter()
            .map(|rule| (rule.priority, &rule.selects, &rule.expires))
            .collect();
        assert_eq!(
            told,
            [
                (1, &Selects::Untagged, &Expires::DaysSincePushed(14)),
                (
                    2,
                    &Selects::Patterns(vec!["prod*".to_owned()]),
                    &Expires::CountMoreThan(5)
                ),
                (
                    3,
                    &Selects::Prefixes(vec!["dev".to_owned()]),
                    &Expires::Otherwise("sinceImagePulled".to_owned())
                ),
                (
                    4,
                    &Selects::Any,
                    &Expires::Otherwise("imageCountMoreThan".to_owned())
                ),
            ]
        );
        assert_eq!(rules[0].description.as_deref(), Some("빌드"));
        assert!(super::rules("{}").is_err());
    }
}
