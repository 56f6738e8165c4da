//! Which accounts and regions are meant: by an estate file, by flags, or by the AWS environment.

use std::path::Path;
use std::sync::Arc;

use crate::cli::global::Global;
use crate::cli::launch::Usage;
use crate::config::estate::ScopeSpec;
use crate::domain::scope::{AssumeRole, Scope, ScopeName};
use crate::engine::environment::Environment;

/// The scopes of an estate file.
pub fn of_estate(specs: &[ScopeSpec]) -> Vec<Arc<Scope>> {
    specs
        .iter()
        .map(|spec| {
            Arc::new(Scope {
                name: ScopeName::new(&spec.name),
                profile: spec.profile.clone(),
                region: spec.region.clone(),
                role: spec.role_arn.clone().map(|role_arn| AssumeRole {
                    role_arn,
                    external_id: spec.external_id.clone(),
                    mfa_serial: spec.mfa_serial.clone(),
                }),
                expected_account: spec.account.clone(),
                account_name: spec.account_name.clone(),
            })
        })
        .collect()
}

/// Each profile in each region; without flags those of the AWS environment and configuration.
pub fn of_flags(global: &Global, environment: &Environment) -> Result<Vec<Arc<Scope>>, Usage> {
    let profiles: Vec<Option<String>> = if global.profile.is_empty() {
        vec![
            environment
                .variable("AWS_PROFILE")
                .or_else(|| environment.variable("AWS_DEFAULT_PROFILE")),
        ]
    } else {
        global.profile.iter().cloned().map(Some).collect()
    };
    let mut scopes: Vec<Arc<Scope>> = Vec::new();
    for profile in &profiles {
        let regions = if global.region.is_empty() {
            vec![region_of(profile.as_deref(), environment)?]
        } else {
            global.region.clone()
        };
        for region in regions {
            let name = ScopeName::new(&format!("{}/{region}", profile.as_deref().unwrap_or("default")));
            if scopes.iter().all(|scope| scope.name != name) {
                scopes.push(Arc::new(Scope {
                    name,
                    profile: profile.clone(),
                    region,
                    role: None,
                    expected_account: None,
                    account_name: None,
                }));
            }
        }
    }
    Ok(scopes)
}

/// The region of the environment, else of the profile in the configuration file.
fn region_of(profile: Option<&str>, environment: &Environment) -> Result<String, Usage> {
    if let Some(region) = environment
        .variable("AWS_REGION")
        .or_else(|| environment.variable("AWS_DEFAULT_REGION"))
    {
        return Ok(region);
    }
    let file = environment.aws_config_file();
    let text = file
        .as_deref()
        .and_then(|file| std::fs::read_to_string(file).ok())
        .unwrap_or_default();
    region_in(&text, profile.unwrap_or("default")).ok_or_else(|| {
        let known = profiles_in(&text);
        if let Some(profile) = profile
            && !known.is_empty()
            && !known.contains(&profile)
        {
            let place = file.as_deref().map_or_else(|| "~/.aws/config".into(), Path::to_string_lossy);
            return Usage(format!(
                "profile {profile} is not in {place}; there are: {}",
                known.join(", ")
            ));
        }
        let place = file.as_deref().map_or_else(|| "~/.aws/config".into(), Path::to_string_lossy);
        Usage(format!(
            "no region for profile {}: pass --region, set AWS_REGION, or add `region` to the profile in {place}; `qd --demo` needs neither",
            profile.unwrap_or("default")
        ))
    })
}

/// The profiles that a configuration file names, in its order.
fn profiles_in(text: &str) -> Vec<&str> {
    text.lines()
        .filter_map(|line| {
            let heading = line.trim().strip_prefix('[')?.strip_suffix(']')?;
            match heading.strip_prefix("profile ") {
                Some(name) => Some(name.trim()),
                None => (heading == "default").then_some(heading),
            }
        })
        .collect()
}

/// The `region` of a profile's section.
fn region_in(text: &str, profile: &str) -> Option<String> {
    let headings = [format!("[profile {profile}]"), format!("[{profile}]")];
    let mut inside = false;
    for line in text.lines().map(str::trim) {
        if line.starts_with('[') {
            inside = headings.iter().any(|heading| *heading == line);
        } else if inside
            && let Some((key, value)) = line.split_once('=')
            && key.trim() == "region"
        {
            return Some(value.trim().to_owned());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_region_is_that_of_the_profile_asked_for() {
        let text = "[default]\nregion = us-east-1\n[profile prod]\nsso_session = x\nregion=ap-northeast-2\n";
        assert_eq!(region_in(text, "default").as_deref(), Some("us-east-1"));
        assert_eq!(region_in(text, "prod").as_deref(), Some("ap-northeast-2"));
        assert_eq!(region_in(text, "dev"), None);
        assert_eq!(profiles_in(text), ["default", "prod"]);
    }
}
