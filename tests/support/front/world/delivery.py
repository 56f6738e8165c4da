"""What brings code to the services: image repositories, builds, pipelines."""

import hashlib
import json
from typing import Any

from front.upstream import ACCOUNT
from front.world import RENDER, Place

# More than one call describes (CodeBuild) and than one page lists (ECR) when pages are cut short.
REPOSITORIES = {
    "ap-northeast-2": ["shop-cart", "shop-catalog", "shop-checkout", "shop-search"],
    "us-east-1": ["render-api", "render-worker"],
}
PROJECTS = {"ap-northeast-2": ["shop-build", "shop-e2e", "shop-migrate"], "us-east-1": ["render-build"]}
PIPELINES = {"ap-northeast-2": ["shop-checkout", "shop-search", "shop-web"], "us-east-1": ["render-api"]}


def build(place: Place) -> None:
    for name in REPOSITORIES[place.region]:
        _repository(place, name)
    for name in PROJECTS[place.region]:
        _project(place, name)
    role = place.role("codepipeline.amazonaws.com")
    for name in PIPELINES[place.region]:
        _pipeline(place, name, role)


def _repository(place: Place, name: str) -> None:
    ecr = place.client("ecr")
    ecr.create_repository(
        repositoryName=name,
        imageTagMutability="IMMUTABLE" if place.region == RENDER else "MUTABLE",
        imageScanningConfiguration={"scanOnPush": True},
    )
    for version in ("1.2.0", "1.3.0"):
        ecr.put_image(repositoryName=name, imageManifest=_manifest(name + version), imageTag=version)


def _manifest(content: str) -> str:
    def part(kind: str, size: int) -> dict[str, Any]:
        digest = hashlib.sha256((kind + content).encode()).hexdigest()
        return {"mediaType": kind, "size": size, "digest": f"sha256:{digest}"}

    prefix = "application/vnd.docker"
    return json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": f"{prefix}.distribution.manifest.v2+json",
            "config": part(f"{prefix}.container.image.v1+json", 7023),
            "layers": [part(f"{prefix}.image.rootfs.diff.tar.gzip", 32654)],
        }
    )


def _project(place: Place, name: str) -> None:
    codebuild = place.client("codebuild")
    commands = f"version: 0.2\nphases:\n  build:\n    commands:\n      - docker push {name}:$TAG\n"
    codebuild.create_project(
        name=name,
        source={"type": "S3", "location": "artifacts/code.zip", "buildspec": commands},
        artifacts={"type": "NO_ARTIFACTS"},
        environment={
            "type": "LINUX_CONTAINER",
            "image": "aws/codebuild/amazonlinux2-x86_64-standard:5.0",
            "computeType": "BUILD_GENERAL1_SMALL",
        },
        serviceRole=f"arn:aws:iam::{ACCOUNT}:role/builds",
    )
    codebuild.start_build(projectName=name)


def _pipeline(place: Place, name: str, role: str) -> None:
    source = {"category": "Source", "owner": "AWS", "provider": "S3", "version": "1"}
    deploy = {"category": "Deploy", "owner": "AWS", "provider": "ECS", "version": "1"}
    place.client("codepipeline").create_pipeline(
        pipeline={
            "name": name,
            "roleArn": role,
            "artifactStore": {"type": "S3", "location": "artifacts"},
            "stages": [
                {
                    "name": "Source",
                    "actions": [
                        {
                            "name": "Fetch",
                            "actionTypeId": source,
                            "configuration": {"S3Bucket": "artifacts", "S3ObjectKey": f"{name}.zip"},
                            "outputArtifacts": [{"name": "code"}],
                        }
                    ],
                },
                {
                    "name": "Production",
                    "actions": [
                        {
                            "name": "Deploy",
                            "actionTypeId": deploy,
                            "configuration": {"ClusterName": "shop-cluster", "ServiceName": name},
                            "inputArtifacts": [{"name": "code"}],
                        }
                    ],
                },
            ],
            "version": 1,
        }
    )
