//! Changes of Amazon CloudFront.

use aws_sdk_cloudfront::operation::RequestId;
use aws_sdk_cloudfront::types::{InvalidationBatch, Paths};

use crate::cloud::aws::caller::Caller;
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::ops::cloudfront::Write;
use crate::domain::ops::{Receipt, Token};

/// Makes a change, once. The reference is the change's own token: the same twice is the same.
pub(super) async fn write(caller: &Caller<'_>, change: &Write, _token: &Token) -> Result<Receipt, Fault> {
    let operation = change.operation();
    match change {
        Write::CreateInvalidation {
            distribution,
            paths,
            reference,
        } => {
            let batch = batch(paths, reference)
                .map_err(|why| Fault::new(FaultKind::Invalid, operation.service, operation.name, why))?;
            let call = caller
                .cloudfront()
                .create_invalidation()
                .distribution_id(distribution)
                .invalidation_batch(batch);
            let answer = caller.call(operation, call.send()).await?;
            Ok(Receipt {
                request_id: answer.request_id().map(str::to_owned),
                created: answer.invalidation().map(|made| made.id().to_owned()),
            })
        }
    }
}

/// CloudFront wants the paths counted.
fn batch(paths: &[String], reference: &str) -> Result<InvalidationBatch, String> {
    let quantity = i32::try_from(paths.len()).map_err(|_| "too many paths".to_owned())?;
    let paths = Paths::builder()
        .quantity(quantity)
        .set_items(Some(paths.to_vec()))
        .build()
        .map_err(|error| error.to_string())?;
    InvalidationBatch::builder()
        .paths(paths)
        .caller_reference(reference)
        .build()
        .map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_counted() {
        let batch = batch(&["/a".to_owned(), "/b/*".to_owned()], "quarterdeck-r1").unwrap();
        let paths = batch.paths().unwrap();
        assert_eq!((paths.quantity(), paths.items().len()), (2, 2));
        assert_eq!(batch.caller_reference(), "quarterdeck-r1");
    }
}
