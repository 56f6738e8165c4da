//! `sagemaker.stop_notebook` and `sagemaker.start_notebook`: notebook instances, and applications of Studio,
//! which AWS calls stopping when they are deleted.

use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::{Value, json};

use super::prices;
use crate::domain::counted::counted;
use crate::domain::ids::Kind;
use crate::domain::ops::{Mutation, Query, sagemaker};
use crate::domain::policy::ConfirmLevel;
use crate::domain::sagemaker::{AppOwner, Notebook, NotebookForm};
use crate::runbook::action::{
    Action, Applied, Arguments, BadArguments, Change, CostDelta, Fields, Impact, Pace, Progress, Proposal,
    Refusal, Sight, Site, Stamp, Undo, View, fields, parse,
};
use crate::runbook::schema::{ActionSchema, Completion, FieldSchema, Planning, Risk, Role};
use crate::runbook::types::Type;

/// Stops or starts a notebook.
pub struct Power {
    to: To,
}

/// `sagemaker.stop_notebook`.
pub const STOP: Power = Power { to: To::Off };

/// `sagemaker.start_notebook`.
pub const START: Power = Power { to: To::On };

#[derive(Clone, Copy, PartialEq, Eq)]
enum To {
    Off,
    On,
}

impl To {
    const fn word(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::On => "on",
        }
    }

    const fn other(self) -> Self {
        match self {
            Self::Off => Self::On,
            Self::On => Self::Off,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct With {
    notebook: String,
    #[serde(default)]
    on_hours: u32,
}

/// Where a notebook is going.
fn heading(status: &str) -> Option<To> {
    match status {
        "InService" | "Pending" | "Updating" => Some(To::On),
        "Stopped" | "Stopping" | "Deleting" | "Deleted" => Some(To::Off),
        _ => None,
    }
}

/// What is known of a notebook. Of an application all that it can be started with again, since it is no more
/// once it is off.
fn known(notebook: &Notebook, to: To) -> Fields {
    let mut known = fields([("power", json!(to.word()))]);
    if let (
        NotebookForm::App {
            domain,
            owner,
            kind,
            app,
            image,
            image_version,
            lifecycle,
        },
        To::On,
    ) = (&notebook.form, to)
    {
        let whose = match owner {
            AppOwner::User(_) => "user",
            AppOwner::Space(_) => "space",
        };
        for (name, value) in [
            ("domain", Some(domain)),
            ("owner", Some(&owner.name().to_owned())),
            ("owner_is", Some(&whose.to_owned())),
            ("kind", Some(kind)),
            ("app", Some(app)),
            ("type", notebook.instance_type.as_ref()),
            ("image", image.as_ref()),
            ("image_version", image_version.as_ref()),
            ("lifecycle", lifecycle.as_ref()),
        ] {
            if let Some(value) = value {
                known.insert(name.to_owned(), json!(value));
            }
        }
    }
    known
}

/// The application that fields tell of; `None` of a notebook instance.
fn app_of(fields: &Fields) -> Option<NotebookForm> {
    let of = |name: &str| fields.get(name).and_then(Value::as_str).map(str::to_owned);
    let owner = of("owner")?;
    Some(NotebookForm::App {
        domain: of("domain")?,
        owner: match of("owner_is")?.as_str() {
            "user" => AppOwner::User(owner),
            _ => AppOwner::Space(owner),
        },
        kind: of("kind")?,
        app: of("app")?,
        image: of("image"),
        image_version: of("image_version"),
        lifecycle: of("lifecycle"),
    })
}

impl Action for Power {
    fn name(&self) -> &'static str {
        match self.to {
            To::Off => "sagemaker.stop_notebook",
            To::On => "sagemaker.start_notebook",
        }
    }

    fn schema(&self) -> ActionSchema {
        let notebook = FieldSchema::required(
            "notebook",
            Type::Text,
            "The notebook instance, or the application as `OWNER/NAME` or by its ARN.",
        );
        let (about, fields) = match self.to {
            To::Off => (
                "Stops a SageMaker notebook instance, or ends an application of Studio.\n\
                 Files stay: those below `SageMaker` in the home folder of a notebook instance, those in the home \
                 folder or on the space's volume of Studio. What is in memory, and on a notebook instance whatever \
                 was installed outside that folder, is lost. One that is off already, or has been on for less than \
                 `on_hours`, is passed over. Undo starts it.",
                vec![
                    notebook,
                    FieldSchema::optional(
                        "on_hours",
                        Type::Int,
                        "`0`",
                        "Only if it has been on for at least so many hours.",
                    ),
                ],
            ),
            To::On => (
                "Starts a SageMaker notebook instance.\n\
                 An application of Studio that is off does not exist for AWS: this starts one only to take a stop \
                 back. Undo stops it.",
                vec![notebook],
            ),
        };
        ActionSchema {
            name: self.name(),
            role: Role::Action,
            about,
            fields,
            outputs: Vec::new(),
            live: Vec::new(),
            risk: Risk::Disruptive,
            floor: ConfirmLevel::Ack,
            completion: Completion::Awaited,
            planning: Planning::Planned,
            target: Some(Kind::NotebookInstance),
        }
    }

    fn pace(&self) -> Pace {
        Pace {
            every_s: 15,
            timeout_s: 20 * 60,
            settle_s: 20,
        }
    }

    fn reads(&self, with: &Arguments) -> Result<Vec<Query>, BadArguments> {
        parse::<With>(with)?;
        Ok(vec![Query::Sagemaker(sagemaker::Read::Notebooks)])
    }

    fn plan(&self, with: &Arguments, view: &View, site: &Site<'_>) -> Result<Proposal, Refusal> {
        let wanted: With = parse(with)?;
        let one = view
            .notebook(&wanted.notebook)?
            .ok_or_else(|| Refusal::absent(format!("there is no notebook {}", wanted.notebook)))?;
        let name = &one.name;
        let live = heading(&one.status).ok_or_else(|| Refusal::state(format!("{name} is {}", one.status)))?;
        if live == self.to {
            return Ok(Proposal::nothing());
        }
        if one.status == "Pending" {
            return Err(Refusal::state(format!("{name} is being started just now")));
        }
        let hours = SignedDuration::from_hours(i64::from(wanted.on_hours));
        let on = one.running_since.map(|since| site.now.duration_since(since));
        if self.to == To::Off && !hours.is_zero() && on.is_none_or(|on| on < hours) {
            return Ok(Proposal::passed_over(format!(
                "{name} has not been on for {}",
                counted(wanted.on_hours, "hour")
            )));
        }
        let sign = if self.to == To::Off { -1 } else { 1 };
        let cost = CostDelta::of(
            prices(site).notebook(one),
            sign,
            one.instance_type.as_deref().unwrap_or("an unknown instance type"),
        );
        let proposal = Proposal::one(Change {
            summary: format!("{} → {}", live.word(), self.to.word()),
            before: known(one, live),
            after: known(one, self.to),
            cost,
            impact: Impact {
                outage: (self.to == To::Off)
                    .then(|| "whoever works in it loses what is in memory".to_owned()),
                ..Impact::default()
            },
            ..Change::draft(self, site.target(Kind::NotebookInstance, &one.arn, name), with)
        });
        Ok(match self.to {
            To::Off => proposal.warn(format!(
                "{name}: what is in memory is lost, and AWS does not say whether somebody works in it; files and \
                 volumes stay and are billed on"
            )),
            To::On => proposal,
        })
    }

    fn sight(&self, change: &Change, view: &View) -> Sight {
        let is_app = app_of(&change.before).or_else(|| app_of(&change.after)).is_some();
        match view.notebook(&change.target.id) {
            Err(unread) => Sight::Unreadable(unread),
            // Applications that are off are not listed.
            Ok(None) if is_app => Sight::Here(fields([("power", json!("off"))])),
            Ok(None) => Sight::Gone,
            Ok(Some(one)) => match heading(&one.status) {
                Some(to) => Sight::Here(known(one, to)),
                None => Sight::Here(fields([("power", json!(one.status))])),
            },
        }
    }

    fn busy(&self, change: &Change, view: &View) -> Option<String> {
        let one = view.notebook(&change.target.id).ok().flatten()?;
        matches!(
            one.status.as_str(),
            "Pending" | "Stopping" | "Updating" | "Deleting"
        )
        .then(|| format!("{} is {}", one.name, one.status))
    }

    fn apply(&self, change: &Change, _stamp: &Stamp<'_>) -> Result<Mutation, BadArguments> {
        let of = match self.to {
            To::Off => &change.before,
            To::On => &change.after,
        };
        let notebook = change.target.name.clone();
        Ok(Mutation::Sagemaker(match (self.to, app_of(of)) {
            (To::Off, None) => sagemaker::Write::StopNotebook { notebook },
            (To::On, None) => sagemaker::Write::StartNotebook { notebook },
            (To::Off, Some(app)) => sagemaker::Write::DeleteApp { app },
            (To::On, Some(app)) => sagemaker::Write::CreateApp {
                app,
                instance_type: of.get("type").and_then(Value::as_str).map(str::to_owned),
            },
        }))
    }

    fn progress(&self, change: &Change, _applied: &Applied, view: &View) -> Progress {
        let one = match view.notebook(&change.target.id) {
            Err(unread) => return Progress::Waiting(unread.to_string()),
            Ok(None) if self.to == To::Off => return Progress::Done,
            Ok(None) => return Progress::Waiting("it is not there yet".to_owned()),
            Ok(Some(one)) => one,
        };
        match (self.to, one.status.as_str()) {
            (To::Off, "Stopped" | "Deleted") | (To::On, "InService") => Progress::Done,
            (_, "Failed") => Progress::Failed("it failed".to_owned()),
            (_, status) => Progress::Waiting(format!("it is {status}")),
        }
    }

    fn invert(&self, change: &Change) -> Undo {
        let other = match self.to {
            To::Off => &START,
            To::On => &STOP,
        };
        let mut back = change.swapped(format!("{} → {}", self.to.word(), self.to.other().word()));
        other.name().clone_into(&mut back.action);
        back.with.remove("on_hours");
        back.impact.outage = None;
        Undo::By(vec![back])
    }

    fn project(&self, change: &Change, view: &mut View) {
        let now = match self.to {
            To::Off => "Stopped",
            To::On => "InService",
        };
        let form = app_of(&change.after);
        let Some(all) = view.notebooks_mut() else { return };
        let found = all.iter_mut().find(|one| one.arn == change.target.id);
        match (found, form) {
            (Some(one), _) => {
                now.clone_into(&mut one.status);
                if self.to == To::Off {
                    one.running_since = None;
                }
            }
            (None, Some(form)) if self.to == To::On => all.push(Notebook {
                arn: change.target.id.clone(),
                name: change.target.name.clone(),
                form,
                status: now.to_owned(),
                instance_type: change
                    .after
                    .get("type")
                    .and_then(Value::as_str)
                    .map(str::to_owned),
                created_at: None,
                running_since: None,
            }),
            (None, _) => {}
        }
    }
}
