"""EC2 and Auto Scaling: GPU hosts of every sort, a Spot group, schedules, and a launch that failed."""

from typing import Any

from front.clock import ago
from front.upstream import ACCOUNT
from front.world import RENDER, Place

# An Amazon Linux that moto has in every region.
IMAGE = "ami-760aaa0f"

# Standalone hosts of the render region: name, type, and what kind of host it is.
STANDALONE = (
    ("render-batch", "g4dn.xlarge", "t4-light"),
    ("render-nosmi", "g4dn.xlarge", "no-smi"),
    ("render-driver", "g4dn.xlarge", "driver-error"),
    ("render-offline", "g4dn.xlarge", "offline"),
    ("render-unmanaged", "g4dn.xlarge", "unmanaged"),
    ("render-four", "g5.12xlarge", "card-lost"),
)


def build(place: Place) -> None:
    if place.region == RENDER:
        _gpu_group(place)
        _spot_group(place)
        _standalone(place)
    else:
        _group(place, "shop-web", "t3.small", (2, 4, 2))
        _launch(place, "shop-bastion", "t3.micro")
        _nat_gateway(place)


def _gpu_group(place: Place) -> None:
    instances = _group(place, "render-gpu", "g5.xlarge", (1, 4, 2))
    place.here.hosts.update(zip(instances, ("a10g-busy", "a10g-idle"), strict=True))
    autoscaling = place.client("autoscaling")
    autoscaling.put_scheduled_update_group_action(
        AutoScalingGroupName="render-gpu",
        ScheduledActionName="night-down",
        Recurrence="0 22 * * 1-5",
        TimeZone="Asia/Seoul",
        MinSize=0,
        MaxSize=4,
        DesiredCapacity=0,
    )
    # No time zone: UTC, which its author may not have meant.
    autoscaling.put_scheduled_update_group_action(
        AutoScalingGroupName="render-gpu",
        ScheduledActionName="morning-up",
        Recurrence="30 8 * * 1-5",
        MinSize=1,
        MaxSize=4,
        DesiredCapacity=2,
    )
    autoscaling.suspend_processes(AutoScalingGroupName="render-gpu", ScalingProcesses=["AZRebalance"])
    place.here.activities.append(
        _activity("render-gpu", 40, "Launching a new EC2 instance: " + instances[1], "Successful")
    )


def _spot_group(place: Place) -> None:
    instances = _group(place, "render-spot", "g5.xlarge", (0, 6, 1), spot=True)
    place.here.hosts[instances[0]] = "a10g-hot"
    place.here.spot_instances.update(instances)
    failed = _activity(
        "render-spot",
        9,
        "Launching a new EC2 instance.  Status Reason: Could not launch Spot Instances.",
        "Failed",
    )
    failed["StatusMessage"] = (
        "Could not launch Spot Instances. InsufficientInstanceCapacity - There is no Spot capacity available"
        " that matches your request. Launching EC2 instance failed."
    )
    interrupted = _activity("render-spot", 25, "Terminating EC2 instance: i-0f00ba40f00ba40f0", "Successful")
    interrupted["Cause"] = (
        f"At {ago(minutes=25):%Y-%m-%dT%H:%M:%SZ} an instance was taken out of service in response to an EC2"
        " instance rebalance recommendation or Spot interruption notice."
    )
    place.here.activities += [failed, interrupted]
    zones = ("us-east-1a", "us-east-1b")
    place.here.spot_prices["g5.xlarge"] = list(zip(zones, ("0.402100", "0.431900"), strict=True))
    place.here.spot_prices["g4dn.xlarge"] = list(zip(zones, ("0.190300", "0.187700"), strict=True))


def _standalone(place: Place) -> None:
    for name, kind, host in STANDALONE:
        place.here.hosts[_launch(place, name, kind)] = host
    stopped = _launch(place, "render-old", "g4dn.xlarge")
    place.client("ec2").stop_instances(InstanceIds=[stopped])


def _group(place: Place, name: str, kind: str, sizes: tuple[int, int, int], spot: bool = False) -> list[str]:
    """An Auto Scaling group with its launch template; the ids of its instances."""
    ec2, autoscaling = place.client("ec2"), place.client("autoscaling")
    template = ec2.create_launch_template(
        LaunchTemplateName=name, LaunchTemplateData={"ImageId": IMAGE, "InstanceType": kind}
    )["LaunchTemplate"]["LaunchTemplateId"]
    specification = {"LaunchTemplateId": template, "Version": "1"}
    launch: dict[str, Any] = {"LaunchTemplate": specification}
    if spot:
        launch = {
            "MixedInstancesPolicy": {
                "LaunchTemplate": {
                    "LaunchTemplateSpecification": specification,
                    "Overrides": [{"InstanceType": kind}],
                },
                "InstancesDistribution": {
                    "OnDemandBaseCapacity": 0,
                    "OnDemandPercentageAboveBaseCapacity": 0,
                },
            }
        }
    least, most, desired = sizes
    autoscaling.create_auto_scaling_group(
        AutoScalingGroupName=name,
        MinSize=least,
        MaxSize=most,
        DesiredCapacity=desired,
        VPCZoneIdentifier=",".join(_subnets(place)[:2]),
        Tags=[{"Key": "team", "Value": name.split("-")[0], "PropagateAtLaunch": True}],
        **launch,
    )
    described = autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[name])
    return [one["InstanceId"] for one in described["AutoScalingGroups"][0]["Instances"]]


def _launch(place: Place, name: str, kind: str) -> str:
    launched = place.client("ec2").run_instances(
        ImageId=IMAGE,
        InstanceType=kind,
        MinCount=1,
        MaxCount=1,
        SubnetId=_subnets(place)[0],
        TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": name}]}],
    )
    return launched["Instances"][0]["InstanceId"]


def _nat_gateway(place: Place) -> None:
    ec2 = place.client("ec2")
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    ec2.create_nat_gateway(SubnetId=_subnets(place)[0], AllocationId=address)


def _subnets(place: Place) -> list[str]:
    subnets = place.client("ec2").describe_subnets()["Subnets"]
    return [one["SubnetId"] for one in sorted(subnets, key=lambda one: one["AvailabilityZone"])]


def _activity(group: str, minutes: int, description: str, status: str) -> dict[str, Any]:
    at, arn = ago(minutes=minutes), f"arn:aws:autoscaling:{RENDER}:{ACCOUNT}"
    return {
        "ActivityId": f"{group}-{minutes}",
        "AutoScalingGroupName": group,
        "AutoScalingGroupARN": f"{arn}:autoScalingGroup:x:autoScalingGroupName/{group}",
        "Description": description,
        "Cause": f"At {at:%Y-%m-%dT%H:%M:%SZ} an instance was started in response to a difference"
        " between desired and actual capacity.",
        "StartTime": at,
        "EndTime": at,
        "StatusCode": status,
        "Progress": 100,
        "Details": "{}",
    }
