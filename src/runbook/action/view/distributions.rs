//! What actions ask of the answers about CloudFront.

use super::{Unread, View, one, whole};
use crate::domain::distribution::{Distribution, Invalidation};
use crate::domain::fault::Fault;
use crate::domain::ops::{Query, Reply, ReplyData, cloudfront};

impl View {
    getters! {
        cdn_distributions: "the distributions", Distributions, Vec<Distribution>;
        cdn_invalidations: "the invalidations", Invalidations, Vec<Invalidation>;
    }

    /// All distributions.
    pub fn distributions(&self) -> Result<&[Distribution], Unread> {
        let query = Query::CloudFront(cloudfront::Read::Distributions);
        Ok(whole(self.cdn_distributions(&query)?)?)
    }

    /// A distribution by its id.
    pub fn distribution(&self, id: &str) -> Result<Option<&Distribution>, Unread> {
        let query = Query::CloudFront(cloudfront::Read::Distributions);
        let (distributions, gaps) = self.cdn_distributions(&query)?;
        one((distributions, gaps), |known| known.id == id)
    }

    /// The invalidations that a question is about, newest first.
    pub fn invalidations(&self, query: &Query) -> Result<&[Invalidation], Unread> {
        Ok(whole(self.cdn_invalidations(query)?)?)
    }
}
