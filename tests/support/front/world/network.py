"""Load balancers and queues."""

from front.upstream import ACCOUNT
from front.world import RENDER, Place


def build(place: Place) -> None:
    if place.region == RENDER:
        _balancer(place, "render-alb", {"render-api-tg": "render-gpu"})
        _queue(place, "render-jobs", waiting=43, dead=3)
    else:
        _balancer(place, "shop-alb", {"shop-web-tg": "shop-web", "shop-idle-tg": ""})
        _queue(place, "shop-orders", waiting=2, dead=0)


def _balancer(place: Place, name: str, groups: dict[str, str]) -> None:
    """A load balancer with target groups, each of the instances of an Auto Scaling group."""
    elb = place.client("elbv2")
    subnets = place.client("ec2").describe_subnets()["Subnets"][:2]
    balancer = elb.create_load_balancer(Name=name, Subnets=[one["SubnetId"] for one in subnets])[
        "LoadBalancers"
    ][0]
    for index, (group_name, owner) in enumerate(groups.items()):
        group = elb.create_target_group(
            Name=group_name,
            Protocol="HTTP",
            Port=8080,
            VpcId=subnets[0]["VpcId"],
            HealthCheckPath="/health",
            TargetType="instance",
        )["TargetGroups"][0]["TargetGroupArn"]
        elb.create_listener(
            LoadBalancerArn=balancer["LoadBalancerArn"],
            Protocol="HTTP",
            Port=80 + index,
            DefaultActions=[{"Type": "forward", "TargetGroupArn": group}],
        )
        if owner:
            _targets(place, group, owner)


def _targets(place: Place, group: str, owner: str) -> None:
    described = place.client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[owner])
    instances = [one["InstanceId"] for one in described["AutoScalingGroups"][0]["Instances"]]
    place.client("elbv2").register_targets(TargetGroupArn=group, Targets=[{"Id": one} for one in instances])
    if place.region == RENDER:
        place.here.target_health[group, instances[0]] = {
            "State": "unhealthy",
            "Reason": "Target.ResponseCodeMismatch",
            "Description": "Health checks failed with these codes: [502]",
        }


def _queue(place: Place, name: str, waiting: int, dead: int) -> None:
    """A queue with messages, and its dead-letter queue."""
    sqs = place.client("sqs")
    letters = sqs.create_queue(QueueName=f"{name}-dlq")["QueueUrl"]
    policy = (
        f'{{"deadLetterTargetArn":"arn:aws:sqs:{place.region}:{ACCOUNT}:{name}-dlq","maxReceiveCount":"3"}}'
    )
    queue = sqs.create_queue(QueueName=name, Attributes={"RedrivePolicy": policy})["QueueUrl"]
    for url, count in ((queue, waiting), (letters, dead)):
        for start in range(0, count, 10):
            entries = [
                {"Id": str(n), "MessageBody": f"job {n}"} for n in range(start, min(start + 10, count))
            ]
            sqs.send_message_batch(QueueUrl=url, Entries=entries)
