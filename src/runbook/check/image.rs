//! Whether the instances of a group run the image that a tag of ECR names, as far as that can be seen: what
//! an instance pulled at boot AWS does not tell, but when it booted it does.

use jiff::Timestamp;
use serde::Deserialize;

use super::{Check, Verdict};
use crate::domain::asg::{Group, InstanceRefresh};
use crate::domain::ids::Kind;
use crate::domain::ops::{Query, autoscaling, ec2, ecr, elb};
use crate::runbook::action::{Arguments, BadArguments, Unread, View, parse};
use crate::runbook::schema::{ActionSchema, FieldSchema};
use crate::runbook::types::Type;

/// `asg.runs_tag`.
pub struct RunsTag;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct With {
    group: String,
    repository: String,
    #[serde(default)]
    tag: Option<String>,
    #[serde(default)]
    digest: Option<String>,
}

impl With {
    fn tag(&self) -> &str {
        self.tag.as_deref().unwrap_or("latest")
    }
}

impl Check for RunsTag {
    fn name(&self) -> &'static str {
        "asg.runs_tag"
    }

    fn schema(&self) -> ActionSchema {
        ActionSchema::check(
            self.name(),
            "Whether the instances of an Auto Scaling group run the image that a tag names, for an app that is \
             pulled at boot.\n\
             The tag must name the wanted image, the newest instance refresh must have succeeded, every instance in \
             service must have been launched since that refresh began, and be healthy in every target group of the \
             group. Begin the refresh after the tag was moved. What an instance pulled by other means is not seen.",
            vec![
                FieldSchema::required("group", Type::Text, "The group."),
                FieldSchema::required("repository", Type::Text, "The repository, of this account."),
                FieldSchema::optional("tag", Type::Text, "`latest`", "The tag that instances pull."),
                FieldSchema::optional(
                    "digest",
                    Type::Text,
                    "whichever has the tag",
                    "The image that must have the tag; nothing where a step had no need to move it.",
                ),
            ],
            Some(Kind::Asg),
        )
    }

    fn reads(&self, with: &Arguments, _now: Timestamp) -> Result<Vec<Query>, BadArguments> {
        let with: With = parse(with)?;
        Ok(vec![
            Query::AutoScaling(autoscaling::Read::Groups),
            Query::AutoScaling(autoscaling::Read::InstanceRefreshes { group: with.group }),
            Query::Ec2(ec2::Read::Instances),
            Query::Elb(elb::Read::Balancing),
            Query::Ecr(ecr::Read::Images {
                registry: None,
                repository: with.repository,
            }),
        ])
    }

    fn judge(&self, with: &Arguments, view: &View, _now: Timestamp) -> Result<Verdict, BadArguments> {
        let with: With = parse(with)?;
        Ok(match wrong(&with, view) {
            Err(unread) => unread.into(),
            Ok(Ok(said)) => Verdict::Pass(said),
            Ok(Err(wrong)) => Verdict::Fail(wrong),
        })
    }
}

/// What was seen, or what is wrong with it.
fn wrong(with: &With, view: &View) -> Result<Result<String, String>, Unread> {
    let (name, tag) = (&with.group, with.tag());
    let images = view.images(None, &with.repository)?;
    let tagged = images
        .iter()
        .find(|image| image.tags.iter().any(|known| known == tag));
    let Some(image) = tagged else {
        return Ok(Err(format!("no image of {} has the tag {tag}", with.repository)));
    };
    let wanted = with.digest.as_deref().filter(|digest| !digest.is_empty());
    if let Some(wanted) = wanted.filter(|wanted| *wanted != image.digest) {
        return Ok(Err(format!(
            "{tag} of {} is {}, not {wanted}",
            with.repository, image.digest
        )));
    }
    let Some(group) = view.group(name)? else {
        return Ok(Err(format!("there is no Auto Scaling group {name}")));
    };
    let Some(refresh) = view.refreshes(name)?.first() else {
        return Ok(Err(format!("{name} has had no instance refresh")));
    };
    let (true, Some(since)) = (refresh.status == "Successful", refresh.started_at) else {
        return Ok(Err(format!(
            "the instance refresh of {name} is {}",
            refresh.status
        )));
    };
    let mut wrong = Vec::new();
    let mut serving = 0_usize;
    for member in group
        .instances
        .iter()
        .filter(|member| member.lifecycle == "InService")
    {
        serving += 1;
        let launched = view
            .instance(&member.id)?
            .and_then(|instance| instance.launched_at);
        match launched {
            None => wrong.push(format!("nobody knows when {} was launched", member.id)),
            Some(at) if at < since => wrong.push(format!("{} is older than the refresh", member.id)),
            Some(_) => wrong.extend(unhealthy(group, &member.id, view)?),
        }
    }
    if serving == 0 && group.desired > 0 {
        wrong.push("no instance is in service".to_owned());
    }
    Ok(if wrong.is_empty() {
        Ok(format!(
            "{}, healthy",
            seen(serving, refresh, (tag, &image.digest))
        ))
    } else {
        Err(wrong.join(", "))
    })
}

fn seen(serving: usize, refresh: &InstanceRefresh, (tag, digest): (&str, &str)) -> String {
    let instances = crate::domain::counted::counted(serving, "instance");
    format!(
        "{tag} is {digest}, and {instances} in service came with the refresh {}",
        refresh.id
    )
}

/// Where an instance is not healthy among the targets of its group.
fn unhealthy(group: &Group, instance: &str, view: &View) -> Result<Option<String>, Unread> {
    for arn in &group.target_groups {
        let Some(targets) = view.target_group(arn)? else {
            return Ok(Some(format!("there is no target group {arn}")));
        };
        // Without a load balancer nobody asks whether it is healthy.
        if targets.load_balancers.is_empty() {
            continue;
        }
        let Some(known) = &targets.targets else {
            return Ok(Some(format!("the targets of {} are not known", targets.name)));
        };
        match known.iter().find(|target| target.id == instance) {
            Some(target) if target.state == "healthy" => {}
            Some(target) => {
                return Ok(Some(format!(
                    "{instance} is {} in {}",
                    target.state, targets.name
                )));
            }
            None => return Ok(Some(format!("{instance} is no target of {}", targets.name))),
        }
    }
    Ok(None)
}
