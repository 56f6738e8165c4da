//! What actions ask of the answers about certificates and DNS.

use super::{Unread, View, one, whole};
use crate::domain::certificate::Certificate;
use crate::domain::dns::{HostedZone, RecordSet};
use crate::domain::fault::Fault;
use crate::domain::ops::{Query, Reply, ReplyData, acm, route53};

/// Where certificates are: the region's own, and those of CloudFront.
pub const CERTIFICATES: [acm::Read; 2] = [acm::Read::Certificates, acm::Read::EdgeCertificates];

impl View {
    getters! {
        dns_records, dns_records_mut: "the records of the hosted zone", RecordSets, Vec<RecordSet>;
    }

    getters! {
        acm_certificates: "the certificates", Certificates, Vec<Certificate>;
        dns_zones: "the hosted zones", HostedZones, Vec<HostedZone>;
        dns_change: "the change of DNS", DnsChange, Option<String>;
    }

    /// Certificates of the region and of CloudFront, each once.
    pub fn certificates(&self) -> Result<Vec<&Certificate>, Unread> {
        let mut all: Vec<&Certificate> = Vec::new();
        for read in CERTIFICATES {
            for one in whole(self.acm_certificates(&Query::Acm(read))?)? {
                if all.iter().all(|known| known.arn != one.arn) {
                    all.push(one);
                }
            }
        }
        Ok(all)
    }

    /// A certificate by its ARN.
    pub fn certificate(&self, arn: &str) -> Result<Option<&Certificate>, Unread> {
        let mut gap = None;
        for read in CERTIFICATES {
            let (list, gaps) = self.acm_certificates(&Query::Acm(read))?;
            match one((list, gaps), |known| known.arn == arn) {
                Ok(Some(found)) => return Ok(Some(found)),
                Ok(None) => {}
                Err(unread) => gap = Some(unread),
            }
        }
        gap.map_or(Ok(None), Err)
    }

    /// All hosted zones.
    pub fn hosted_zones(&self) -> Result<&[HostedZone], Unread> {
        Ok(whole(self.dns_zones(&Query::Route53(route53::Read::Zones))?)?)
    }

    /// The records of any type under a name of a zone.
    pub fn records(&self, zone: &str, name: &str) -> Result<&[RecordSet], Unread> {
        Ok(whole(self.dns_records(&records_of(zone, name))?)?)
    }

    /// The same, to be changed.
    pub fn records_mut(&mut self, zone: &str, name: &str) -> Option<&mut Vec<RecordSet>> {
        self.dns_records_mut(&records_of(zone, name))
    }

    /// Where a change of DNS is: `PENDING` or `INSYNC`; `None` if Route 53 does not know it.
    pub fn dns_change_status(&self, id: &str) -> Result<Option<&str>, Unread> {
        let query = Query::Route53(route53::Read::Change { id: id.to_owned() });
        Ok(whole(self.dns_change(&query)?)?.as_deref())
    }
}

/// The question for the records under a name.
pub fn records_of(zone: &str, name: &str) -> Query {
    Query::Route53(route53::Read::Records {
        zone: zone.to_owned(),
        name: name.to_owned(),
    })
}
