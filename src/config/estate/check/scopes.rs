//! The accounts and regions of an estate.

use super::Check;
use crate::config::estate::ScopeSpec;
use crate::config::estate::file::ScopeFile;
use crate::config::regions;
use crate::domain::diagnostic::{Diagnostic, quoted};
use crate::domain::document::Step;

impl Check<'_> {
    pub(super) fn scopes(&mut self, files: Vec<ScopeFile>) -> Vec<ScopeSpec> {
        let mut scopes: Vec<ScopeSpec> = Vec::new();
        for (index, file) in files.into_iter().enumerate() {
            self.region(&file.region, index);
            self.role(&file, index);
            let plain = ScopeSpec::new(file.profile, file.region);
            let name = file.name.unwrap_or(plain.name);
            if let Some(first) = scopes.iter().position(|scope| scope.name == name) {
                let span = self.at(&["scopes".into(), index.into()]);
                let related = self.at(&["scopes".into(), first.into()]);
                self.report(
                    Diagnostic::error(span, format!("two scopes are called {}", quoted(&name)))
                        .label("give one of them a `name` of its own")
                        .related(related, "the first one"),
                );
            }
            scopes.push(ScopeSpec {
                name,
                profile: plain.profile,
                region: plain.region,
                role_arn: file.role_arn,
                external_id: file.external_id,
                mfa_serial: file.mfa_serial,
                account: file.account,
                account_name: file.account_name,
            });
        }
        scopes
    }

    fn region(&mut self, region: &str, index: usize) {
        let span = self.at(&["scopes".into(), index.into(), "region".into()]);
        let guess = regions::nearest_known(region)
            .map_or_else(String::new, |known| format!("did you mean `{known}`?"));
        if !regions::is_well_formed(region) {
            let message = format!("{} is not a region", quoted(region));
            self.report(Diagnostic::error(span, message).label(guess));
        } else if !regions::is_known(region) {
            // AWS opens regions; a build must not lock its user out of one.
            let message = format!("{} is not a region that this build knows", quoted(region));
            self.report(Diagnostic::warning(span, message).label(guess));
        }
    }

    fn role(&mut self, file: &ScopeFile, index: usize) {
        let at = |key: &'static str| [Step::from("scopes"), index.into(), key.into()];
        if let Some(account) = &file.account
            && !is_account(account)
        {
            let message = format!("{} is not an account id", quoted(account));
            self.report(self.error(&at("account"), message).label("12 digits"));
        }
        let Some(role) = &file.role_arn else {
            if file.external_id.is_some() {
                let message = "an external id without a role to assume";
                self.report(
                    self.error(&at("external_id"), message)
                        .label("add `role_arn`, or remove this"),
                );
            }
            return;
        };
        match role_account(role) {
            None => {
                let message = format!("{} is not the ARN of a role", quoted(role));
                self.report(
                    self.error(&at("role_arn"), message)
                        .note("such as `arn:aws:iam::123456789012:role/oncall`"),
                );
            }
            Some(owner) => {
                if let Some(account) = file.account.as_deref()
                    && is_account(account)
                    && account != owner
                {
                    let span = self.at(&at("role_arn"));
                    let related = self.at(&at("account"));
                    self.report(
                        Diagnostic::error(span, format!("this role belongs to the account {owner}"))
                            .related(related, "which is not the account of the scope"),
                    );
                }
            }
        }
    }
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The account that owns a role, if the text is the ARN of one.
fn role_account(arn: &str) -> Option<&str> {
    let mut parts = arn.splitn(6, ':');
    let (scheme, partition, service) = (parts.next()?, parts.next()?, parts.next()?);
    let (region, account, resource) = (parts.next()?, parts.next()?, parts.next()?);
    let right = scheme == "arn"
        && partition.starts_with("aws")
        && service == "iam"
        && region.is_empty()
        && is_account(account)
        && resource
            .strip_prefix("role/")
            .is_some_and(|name| !name.is_empty());
    right.then_some(account)
}
