"""Ways in and out, and what is kept: buckets, CloudFront, DNS, certificates, gateways, secrets."""

from front.world import RENDER, Place

SECRETS = {"ap-northeast-2": ["shop/db", "shop/pay", "shop/mail"], "us-east-1": ["render/db"]}
PARAMETERS = {
    "ap-northeast-2": ["/shop/limits/cart", "/shop/limits/orders", "/shop/flags"],
    "us-east-1": ["/render/models"],
}
CERTIFICATES = {
    "ap-northeast-2": ["shop.example.com", "api.shop.example.com", "pay.shop.example.com"],
    "us-east-1": ["render.example.com"],
}


def build(place: Place) -> None:
    _gateways(place)
    for name in CERTIFICATES[place.region]:
        place.client("acm").request_certificate(DomainName=name, ValidationMethod="DNS")
    for name in SECRETS[place.region]:
        place.client("secretsmanager").create_secret(Name=name, SecretString="not-a-real-secret")
    for name in PARAMETERS[place.region]:
        place.client("ssm").put_parameter(Name=name, Value="3", Type="String")
    if place.region == RENDER:
        _of_the_account(place)


def _gateways(place: Place) -> None:
    """Two NAT gateways and three endpoints, of which the shop has one that is free."""
    ec2 = place.client("ec2")
    subnets = ec2.describe_subnets()["Subnets"]
    network = subnets[0]["VpcId"]
    for subnet in subnets[: 1 if place.region == RENDER else 2]:
        address = ec2.allocate_address(Domain="vpc")["AllocationId"]
        ec2.create_nat_gateway(SubnetId=subnet["SubnetId"], AllocationId=address)
    services = ["s3"] if place.region == RENDER else ["s3", "ecr.api", "logs"]
    for service in services:
        ec2.create_vpc_endpoint(
            VpcId=network,
            ServiceName=f"com.amazonaws.{place.region}.{service}",
            VpcEndpointType="Gateway" if service == "s3" else "Interface",
        )


def _of_the_account(place: Place) -> None:
    """What the account has once, whatever the region."""
    s3 = place.client("s3")
    for name in ("render-models", "render-pictures", "render-uploads"):
        s3.create_bucket(Bucket=name)
    s3.create_bucket(
        Bucket="shop-pictures", CreateBucketConfiguration={"LocationConstraint": "ap-northeast-2"}
    )
    for bucket in ("render-pictures", "shop-pictures", "render-uploads"):
        _distribution(place, bucket)
    for name in ("shop.example.com", "api.shop.example.com", "render.example.com"):
        place.client("route53").create_health_check(
            CallerReference=name,
            HealthCheckConfig={
                "Type": "HTTPS",
                "FullyQualifiedDomainName": name,
                "Port": 443,
                "ResourcePath": "/health",
            },
        )


def _distribution(place: Place, bucket: str) -> None:
    place.client("cloudfront").create_distribution(
        DistributionConfig={
            "CallerReference": bucket,
            "Comment": bucket,
            "Enabled": True,
            "Origins": {
                "Quantity": 1,
                "Items": [
                    {
                        "Id": bucket,
                        "DomainName": f"{bucket}.s3.amazonaws.com",
                        "S3OriginConfig": {"OriginAccessIdentity": ""},
                    }
                ],
            },
            "DefaultCacheBehavior": {
                "TargetOriginId": bucket,
                "ViewerProtocolPolicy": "redirect-to-https",
                "MinTTL": 0,
                "ForwardedValues": {"QueryString": False, "Cookies": {"Forward": "none"}},
            },
        }
    )
