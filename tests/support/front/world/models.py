"""SageMaker and Kubernetes: what serves and trains models. The shop has a little of it."""

from front.upstream import ACCOUNT
from front.world import RENDER, Place

ROLE = f"arn:aws:iam::{ACCOUNT}:role/service-role"

ENDPOINTS = {
    "ap-northeast-2": ["shop-ranking"],
    "us-east-1": ["render-upscale", "render-caption", "render-safety"],
}
JOBS = {"ap-northeast-2": ["shop-ranking-1"], "us-east-1": ["render-lora-1", "render-lora-2", "render-lora-3"]}
NOTEBOOKS = {"ap-northeast-2": ["shop-lab"], "us-east-1": ["render-lab", "render-lab-old", "render-style"]}
CLUSTERS = {
    "ap-northeast-2": {"shop-kube": ["system", "spot", "builders"]},
    "us-east-1": {"render-kube": ["gpu"], "render-kube-next": ["gpu", "system"], "render-test": []},
}


def build(place: Place) -> None:
    for name in ENDPOINTS[place.region]:
        _endpoint(place, name)
    for name in JOBS[place.region]:
        _job(place, name)
    for name in NOTEBOOKS[place.region]:
        place.client("sagemaker").create_notebook_instance(
            NotebookInstanceName=name, InstanceType="ml.t3.medium", RoleArn=ROLE
        )
    for name, groups in CLUSTERS[place.region].items():
        _cluster(place, name, groups)


def _endpoint(place: Place, name: str) -> None:
    sagemaker = place.client("sagemaker")
    image = f"{ACCOUNT}.dkr.ecr.{place.region}.amazonaws.com/{name}:1"
    sagemaker.create_model(ModelName=name, ExecutionRoleArn=ROLE, PrimaryContainer={"Image": image})
    sagemaker.create_endpoint_config(
        EndpointConfigName=f"{name}-1",
        ProductionVariants=[
            {
                "VariantName": "main",
                "ModelName": name,
                "InitialInstanceCount": 1,
                # moto knows no ml.g5.
                "InstanceType": "ml.g4dn.xlarge" if place.region == RENDER else "ml.m5.large",
                "InitialVariantWeight": 1.0,
            }
        ],
    )
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=f"{name}-1")


def _job(place: Place, name: str) -> None:
    place.client("sagemaker").create_training_job(
        TrainingJobName=name,
        RoleArn=ROLE,
        AlgorithmSpecification={"TrainingImage": "trainer", "TrainingInputMode": "File"},
        OutputDataConfig={"S3OutputPath": "s3://models/out"},
        ResourceConfig={"InstanceType": "ml.g4dn.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 50},
        StoppingCondition={"MaxRuntimeInSeconds": 86_400},
    )


def _cluster(place: Place, name: str, groups: list[str]) -> None:
    eks = place.client("eks")
    subnets = [one["SubnetId"] for one in place.client("ec2").describe_subnets()["Subnets"][:2]]
    eks.create_cluster(name=name, roleArn=ROLE, version="1.33", resourcesVpcConfig={"subnetIds": subnets})
    for group in groups:
        eks.create_nodegroup(
            clusterName=name,
            nodegroupName=group,
            scalingConfig={"minSize": 0, "maxSize": 4, "desiredSize": 1},
            instanceTypes=["g5.xlarge" if group == "gpu" else "m6g.large"],
            subnets=subnets,
            nodeRole=ROLE,
        )
