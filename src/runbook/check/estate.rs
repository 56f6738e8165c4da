//! Whether an estate rests, or is awake again.

use jiff::Timestamp;
use serde::Deserialize;

use super::{Check, Verdict};
use crate::domain::counted::counted;
use crate::domain::ids::{Tag, tag};
use crate::domain::ops::{Query, autoscaling, ec2, ecs, rds};
use crate::runbook::action::{Arguments, BadArguments, Unread, View, parse};
use crate::runbook::actions::estate::STOPPED;
use crate::runbook::actions::saved::Saved;
use crate::runbook::schema::{ActionSchema, FieldSchema};
use crate::runbook::types::Type;

/// `estate.rests` and `estate.is_awake`.
pub struct Estate {
    wanted: Wanted,
}

/// `estate.rests`.
pub static RESTS: Estate = Estate { wanted: Wanted::Rest };

/// `estate.is_awake`.
pub static IS_AWAKE: Estate = Estate {
    wanted: Wanted::Awake,
};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Rest,
    Awake,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct With {
    estate: String,
}

/// Whether something was put to rest with this estate.
fn is_of(tags: &[Tag], estate: &str) -> bool {
    tag(tags, STOPPED)
        .and_then(|text| Saved::decode(text).ok())
        .is_some_and(|saved| saved.estate.as_deref() == Some(estate))
}

impl Check for Estate {
    fn name(&self) -> &'static str {
        match self.wanted {
            Wanted::Rest => "estate.rests",
            Wanted::Awake => "estate.is_awake",
        }
    }

    fn schema(&self) -> ActionSchema {
        ActionSchema::check(
            self.name(),
            match self.wanted {
                Wanted::Rest => "Whether everything that estate.stop noted is at rest.",
                Wanted::Awake => "Whether nothing of an estate is still noted as at rest.",
            },
            vec![FieldSchema::required(
                "estate",
                Type::Text,
                "The estate, by its name.",
            )],
            None,
        )
    }

    fn reads(&self, with: &Arguments, _now: Timestamp) -> Result<Vec<Query>, BadArguments> {
        parse::<With>(with)?;
        Ok(vec![
            Query::Ecs(ecs::Read::Fleet),
            Query::AutoScaling(autoscaling::Read::Groups),
            Query::Ec2(ec2::Read::Instances),
            Query::Rds(rds::Read::Clusters),
            Query::Rds(rds::Read::Instances),
        ])
    }

    fn judge(&self, with: &Arguments, view: &View, _now: Timestamp) -> Result<Verdict, BadArguments> {
        let With { estate } = parse(with)?;
        let noted = match noted(&estate, view) {
            Ok(noted) => noted,
            Err(unread) => return Ok(unread.into()),
        };
        Ok(match self.wanted {
            Wanted::Rest => {
                let awake: Vec<String> = noted
                    .iter()
                    .filter(|noted| !noted.rests)
                    .map(|noted| format!("{} {}", noted.name, noted.state))
                    .collect();
                if awake.is_empty() {
                    Verdict::Pass(format!("{} resources rest", noted.len()))
                } else {
                    Verdict::Fail(awake.join("; "))
                }
            }
            Wanted::Awake if noted.is_empty() => Verdict::Pass("nothing is noted as at rest".to_owned()),
            Wanted::Awake => {
                let names: Vec<&str> = noted.iter().map(|noted| noted.name.as_str()).collect();
                Verdict::Fail(format!("still noted as at rest: {}", names.join(", ")))
            }
        })
    }
}

/// Something that was put to rest.
struct Noted {
    name: String,
    rests: bool,
    state: String,
}

fn noted(estate: &str, view: &View) -> Result<Vec<Noted>, Unread> {
    let mut noted = Vec::new();
    for service in view
        .services()?
        .iter()
        .filter(|service| is_of(&service.tags, estate))
    {
        noted.push(Noted {
            name: service.name.clone(),
            rests: service.desired == 0 && service.running == 0,
            state: format!("runs {}", counted(service.running, "task")),
        });
    }
    for group in view.groups()?.iter().filter(|group| is_of(&group.tags, estate)) {
        noted.push(Noted {
            name: group.name.clone(),
            rests: group.max == 0 && group.instances.is_empty(),
            state: format!("has {}", counted(group.instances.len(), "instance")),
        });
    }
    for instance in view
        .instances()?
        .iter()
        .filter(|instance| is_of(&instance.tags, estate))
    {
        noted.push(Noted {
            name: instance.name.clone().unwrap_or_else(|| instance.id.clone()),
            rests: instance.state == "stopped",
            state: format!("is {}", instance.state),
        });
    }
    for cluster in view
        .db_clusters()?
        .iter()
        .filter(|cluster| is_of(&cluster.tags, estate))
    {
        noted.push(Noted {
            name: cluster.name.clone(),
            rests: cluster.status == "stopped",
            state: format!("is {}", cluster.status),
        });
    }
    for db in view.db_instances()?.iter().filter(|db| is_of(&db.tags, estate)) {
        noted.push(Noted {
            name: db.name.clone(),
            rests: db.status == "stopped",
            state: format!("is {}", db.status),
        });
    }
    Ok(noted)
}
