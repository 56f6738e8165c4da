"""S3: what moto takes for another operation, or answers in other words. No bucket has a policy."""

from typing import Any

from front.answers import Call, answer
from front.errors import Refusal


@answer("s3", "GetBucketPolicyStatus")
def get_bucket_policy_status(call: Call) -> dict[str, Any]:
    """moto lists the bucket instead."""
    call.moto("HeadBucket")
    raise Refusal("NoSuchBucketPolicy", "The bucket policy does not exist", 404)


@answer("s3", "GetBucketVersioning")
def get_bucket_versioning(call: Call) -> dict[str, Any]:
    """As moto has it, but for the root element: see `front.protocol`."""
    return call.moto()
