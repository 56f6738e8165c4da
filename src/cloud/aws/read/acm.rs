//! Reads of AWS Certificate Manager: certificates and their renewal.

use aws_sdk_acm::types::{
    CertificateDetail, CertificateType, DomainValidation, Filters, KeyAlgorithm, RenewalEligibility,
    RenewalSummary,
};

use super::cloudfront;
use super::listing::{of_part, one, some};
use crate::cloud::aws::caller::{Caller, Page, Paged, each, pages};
use crate::cloud::aws::convert::timestamp_of;
use crate::domain::certificate::{Certificate, Origin, Validation};
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::ids::last_segment;
use crate::domain::ops::acm::Read;
use crate::domain::ops::{Operation, Reply, ReplyData};

const LIST: Operation = Operation::new("acm", "ListCertificates");
const DESCRIBE: Operation = Operation::new("acm", "DescribeCertificate");

/// The most that AWS puts on a page.
const PAGE: i32 = 1000;

/// Answers a read.
pub(super) async fn read(caller: &Caller<'_>, read: &Read) -> Result<Reply, Fault> {
    match read {
        Read::Certificates => certificates(caller).await,
        Read::EdgeCertificates => certificates(&caller.in_region(Some(cloudfront::HOME))).await,
    }
}

async fn certificates(caller: &Caller<'_>) -> Result<Reply, Fault> {
    let Paged { items: arns, gap } = listed(caller).await?;
    let mut answers = each(arns, |arn| async move { described(caller, &arn).await.map(one) }).await;
    answers.retain(|answer| !matches!(answer, Err(fault) if fault.kind == FaultKind::NotFound));
    let (mut found, mut gaps) = some(answers)?;
    found.sort_by(|a, b| a.domain.cmp(&b.domain).then_with(|| a.arn.cmp(&b.arn)));
    gaps.extend(gap);
    Ok(Reply {
        data: ReplyData::Certificates(found),
        gaps,
    })
}

async fn listed(caller: &Caller<'_>) -> Result<Paged<String>, Fault> {
    pages(|token| async move {
        // Without the key types only those of RSA with 1,024 and 2,048 bits are listed.
        let all = [
            KeyAlgorithm::EcPrime256v1,
            KeyAlgorithm::EcSecp384r1,
            KeyAlgorithm::EcSecp521r1,
            KeyAlgorithm::Rsa1024,
            KeyAlgorithm::Rsa2048,
            KeyAlgorithm::Rsa3072,
            KeyAlgorithm::Rsa4096,
        ];
        let call = caller
            .acm()
            .list_certificates()
            .includes(Filters::builder().set_key_types(Some(all.to_vec())).build())
            .max_items(PAGE)
            .set_next_token(token);
        let page = caller.call(LIST, call.send()).await?;
        Ok(Page {
            items: page
                .certificate_summary_list()
                .iter()
                .filter_map(|summary| summary.certificate_arn.clone())
                .collect(),
            next: page.next_token,
        })
    })
    .await
}

async fn described(caller: &Caller<'_>, arn: &str) -> Result<Certificate, Fault> {
    let call = caller.acm().describe_certificate().certificate_arn(arn);
    let answer = caller
        .call(DESCRIBE, call.send())
        .await
        .map_err(|fault| of_part(fault, last_segment(arn)))?;
    let detail = answer.certificate().and_then(certificate_from_sdk);
    detail.ok_or_else(|| {
        Fault::new(
            FaultKind::Other,
            DESCRIBE.service,
            DESCRIBE.name,
            format!("{}: the answer has no certificate", last_segment(arn)),
        )
    })
}

