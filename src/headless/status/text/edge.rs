//! Tables of buckets, distributions, VPC endpoints, certificates, health checks, secrets, parameters.

use super::sections::Sheet;
use crate::domain::units::BYTES_PER_GIB;
use crate::headless::amount;
use crate::headless::status::document::{
    Bucket, Certificate, Distribution, HealthCheck, Parameter, Resource, Resources, Secret, VpcEndpoint,
};
use crate::headless::table::{Cell, Column};

/// The tables of the kinds that were collected and of which there are any.
pub(super) fn resources(sheet: &Sheet<'_>, found: &Resources) -> Vec<String> {
    fn any<T>(all: Option<&Vec<Resource<T>>>) -> Option<&[Resource<T>]> {
        all.filter(|all| !all.is_empty()).map(Vec::as_slice)
    }
    [
        any(found.distribution.as_ref()).map(|all| distributions(sheet, all)),
        any(found.bucket.as_ref()).map(|all| buckets(sheet, all)),
        any(found.vpc_endpoint.as_ref()).map(|all| endpoints(sheet, all)),
        any(found.certificate.as_ref()).map(|all| certificates(sheet, all)),
        any(found.health_check.as_ref()).map(|all| health_checks(sheet, all)),
        any(found.secret.as_ref()).map(|all| secrets(sheet, all)),
        any(found.parameter.as_ref()).map(|all| parameters(sheet, all)),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn percent(share: Option<f64>) -> Cell {
    Cell::of(share.map(|share| format!("{share:.1}%")))
}

fn gib(bytes: Option<f64>) -> Cell {
    Cell::of(bytes.map(|bytes| format!("{:.1} GiB", bytes / BYTES_PER_GIB)))
}

fn usd(amount: Option<f64>) -> Cell {
    Cell::of(amount.map(amount::usd))
}

fn distributions(sheet: &Sheet<'_>, all: &[Resource<Distribution>]) -> String {
    let columns = [
        Column::fixed("STATUS"),
        Column::numbers("REQ/MIN"),
        Column::numbers("5XX"),
        Column::numbers("4XX").sheds(2),
        Column::numbers("HITS"),
        Column::numbers("INVALIDATING").sheds(1),
    ];
    sheet.table("CloudFront distributions", all, &columns, |one| {
        let facts = &one.facts;
        vec![
            Cell::new(match facts.enabled {
                Some(false) => "disabled",
                _ => &facts.status,
            }),
            Cell::of(facts.requests_per_minute.map(|many| format!("{many:.0}"))),
            percent(facts.errors_5xx_percent),
            percent(facts.errors_4xx_percent),
            percent(facts.cache_hit_percent),
            Cell::of(facts.invalidations_in_progress.map(|count| count.to_string())),
        ]
    })
}

fn buckets(sheet: &Sheet<'_>, all: &[Resource<Bucket>]) -> String {
    let columns = [
        Column::numbers("SIZE"),
        Column::numbers("OBJECTS").sheds(2),
        Column::numbers("GROWTH/DAY"),
        Column::fixed("ACCESS"),
        Column::numbers("RULES").sheds(1),
        Column::numbers("$/MONTH").sheds(1),
    ];
    sheet.table("S3 buckets", all, &columns, |one| {
        let facts = &one.facts;
        vec![
            gib(facts.bytes),
            Cell::of(facts.objects.map(|count| format!("{count:.0}"))),
            gib(facts.growth_bytes_per_day),
            Cell::of(facts.access),
            Cell::of(facts.lifecycle_rules.map(|count| count.to_string())),
            usd(facts.storage_usd_per_month),
        ]
    })
}

fn endpoints(sheet: &Sheet<'_>, all: &[Resource<VpcEndpoint>]) -> String {
    let columns = [
        Column::words("SERVICE", 16),
        Column::fixed("TYPE"),
        Column::fixed("STATE"),
        Column::numbers("$/MONTH"),
        Column::fixed("VPC").sheds(1),
    ];
    sheet.table("VPC endpoints", all, &columns, |one| {
        let facts = &one.facts;
        vec![
            Cell::new(&facts.service),
            Cell::new(&facts.form),
            Cell::new(&facts.state),
            usd(facts.usd_per_month),
            Cell::new(facts.vpc.as_deref().unwrap_or_default()),
        ]
    })
}

fn certificates(sheet: &Sheet<'_>, all: &[Resource<Certificate>]) -> String {
    let columns = [
        Column::fixed("STATUS"),
        Column::numbers("DAYS"),
        Column::fixed("RENEWAL"),
        Column::numbers("USED BY").sheds(1),
    ];
    sheet.table("certificates", all, &columns, |one| {
        let facts = &one.facts;
        vec![
            Cell::new(&facts.status),
            Cell::of(facts.days_left.map(|days| days.to_string())),
            Cell::new(facts.renewal.as_deref().unwrap_or_default()),
            Cell::new(facts.in_use_by.len().to_string()),
        ]
    })
}

fn health_checks(sheet: &Sheet<'_>, all: &[Resource<HealthCheck>]) -> String {
    let columns = [
        Column::fixed("STATE"),
        Column::numbers("WELL"),
        Column::numbers("OF"),
        Column::words("TARGET", 16).sheds(1),
    ];
    sheet.table("health checks", all, &columns, |one| {
        let facts = &one.facts;
        vec![
            Cell::of(facts.state),
            Cell::of(facts.checkers_well.map(|count| count.to_string())),
            Cell::of(facts.checkers.map(|count| count.to_string())),
            Cell::new(facts.target.as_deref().unwrap_or_default()),
        ]
    })
}

fn secrets(sheet: &Sheet<'_>, all: &[Resource<Secret>]) -> String {
    let columns = [
        Column::fixed("CHANGED"),
        Column::fixed("READ"),
        Column::fixed("ROTATION"),
        Column::fixed("NEXT").sheds(1),
    ];
    sheet.table("secrets", all, &columns, |one| {
        let facts = &one.facts;
        vec![
            sheet.moment(facts.changed_at.or(facts.created_at)),
            sheet.moment(facts.accessed_at),
            Cell::new(match (facts.deleted_at, facts.rotation_enabled) {
                (Some(_), _) => "to be deleted",
                (None, true) => "on",
                (None, false) => "off",
            }),
            sheet.moment(facts.next_rotation_at),
        ]
    })
}

fn parameters(sheet: &Sheet<'_>, all: &[Resource<Parameter>]) -> String {
    let columns = [
        Column::fixed("TYPE"),
        Column::numbers("VERSION"),
        Column::fixed("CHANGED"),
    ];
    sheet.table("parameters", all, &columns, |one| {
        let facts = &one.facts;
        vec![
            Cell::new(&facts.form),
            Cell::of(facts.version.map(|version| version.to_string())),
            sheet.moment(facts.modified_at),
        ]
    })
}
