//! Buckets, distributions, VPC endpoints, certificates, health checks, secrets and parameters.

use jiff::SignedDuration;

use super::{Writing, rounded, second};
use crate::domain::bucket::{BucketStorage, Exposure, Versioning};
use crate::domain::certificate;
use crate::domain::distribution::METRIC_REGION;
use crate::domain::dns::CheckState;
use crate::domain::edge_cost;
use crate::domain::ids::{Kind, ResourceKey};
use crate::domain::metric_catalog::{Metric, distribution as metric};
use crate::headless::status::document::{
    Bucket, Certificate, Distribution, HealthCheck, Parameter, Resource, Secret, VpcEndpoint,
};

/// Shares of minutes swing.
const FIVE_MINUTES: SignedDuration = SignedDuration::from_mins(5);

pub(super) fn buckets(writing: &Writing<'_>) -> Option<Vec<Resource<Bucket>>> {
    let storage = writing.state.bucket_storage.get();
    let buckets = writing.state.buckets.get()?.iter().map(|bucket| {
        let held = storage.and_then(|all| all.iter().find(|one| one.bucket == bucket.name));
        let by_class = held.map(|held| held.by_class().map(|(class, bytes)| (class.to_owned(), bytes)));
        let region = bucket.region.as_deref();
        let cost = region
            .zip(held)
            .and_then(|(region, held)| edge_cost::bucket(region, held));
        let facts = Bucket {
            region: bucket.region.clone(),
            bytes: held.and_then(BucketStorage::bytes),
            bytes_by_class: by_class.map(Iterator::collect),
            objects: held.and_then(BucketStorage::objects),
            growth_bytes_per_day: held.and_then(BucketStorage::growth_per_day).map(f64::round),
            counted_at: held.and_then(BucketStorage::newest),
            access: bucket.exposure().map(Exposure::word),
            account_ignores_public_acls: bucket.account_block.map(|block| block.acls),
            account_restricts_public_policies: bucket.account_block.map(|block| block.policies),
            versioning: bucket.versioning.map(Versioning::word),
            lifecycle_rules: bucket.lifecycle.map(|lifecycle| lifecycle.rules),
            lifecycle_thins_out: bucket.lifecycle.map(|lifecycle| lifecycle.thins_out),
            lifecycle_aborts_uploads: bucket.lifecycle.map(|lifecycle| lifecycle.aborts_uploads),
            storage_usd_per_month: cost.map(rounded),
        };
        writing.resource(Kind::Bucket, &bucket.arn(), &bucket.name, facts)
    });
    Some(buckets.collect())
}

pub(super) fn distributions(writing: &Writing<'_>) -> Option<Vec<Resource<Distribution>>> {
    let distributions = writing.state.distributions.get()?.iter().map(|one| {
        let measured = |metric: &Metric| writing.metrics.get(metric.of_both(&one.id, METRIC_REGION));
        let mean = |metric: &Metric, span| measured(metric)?.mean(span).map(rounded);
        let bytes = measured(&metric::BYTES).and_then(|measured| measured.latest());
        let facts = Distribution {
            distribution_id: one.id.clone(),
            domain_name: one.domain_name.clone(),
            aliases: one.aliases.clone(),
            status: one.status.clone(),
            enabled: one.enabled,
            origins: one.origins.iter().map(|(_, domain)| domain.clone()).collect(),
            requests_per_minute: mean(&metric::REQUESTS, FIVE_MINUTES),
            errors_4xx_percent: mean(&metric::ERRORS_4XX, FIVE_MINUTES),
            errors_5xx_percent: mean(&metric::ERRORS_5XX, FIVE_MINUTES),
            cache_hit_percent: mean(&metric::HIT_RATE, SignedDuration::from_hours(1)),
            bytes_per_minute: bytes.map(|sum| (sum / 5.0).round()),
            invalidations_in_progress: one.in_progress(),
        };
        writing.resource(Kind::Distribution, &one.arn, one.name(), facts)
    });
    Some(distributions.collect())
}

