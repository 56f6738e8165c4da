use aws_runtime::env_config::file::{EnvConfigFileKind, EnvConfigFiles};
use aws_types::os_shim_internal::{Env, Fs};
use pretty_assertions::assert_eq;

use super::*;
use crate::domain::scope::{AssumeRole, ScopeName};

const FILE: &str = "
[profile plain]
region = us-east-1
[profile keys]
aws_access_key_id = AKID
aws_secret_access_key = secret
[profile device]
aws_access_key_id = AKID
aws_secret_access_key = secret
mfa_serial = arn:mfa
[profile session]
aws_access_key_id = AKID
aws_secret_access_key = secret
aws_session_token = token
mfa_serial = arn:mfa
[profile role]
role_arn = arn:role
source_profile = keys
external_id = corp
role_session_name = me
duration_seconds = 900
[profile role-device]
role_arn = arn:role
source_profile = keys
mfa_serial = arn:mfa
[profile chained]
role_arn = arn:second
source_profile = role
[profile own]
role_arn = arn:role
source_profile = own
aws_access_key_id = AKID
aws_secret_access_key = secret
[profile instance]
role_arn = arn:role
credential_source = Ec2InstanceMetadata
[profile web]
role_arn = arn:role
web_identity_token_file = /token
[profile lost]
role_arn = arn:role
source_profile = nowhere
[profile a]
role_arn = arn:role
source_profile = b
[profile b]
role_arn = arn:role
source_profile = a
[profile bare]
role_arn = arn:role
";

/// The plan for a profile that is named, or for whatever is selected.
fn plan(profile: Option<&str>, exported: bool) -> Result<Plan, Problem> {
    plan_for(&scope(profile), exported)
}

fn scope(profile: Option<&str>) -> Scope {
    Scope {
        name: ScopeName::new("x/us-east-1"),
        profile: profile.map(str::to_owned),
        region: "us-east-1".to_owned(),
        role: None,
        expected_account: None,
        account_name: None,
    }
}

fn plan_for(scope: &Scope, exported: bool) -> Result<Plan, Problem> {
    let files = EnvConfigFiles::builder()
        .with_contents(EnvConfigFileKind::Config, FILE)
        .build();
    // Nothing but the text above, whatever this machine has.
    let (fs, env) = (Fs::from_slice(&[]), Env::from_slice(&[]));
    let load = aws_config::profile::load(&fs, &env, &files, scope.profile.clone().map(Into::into));
    let profiles = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(load)
        .unwrap();
    Plan::of(&profiles, scope, exported)
}

fn keys() -> Keys {
    Keys {
        id: "AKID".to_owned(),
        secret: "secret".to_owned(),
        token: None,
    }
}

fn assume(arn: &str, serial: Option<&str>) -> Step {
    Step::AssumeRole(Role {
        arn: arn.to_owned(),
        external_id: None,
        session_name: None,
        duration_seconds: None,
        serial: serial.map(str::to_owned),
    })
}

fn first_role() -> Step {
    Step::AssumeRole(Role {
        arn: "arn:role".to_owned(),
        external_id: Some("corp".to_owned()),
        session_name: Some("me".to_owned()),
        duration_seconds: Some(900),
        serial: None,
    })
}

#[test]
fn each_sort_of_profile_has_its_way() {
    let named = |name: &str| Base::Named(name.to_owned());
    let source = |name: &str| Base::Source(name.to_owned());
    let cases = [
        ("plain", named("plain"), vec![]),
        ("keys", named("keys"), vec![]),
        (
            "device",
            Base::Keys(keys()),
            vec![Step::SessionToken {
                serial: "arn:mfa".to_owned(),
            }],
        ),
        ("session", named("session"), vec![]),
        ("role", source("keys"), vec![first_role()]),
        (
            "role-device",
            source("keys"),
            vec![assume("arn:role", Some("arn:mfa"))],
        ),
        (
            "chained",
            source("keys"),
            vec![first_role(), assume("arn:second", None)],
        ),
        ("own", Base::Keys(keys()), vec![assume("arn:role", None)]),
        ("instance", Base::Instance, vec![assume("arn:role", None)]),
        ("web", named("web"), vec![]),
    ];
    for (name, base, steps) in cases {
        // A profile that is named is not overruled by exported keys.
        for exported in [false, true] {
            assert_eq!(plan(Some(name), exported).unwrap().base, base, "{name}");
            assert_eq!(plan(Some(name), exported).unwrap().steps, steps, "{name}");
        }
    }
}

#[test]
fn profiles_that_lead_nowhere_say_so() {
    let cases = [
        ("absent", CredentialFault::NoSuchProfile, "absent"),
        ("lost", CredentialFault::NoSuchProfile, "nowhere"),
        ("a", CredentialFault::Missing, "rests on itself"),
        ("bare", CredentialFault::Missing, "bare"),
    ];
    for (name, fault, words) in cases {
        let problem = plan(Some(name), false).unwrap_err();
        assert_eq!(problem.fault, fault, "{name}");
        assert!(problem.message.contains(words), "{}", problem.message);
    }
}

#[test]
fn nobody_named_a_profile() {
    // There is no section called default in the file: the chain may find other credentials.
    assert_eq!(plan(None, false).unwrap(), Plan::at(Base::Chain));
    assert_eq!(plan(None, true).unwrap(), Plan::at(Base::Chain));
}

#[test]
fn the_role_of_a_scope_comes_last() {
    let mut scope = scope(Some("role"));
    scope.role = Some(AssumeRole {
        role_arn: "arn:estate".to_owned(),
        external_id: None,
        mfa_serial: Some("arn:mfa".to_owned()),
    });
    assert_eq!(
        plan_for(&scope, false).unwrap().steps,
        [first_role(), assume("arn:estate", Some("arn:mfa"))]
    );
}

#[test]
fn keys_print_no_secret() {
    assert!(!format!("{:?}", keys()).contains("secret"));
}
