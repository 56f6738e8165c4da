//! Reads of AWS CloudFormation: one stack.

use aws_sdk_cloudformation::types::Stack as SdkStack;

use crate::cloud::aws::caller::Caller;
use crate::cloud::aws::convert::text;
use crate::domain::delivery::Stack;
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::ops::cloudformation::Read;
use crate::domain::ops::{Operation, Reply, ReplyData};

const STACKS: Operation = Operation::new("cloudformation", "DescribeStacks");

/// Answers a read.
pub(super) async fn read(caller: &Caller<'_>, read: &Read) -> Result<Reply, Fault> {
    match read {
        Read::Stack { name } => stack(caller, name).await,
    }
}

async fn stack(caller: &Caller<'_>, name: &str) -> Result<Reply, Fault> {
    let call = caller.cloudformation().describe_stacks().stack_name(name);
    let found = match caller.call(STACKS, call.send()).await {
        Ok(answer) => answer.stacks().iter().filter_map(stack_from_sdk).collect(),
        Err(fault) if is_missing(&fault) => Vec::new(),
        Err(fault) => return Err(fault),
    };
    Ok(Reply::whole(ReplyData::Stacks(found)))
}

/// CloudFormation has one code for a name that is wrong and a stack that is not there.
fn is_missing(fault: &Fault) -> bool {
    fault.kind == FaultKind::NotFound
        || (fault.code.as_deref() == Some("ValidationError") && fault.message.contains("does not exist"))
}

/// A stack; `None` without its name or status.
fn stack_from_sdk(stack: &SdkStack) -> Option<Stack> {
    Some(Stack {
        name: stack.stack_name()?.to_owned(),
        status: stack.stack_status()?.as_str().to_owned(),
        reason: text(stack.stack_status_reason()),
    })
}

#[cfg(test)]
mod tests {
    use aws_sdk_cloudformation::types::StackStatus;
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn the_calls_made_are_the_ones_declared() {
        let name = String::new();
        assert_eq!(Read::Stack { name }.operations(), [STACKS]);
    }

    #[test]
    fn a_stack_has_a_status_or_is_none() {
        let stack = SdkStack::builder()
            .stack_name("api")
            .stack_status(StackStatus::UpdateInProgress)
            .build();
        let found = stack_from_sdk(&stack).unwrap();
        assert!(found.is_busy());
        assert_eq!(found.reason, None);
        assert_eq!(stack_from_sdk(&SdkStack::builder().build()), None);
    }

    #[test]
    fn a_stack_that_is_not_there_is_no_failure() {
        let fault = |message: &str| {
            Fault::new(FaultKind::Invalid, "cloudformation", "DescribeStacks", message)
                .with_code("ValidationError")
        };
        assert!(is_missing(&fault("Stack with id api does not exist")));
        assert!(!is_missing(&fault("1 validation error detected")));
    }
}