pub(super) fn endpoints(writing: &Writing<'_>) -> Option<Vec<Resource<VpcEndpoint>>> {
    let endpoints = writing.state.vpc_endpoints.get()?.iter().map(|one| {
        let cost = edge_cost::endpoint(writing.state, one);
        let facts = VpcEndpoint {
            service: one.service.clone(),
            form: one.form.clone(),
            state: one.state.clone(),
            vpc: one.vpc.clone(),
            subnets: one.subnets,
            usd_per_month: cost.map(|hour| rounded(hour.per_month().as_f64())),
        };
        let name = one.name.as_deref().unwrap_or(&one.id);
        writing.resource(Kind::VpcEndpoint, &one.id, name, facts)
    });
    Some(endpoints.collect())
}

/// Those of the region, then those of CloudFront, which belong to the account.
pub(super) fn certificates(writing: &Writing<'_>) -> Option<Vec<Resource<Certificate>>> {
    let state = writing.state;
    let own = state.certificates.get();
    let edge = state.edge_certificates.get();
    if own.is_none() && edge.is_none() {
        return None;
    }
    let of_region = own.into_iter().flatten().map(|one| {
        let facts = certificate(writing, one);
        writing.resource(Kind::Certificate, &one.arn, &one.domain, facts)
    });
    let of_edge = edge.into_iter().flatten().map(|one| {
        let key = ResourceKey::new(&state.scope.global_name(), Kind::Certificate, &one.arn);
        writing.keyed(&key, &one.domain, certificate(writing, one))
    });
    Some(of_region.chain(of_edge).collect())
}

fn certificate(writing: &Writing<'_>, one: &certificate::Certificate) -> Certificate {
    Certificate {
        alternatives: one.alternatives.clone(),
        status: one.status.clone(),
        origin: one.origin.word(),
        not_after: one.not_after.map(second),
        days_left: one.days_left(writing.now),
        in_use_by: one.in_use_by.clone(),
        renewable: one.renewable,
        renewal: one.renewal.clone(),
        unproven: one.unproven().map(|proof| proof.domain.clone()).collect(),
    }
}

pub(super) fn health_checks(writing: &Writing<'_>) -> Option<Vec<Resource<HealthCheck>>> {
    let checks = writing.state.dns.get()?.health_checks.iter().map(|check| {
        let well = check.well();
        let facts = HealthCheck {
            form: check.form.clone(),
            target: check.target.clone(),
            state: check.state().map(CheckState::word),
            checkers_well: well.map(|(well, _)| well),
            checkers: well.map(|(_, all)| all),
        };
        writing.resource(Kind::HealthCheck, &check.id, check.name(), facts)
    });
    Some(checks.collect())
}

pub(super) fn secrets(writing: &Writing<'_>) -> Option<Vec<Resource<Secret>>> {
    let secrets = writing.state.secrets.get()?.iter().map(|secret| {
        let facts = Secret {
            created_at: secret.created_at.map(second),
            changed_at: secret.changed_at.map(second),
            accessed_at: secret.accessed_at.map(second),
            rotation_enabled: secret.rotation.enabled,
            rotated_at: secret.rotation.last_at.map(second),
            next_rotation_at: secret.rotation.due_at().map(second),
            deleted_at: secret.deleted_at.map(second),
        };
        writing.resource(Kind::Secret, &secret.arn, &secret.name, facts)
    });
    Some(secrets.collect())
}

pub(super) fn parameters(writing: &Writing<'_>) -> Option<Vec<Resource<Parameter>>> {
    let parameters = writing.state.parameters.get()?.iter().map(|parameter| {
        let facts = Parameter {
            form: parameter.form.clone(),
            tier: parameter.tier.clone(),
            version: parameter.version,
            modified_at: parameter.modified_at.map(second),
        };
        writing.resource(Kind::Parameter, &parameter.arn, &parameter.name, facts)
    });
    Some(parameters.collect())
}