/// A certificate; `None` without an ARN.
fn certificate_from_sdk(detail: &CertificateDetail) -> Option<Certificate> {
    let renewal = detail.renewal_summary();
    // While a renewal is under way, its proofs are what counts.
    let validations = renewal
        .map(RenewalSummary::domain_validation_options)
        .filter(|options| !options.is_empty())
        .unwrap_or_else(|| detail.domain_validation_options());
    let failure = detail
        .failure_reason()
        .or_else(|| renewal.and_then(RenewalSummary::renewal_status_reason));
    Some(Certificate {
        arn: detail.certificate_arn()?.to_owned(),
        domain: detail.domain_name.clone().unwrap_or_default(),
        alternatives: detail
            .subject_alternative_names()
            .iter()
            .filter(|name| detail.domain_name() != Some(name.as_str()))
            .cloned()
            .collect(),
        status: detail
            .status()
            .map(|status| status.as_str().to_owned())
            .unwrap_or_default(),
        origin: match detail.r#type() {
            Some(CertificateType::Imported) => Origin::Imported,
            Some(CertificateType::Private) => Origin::Private,
            _ => Origin::Amazon,
        },
        created_at: timestamp_of(detail.created_at().or(detail.imported_at())),
        not_after: timestamp_of(detail.not_after()),
        in_use_by: detail.in_use_by().to_vec(),
        renewable: detail
            .renewal_eligibility()
            .map(|eligibility| *eligibility == RenewalEligibility::Eligible),
        renewal: renewal.map(|renewal| renewal.renewal_status().as_str().to_owned()),
        failure: failure.map(|reason| reason.as_str().to_owned()),
        validations: validations.iter().map(validation_from_sdk).collect(),
    })
}

fn validation_from_sdk(option: &DomainValidation) -> Validation {
    Validation {
        domain: option.domain_name().to_owned(),
        method: option
            .validation_method()
            .map(|method| method.as_str().to_owned()),
        status: option
            .validation_status()
            .map(|status| status.as_str().to_owned()),
        record: option.resource_record().map(|record| {
            (
                record.name().to_owned(),
                record.r#type().as_str().to_owned(),
                record.value().to_owned(),
            )
        }),
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_acm::types::{
        CertificateStatus, DomainStatus, FailureReason, RecordType, RenewalStatus, ResourceRecord,
    };
    use aws_smithy_types::DateTime;
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn the_calls_made_are_the_ones_declared() {
        for read in [Read::Certificates, Read::EdgeCertificates] {
            assert_eq!(read.operations(), [LIST, DESCRIBE]);
        }
    }

    fn option(status: DomainStatus) -> DomainValidation {
        let record = ResourceRecord::builder()
            .name("_a.example.com.")
            .r#type(RecordType::Cname)
            .value("_b.acm.")
            .build()
            .unwrap();
        DomainValidation::builder()
            .domain_name("example.com")
            .validation_status(status)
            .resource_record(record)
            .build()
            .unwrap()
    }

    #[test]
    fn the_proofs_of_a_renewal_come_before_those_of_the_first_issue() {
        let renewal = RenewalSummary::builder()
            .renewal_status(RenewalStatus::PendingValidation)
            .renewal_status_reason(FailureReason::CaaError)
            .domain_validation_options(option(DomainStatus::PendingValidation))
            .updated_at(DateTime::from_secs(1))
            .build()
            .unwrap();
        let detail = CertificateDetail::builder()
            .certificate_arn("arn:aws:acm:us-east-1:1:certificate/c")
            .domain_name("example.com")
            .subject_alternative_names("example.com")
            .subject_alternative_names("*.example.com")
            .status(CertificateStatus::Issued)
            .r#type(CertificateType::AmazonIssued)
            .domain_validation_options(option(DomainStatus::Success))
            .renewal_summary(renewal)
            .renewal_eligibility(RenewalEligibility::Eligible)
            .not_after(DateTime::from_secs(5))
            .build();
        let found = certificate_from_sdk(&detail).unwrap();
        assert_eq!(found.alternatives, ["*.example.com"]);
        assert_eq!(found.renewal.as_deref(), Some("PENDING_VALIDATION"));
        assert_eq!(found.failure.as_deref(), Some("CAA_ERROR"));
        let unproven: Vec<_> = found.unproven().map(|proof| proof.record.clone()).collect();
        assert_eq!(
            unproven,
            [Some((
                "_a.example.com.".to_owned(),
                "CNAME".to_owned(),
                "_b.acm.".to_owned()
            ))]
        );
        assert_eq!(certificate_from_sdk(&CertificateDetail::builder().build()), None);
    }
}
