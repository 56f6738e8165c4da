//! A distribution for the tests' world.

use crate::domain::distribution::Distribution;
use crate::domain::rules::sample;

pub(super) fn distribution() -> Distribution {
    Distribution {
        arn: format!("arn:aws:cloudfront::{}:distribution/E1", sample::ACCOUNT),
        id: "E1".to_owned(),
        domain_name: "d1.cloudfront.net".to_owned(),
        comment: None,
        aliases: vec!["shop.example.com".to_owned()],
        status: "Deployed".to_owned(),
        enabled: Some(true),
        origins: vec![("s3".to_owned(), "shop.s3.amazonaws.com".to_owned())],
        certificate: None,
        price_class: None,
        modified_at: None,
        invalidations: Some(Vec::new()),
    }
}
