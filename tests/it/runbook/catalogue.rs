//! A catalogue of actions with one of each sort, so that the tests of the format stand still while
//! actions come and go.

use std::sync::LazyLock;

use quarterdeck::domain::ids::Kind;
use quarterdeck::domain::policy::ConfirmLevel;
use quarterdeck::runbook::schema::{
    ActionSchema, Catalogue, Completion, FieldSchema, OutputSchema, Planning, Risk, Role,
};
use quarterdeck::runbook::types::Type;

fn action(name: &'static str, fields: Vec<FieldSchema>) -> ActionSchema {
    ActionSchema {
        name,
        role: Role::Action,
        about: "Does what its name says. And more.",
        fields,
        outputs: Vec::new(),
        live: Vec::new(),
        risk: Risk::Reversible,
        floor: ConfirmLevel::None,
        completion: Completion::Immediate,
        planning: Planning::Planned,
        target: None,
    }
}

fn check(name: &'static str, fields: Vec<FieldSchema>) -> ActionSchema {
    ActionSchema {
        role: Role::Check,
        risk: Risk::Read,
        ..action(name, fields)
    }
}

fn text(name: &'static str) -> FieldSchema {
    FieldSchema::required(name, Type::Text, "A text.")
}

fn number(name: &'static str) -> FieldSchema {
    FieldSchema::optional(name, Type::Int, "as it is", "A number.")
}

/// The catalogue.
pub fn catalogue() -> &'static Catalogue {
    static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| {
        Catalogue::new([
            ActionSchema {
                outputs: vec![OutputSchema::new(
                    "in_service",
                    Type::Int,
                    "Instances in service.",
                )],
                live: vec![OutputSchema::new(
                    "in_service",
                    Type::Int,
                    "Instances in service.",
                )],
                risk: Risk::Disruptive,
                floor: ConfirmLevel::Ack,
                completion: Completion::Awaited,
                target: Some(Kind::Asg),
                ..action(
                    "asg.set_capacity",
                    vec![text("name"), number("min"), number("max"), number("desired")],
                )
            },
            action(
                "asg.suspend_processes",
                vec![
                    text("name"),
                    FieldSchema::required("processes", Type::list(Type::Text), "Names of processes."),
                ],
            ),
            ActionSchema {
                outputs: vec![OutputSchema::new("id", Type::Text, "The new instance.")],
                risk: Risk::Irreversible,
                floor: ConfirmLevel::TypeName,
                completion: Completion::Awaited,
                ..action(
                    "rds.restore_snapshot",
                    vec![
                        text("snapshot"),
                        FieldSchema::optional("storage", Type::Size, "as it was", "How much storage."),
                        FieldSchema::optional("mode", Type::Text, "`copy`", "How.").one_of(&["copy", "swap"]),
                        FieldSchema::optional("tags", Type::Map(Box::new(Type::Text)), "none", "Tags."),
                        FieldSchema::optional("multi_az", Type::Bool, "as it was", "Two zones."),
                    ],
                )
            },
            ActionSchema {
                planning: Planning::Impossible,
                ..action("shell.run", vec![text("command")])
            },
            action(
                "notify.webhook",
                vec![FieldSchema::required("url", Type::Secret, "Where."), text("text")],
            ),
            action("notify.sns", vec![text("topic"), text("text")]),
            check("asg.no_activity_in_progress", vec![text("name")]),
            check(
                "calendar.open",
                vec![FieldSchema::required(
                    "names",
                    Type::list(Type::Text),
                    "Calendars.",
                )],
            ),
            check("http.health", vec![text("url")]),
        ])
    });
    &CATALOGUE
}
