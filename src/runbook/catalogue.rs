//! Everything that a runbook of this build may use.

use std::sync::LazyLock;

use super::schema::Catalogue;
use super::{actions, check};

/// All actions and checks there are.
pub fn catalogue() -> &'static Catalogue {
    static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| {
        let actions = actions::ALL.iter().map(|action| action.schema());
        Catalogue::new(actions.chain(check::ALL.iter().map(|check| check.schema())))
    });
    &CATALOGUE
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::domain::policy::ConfirmLevel;
    use crate::runbook::schema::{Presence, Risk, Role};
    use crate::runbook::types::Type;

    #[test]
    fn every_schema_can_be_read_by_a_person_and_by_lint() {
        let mut seen = 0;
        for role in [Role::Action, Role::Check] {
            for schema in catalogue().of_role(role) {
                let name = schema.name;
                seen += 1;
                assert!(
                    name.split_once('.')
                        .is_some_and(|(service, verb)| !service.is_empty() && !verb.is_empty()),
                    "{name} is not service.verb"
                );
                assert!(
                    schema.about.trim_end().ends_with('.'),
                    "{name}: {:?}",
                    schema.about
                );
                assert!(!schema.summary().is_empty(), "{name}");
                assert_eq!(role == Role::Check, schema.risk == Risk::Read, "{name}");
                if schema.risk == Risk::Irreversible {
                    assert!(
                        schema.floor >= ConfirmLevel::Ack,
                        "{name} cannot be put back and asks nobody"
                    );
                }
                let mut names = BTreeSet::new();
                for field in &schema.fields {
                    assert!(names.insert(field.name), "{name} has {} twice", field.name);
                    assert!(
                        field.about.ends_with('.'),
                        "{name}.{}: {:?}",
                        field.name,
                        field.about
                    );
                    if let Presence::Otherwise(words) = field.presence {
                        assert!(
                            !words.is_empty() && !words.ends_with('.'),
                            "{name}.{}: {words:?}",
                            field.name
                        );
                    }
                    assert!(
                        field.one_of.is_empty() || field.ty == Type::Text,
                        "{name}.{}: only text is one of some words",
                        field.name
                    );
                    assert!(
                        !matches!(field.ty, Type::Optional(_) | Type::Null),
                        "{name}.{}",
                        field.name
                    );
                }
                for output in schema.outputs.iter().chain(&schema.live) {
                    assert!(
                        output.about.ends_with('.'),
                        "{name}.{}: {:?}",
                        output.name,
                        output.about
                    );
                }
            }
        }
        assert_eq!(seen, actions::ALL.len() + check::ALL.len(), "two have one name");
    }
}
